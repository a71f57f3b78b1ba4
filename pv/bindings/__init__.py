"""Where a falsifier's test stands: references resolved exactly, by reading, never by running."""
