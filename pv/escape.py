"""Foreign text made harmless: characters that move, hide or reorder text become escapes."""

from __future__ import annotations

import re
from typing import Final

LONGEST: Final = 600
"""Characters of a message that anybody reads."""
_HARMFUL: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # control characters of ASCII and Latin-1: they move the cursor
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # order of reading: they show other text
    "\u200b-\u200d\u2060-\u2064\ufeff\u00ad\u180e"  # no width: two texts that look alike
    "\ufff9-\ufffb\U000e0000-\U000e007f"  # no width either, and hold text that nobody sees
    "\u2028\u2029"  # line breaks for some
    "\ufdd0-\ufdef\ufffe\uffff"  # no characters at all: XML refuses the last two
    "\ud800-\udfff]"  # halves of characters, and bytes of file names that are no UTF-8
)
_ENTITIES: Final[dict[int, str]] = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
)
# An underscore within a word emphasises nothing: ids keep theirs.
_PIECES: Final = re.compile(
    r"(?P<name>(?<!\w)@\w[\w/-]*)|&(?=#?\w+;)|<(?!=?\s)|[\\`*\[\]|#~$]|(?<![^\W_])_|_(?![^\W_])"
)
_LEADING: Final = re.compile(r"^(?:[-+=:>]|\d+(?=[.)]))")


def escape(text: str, keep: str = "") -> str:
    """Return text with every harmful character as its escape, but for those to `keep`."""
    return _HARMFUL.sub(lambda match: match[0] if match[0] in keep else _escaped(match[0]), text)


def xml(text: str) -> str:
    """Return any text as valid XML, for an element or for an attribute in double quotes."""
    return escape(text).translate(_ENTITIES)


def markdown(text: str) -> str:
    """Return a line of harmless text as Markdown that shows it, in a paragraph or a table's cell.

    Nothing in it opens markup, a cell, mathematics or a marker; a name behind an @, which forges
    would notify, stands as code. Only the beginning of a line needs more: see `line_start`.
    """
    return _PIECES.sub(_piece, text)


def line_start(text: str) -> str:
    """Return Markdown such that its first characters begin no list, rule, heading or table."""
    return _LEADING.sub(_guarded, text)


def _piece(match: re.Match[str]) -> str:
    name, sign = match["name"], match[0]
    return f"`{name}`" if name else _ENTITIES.get(ord(sign), f"\\{sign}")


def _guarded(match: re.Match[str]) -> str:
    """Put a backslash before a sign, and after a number: before a digit it would be shown."""
    return f"{match[0]}\\" if match[0].isdecimal() else f"\\{match[0]}"


def bounded(text: str, most: int = LONGEST) -> str:
    """Return text cut where it is longer than `most` characters, with how many were cut."""
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} characters more)"


def _escaped(character: str) -> str:
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
