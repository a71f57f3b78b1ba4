"""Contracts, their falsifiers, and the receipts that every status is derived from."""

__version__ = "0.1.0"
