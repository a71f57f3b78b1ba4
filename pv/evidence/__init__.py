"""Receipts: one immutable, content-addressed file a verdict, and what follows from them."""
