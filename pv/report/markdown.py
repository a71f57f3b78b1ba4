"""Text from contracts as safe Markdown: nothing in it can open markup, a table cell or a marker."""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from pv.escape import escape, line_start, markdown

_SPACE: Final = re.compile(r"\s+")
_KEPT: Final = "/.-_~"
"""What an address may hold beside letters and digits."""


class Safe(str):
    """Markdown that we wrote ourselves: templates put it out as it is."""

    __slots__ = ()


def visible(text: str) -> str:
    """Return `text` with control and directional characters shown as their code points."""
    return escape(text, keep="\n\t")


def inline(value: object) -> Safe:
    """Return a value as text within a line or a table cell; `Safe` text passes unchanged."""
    return value if isinstance(value, Safe) else _inline(str(value))


@lru_cache(maxsize=8192)
def _inline(text: str) -> Safe:
    """Return a text as `inline` does; most are states, ids and counts that come again and again."""
    return Safe(markdown(_SPACE.sub(" ", visible(text).strip("\r\n"))))


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
    there, here = _steps(root, path), _steps(root, folder)
    both = len(posixpath.commonprefix([there, here]))
    return Safe(quote("/".join((*[".."] * (len(here) - both), *there[both:])) or ".", safe=_KEPT))


@lru_cache(maxsize=8192)
def _steps(root: str, path: str) -> tuple[str, ...]:
    """Return the names on the way from the top to a place."""
    whole = posixpath.normpath(posixpath.join(root, path))
    return tuple(each for each in whole.split("/") if each)
