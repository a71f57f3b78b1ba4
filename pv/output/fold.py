"""Lines for people folded to the columns of a terminal, at blanks and nowhere else."""

from __future__ import annotations

import textwrap
from typing import Final

from pv.output.escape import width

COLUMNS: Final = 80
"""Columns of a line where no terminal says how many there are."""


def folded(text: str, indent: int = 2, width: int = COLUMNS) -> str:
    """Return a line as several where it is wider than `width`, the later ones indented.

    A path, an id or a command that is wider by itself stays whole.
    """
    if len(text) <= width:
        return text
    blanks = text[: len(text) - len(text.lstrip())]
    return textwrap.fill(
        text.strip(),
        max(width, indent + 20),
        initial_indent=blanks,
        subsequent_indent=" " * indent,
        break_long_words=False,
        break_on_hyphens=False,
    )


def paragraphs(text: str) -> str:
    """Return a text of several lines with each folded, further lines two columns further in."""
    lines = text.split("\n")
    return "\n".join(folded(one, len(one) - len(one.lstrip()) + 2) for one in lines)


def fitted(text: str, indent: int = 2, columns: int = COLUMNS) -> str:
    """Return a line folded, and cut wherever it is still too wide: writing may have no blanks.

    Columns of a terminal are counted, of which some characters take two.
    """
    return "\n".join(_cut(one, indent, columns) for one in folded(text, indent).split("\n"))


def _cut(line: str, indent: int, columns: int) -> str:
    cut, room = [""], columns
    for character in line:
        size = width(character)
        if size > room:
            cut.append(" " * indent)
            room = columns - indent
        cut[-1] += character
        room -= size
    return "\n".join(cut)


def hung(lead: str, text: str, width: int = COLUMNS) -> str:
    """Return a text behind `lead`, folded to `width`; its further lines hang under its first.

    A word that is wider by itself stays whole.
    """
    return textwrap.fill(
        text,
        width,
        initial_indent=lead,
        subsequent_indent=" " * len(lead),
        break_long_words=False,
        break_on_hyphens=False,
    )
