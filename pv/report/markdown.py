"""Text from contracts as safe Markdown: nothing in it can open markup, a table cell or a marker."""

from __future__ import annotations

import re

from pv.escape import escape

_SPECIAL = re.compile(r"([\\`*\[\]|#~])")
_SPACE = re.compile(r"\s+")


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


def block(value: object) -> Safe:
    """Return a text of several lines as paragraphs, its line breaks and blank lines kept."""
    lines = [str(inline(line)) for line in str(value).strip().splitlines()]
    # A leading dash or digit would start a list, four blanks would start code.
    guarded = [re.sub(r"^(\d+)([.)])", r"\1\\\2", re.sub(r"^([-+=])", r"\\\1", x)) for x in lines]
    return Safe("\n".join(guarded))


def code(value: object) -> Safe:
    """Return a value as a code span, without backticks: no id or command needs them."""
    text = _SPACE.sub(" ", visible(str(value))).replace("`", "").replace("|", "\\|").strip()
    return Safe(f"`{text}`" if text else "")
