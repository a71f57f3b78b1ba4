"""Text from contracts as safe Markdown: nothing in it can open markup, a table cell or a marker."""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import quote

from pv.escape import escape

# An underscore within a word emphasises nothing: ids keep theirs.
_SPECIAL: Final = re.compile(r"([\\`*\[\]|#~]|(?<![^\W_])_|_(?![^\W_]))")
_SPACE: Final = re.compile(r"\s+")
_LEADING: Final = re.compile(r"^([-+=]|\d+(?=[.)]))")
"""What would start a list, a rule or the line under a heading."""


class Safe(str):
    """Markdown that we wrote ourselves: templates put it out as it is."""

    __slots__ = ()


def visible(text: str) -> str:
    """Return `text` with control and directional characters shown as their code points."""
    return escape(text, keep="\n\t")


def inline(value: object) -> Safe:
    """Return a value as text within a line or a table cell; `Safe` text passes unchanged."""
    if isinstance(value, Safe):
        return value
    text = _SPACE.sub(" ", visible(str(value)).strip("\r\n"))
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return Safe(_SPECIAL.sub(r"\\\1", text))


def line(value: object) -> Safe:
    """Return a value as text at the beginning of a line, where more characters mean something."""
    text = str(inline(value)).strip()
    return Safe(_LEADING.sub(_guarded, text))


def _guarded(match: re.Match[str]) -> str:
    """Put a backslash before a sign, and after a number: before a digit it would be shown."""
    return f"{match[0]}\\" if match[0].isdecimal() else f"\\{match[0]}"


def block(value: object) -> Safe:
    """Return a text of several lines as paragraphs, its line breaks and blank lines kept."""
    return Safe("\n".join(line(each) for each in str(value).strip().splitlines()))


def code(value: object) -> Safe:
    """Return a value as a code span, without backticks: no id or command needs them."""
    text = _SPACE.sub(" ", visible(str(value))).replace("`", "").replace("|", "\\|").strip()
    return Safe(f"`{text}`" if text else "")


def href(root: str, folder: str, path: str) -> Safe:
    """Return the address of `path` for a page in `folder`, both from `root`, an absolute path.

    The working folder has no part in it.
    """
    there, here = (posixpath.normpath(posixpath.join(root, each)) for each in (path, folder))
    return Safe(quote(posixpath.relpath(there, here), safe="/.-_~"))
