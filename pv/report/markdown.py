"""Text from contracts as safe Markdown: nothing in it can open markup, a table cell or a marker."""

from __future__ import annotations

import posixpath
import re
from typing import Final
from urllib.parse import quote

from pv.escape import escape, line_start, markdown

_SPACE: Final = re.compile(r"\s+")


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
    return Safe(markdown(_SPACE.sub(" ", visible(str(value)).strip("\r\n"))))


def line(value: object) -> Safe:
    """Return a value as text at the beginning of a line, where more characters mean something."""
    return Safe(line_start(str(inline(value)).strip()))


def block(value: object) -> Safe:
    """Return a text of several lines as paragraphs, its line breaks and blank lines kept."""
    return Safe("\n".join(line(each) for each in str(value).strip().splitlines()))


def code(value: object) -> Safe:
    """Return a value as code; what a span of backticks cannot hold everywhere as an element."""
    text = _SPACE.sub(" ", visible(str(value))).strip()
    if "`" in text or "|" in text:
        shown = markdown(text).replace("\\|", "&#124;")  # in a cell and outside of one
        return Safe(f"<code>{shown}</code>")
    return Safe(f"`{text}`" if text else "")


def href(root: str, folder: str, path: str) -> Safe:
    """Return the address of `path` for a page in `folder`, both from `root`, an absolute path.

    The working folder has no part in it.
    """
    there, here = (posixpath.normpath(posixpath.join(root, each)) for each in (path, folder))
    return Safe(quote(posixpath.relpath(there, here), safe="/.-_~"))
