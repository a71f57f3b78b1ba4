"""What people read: one view of the registry, turned into Markdown and pictures by templates."""
