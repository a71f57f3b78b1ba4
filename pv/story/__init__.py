"""Incidents that happened, replayed on small registries: each must be caught, by name."""
