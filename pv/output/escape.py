"""Foreign text made harmless for a terminal, and how many columns it takes there."""

from __future__ import annotations

import unicodedata
from typing import Final

from pv.escape import escape

__all__ = ["TAB", "cells", "escape", "width"]

TAB: Final = 4
"""Columns between the stops that tabs of an excerpt are expanded to."""


def cells(line: str) -> list[tuple[str, int]]:
    """Return for each character of a line what is printed for it and the columns that takes."""
    if line.isascii() and line.isprintable():
        return [(character, 1) for character in line]
    shown: list[tuple[str, int]] = []
    column = 0
    for character in line:
        if character == "\t":
            text = " " * (TAB - column % TAB)
            size = len(text)
        else:
            text = escape(character)
            size = len(text) if text != character else width(character)
        shown.append((text, size))
        column += size
    return shown


def width(character: str) -> int:
    """Return the columns of one harmless character: 0 for combining ones, 2 for wide ones."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
