"""A kernel of the mill."""
