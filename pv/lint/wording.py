"""Words that several rules say: a quoted text in short, and the name that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pv.yamlfile.shapes import nearest

LONGEST: Final = 80
"""Characters that a message quotes."""


def shortened(text: str) -> str:
    """Return a text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else f"{line[:LONGEST]}…"


def did_you_mean(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return advice that names the known word nearest to `name`, or `otherwise` where none is."""
    meant = nearest(name, tuple(known))
    return f"did you mean {meant}?" if meant else otherwise
