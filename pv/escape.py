"""Foreign text made harmless: characters that move, hide or reorder text become escapes."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 600
"""Characters of a message that anybody reads."""
_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1: they move the cursor
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order of reading: they show other text
    "\u200b-\u200d\u2060\ufeff\u00ad"  # no width: two texts that look alike
    "\u2028\u2029"  # line breaks for some
    "\ud800-\udfff]"  # halves of characters, and bytes of file names that are no UTF-8
)


def escape(text: str, keep: str = "") -> str:
    """Return text with every harmful character as its escape, but for those to `keep`."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def bounded(text: str, most: int = LONGEST) -> str:
    """Return text cut where it is longer than `most` characters, with how many were cut."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} characters more)"


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
