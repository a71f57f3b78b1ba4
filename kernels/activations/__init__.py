"""Vectors quantised to 8 bits in the form that products with several of them take."""
