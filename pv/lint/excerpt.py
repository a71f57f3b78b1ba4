"""What a message quotes of a longer text."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 80
"""Characters that a message quotes."""


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"
