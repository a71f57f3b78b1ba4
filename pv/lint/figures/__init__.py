"""Reads figures that stand in prose: calculations, tables, tallies; nothing is run as code."""
