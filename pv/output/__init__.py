"""Findings as text for people and as data for programs, from one and the same report."""
