"""One section of a text that was read line by line, as a text of its own with the same places.

Findings ask for places, and each asks about one entry under one key: what stands under the others
need not be read for that.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_NEXT_KEY: Final = re.compile(r"^[A-Za-z_]", re.MULTILINE)
"""Texts that are read by lines have no other keys at the left edge, and nothing else stands there
but dashes and comments."""


def section(text: str, key: str) -> str | None:
    """Return a text with the section under an outermost key; None where there is none.

    Blank lines stand for what is left out before it, so that all places stay as they are.
    """
    found = _line_of(key).search(text)
    if found is None:
        return None
    start = found.start()
    following = _NEXT_KEY.search(text, found.end())
    end = following.start() if following else len(text)
    lines_before = text.count("\n", 0, start)
    return "\n" * lines_before + text[start:end]


@lru_cache(maxsize=64)  # contracts share their keys
def _line_of(key: str) -> re.Pattern[str]:
    return re.compile(rf"^{re.escape(key)}:(?= |$)", re.MULTILINE)
