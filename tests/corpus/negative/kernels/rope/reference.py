"""A kernel that nothing attacks."""
