"""The registry: its contracts, and the vocabulary of their statuses."""
