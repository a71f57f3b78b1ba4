"""YAML files as nodes with places: reading, and edits that leave all other bytes alone."""
