"""Numerical operations: a NumPy reference each, and faster rivals that share no code with it."""
