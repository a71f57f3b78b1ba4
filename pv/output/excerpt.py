"""The line of a text that a finding is about, with carets under the place."""

from __future__ import annotations

from pv.marks import Span
from pv.output.escape import cells

_CONTEXT = 16
"""Columns kept before the place where a long line is clipped on the left."""


def excerpt(text: str, span: Span, width: int = 80) -> tuple[str, str] | None:
    """Return the source line and its caret line, neither wider than `width` columns.

    None where the text has no such line (an unread file) or the line is blank. A span over
    several lines is marked up to the end of its first one.
    """
    lines = text.splitlines() if "\r" in text else text.split("\n")
    index = span.start.line - 1
    if not 0 <= index < len(lines) or not lines[index].strip():
        return None
    shown = cells(lines[index])
    first = min(span.start.column - 1, len(shown))
    same = span.end.line == span.start.line
    last = min(span.end.column - 1, len(shown)) if same else len(lines[index].rstrip())
    gutter = f"{span.start.line:>5} | "
    return _clipped(shown, first, max(last, first + 1), gutter, width)


def _clipped(
    shown: list[tuple[str, int]], first: int, last: int, gutter: str, width: int
) -> tuple[str, str]:
    # A caret after the last character takes a column of its own.
    room = max(width - len(gutter), 8) - (first == len(shown))
    low, high = 0, len(shown)
    if _columns(shown) > room:
        low = _start(shown, first, room)
        high = low
        used = 2 if low else 1  # the marks of what was cut
        while high < len(shown) and used + shown[high][1] <= room:
            used += shown[high][1]
            high += 1
    left, right = "…" if low else "", "…" if high < len(shown) else ""
    line = left + "".join(text for text, _ in shown[low:high]) + right
    before = len(left) + _columns(shown[low:first])
    marked = max(_columns(shown[first : min(last, high)]), 1)
    blank = " " * (len(gutter) - 2) + "| "
    return gutter + line, blank + " " * before + "^" * marked


def _start(shown: list[tuple[str, int]], first: int, room: int) -> int:
    """Return the first character to show, so that the place is in view with what leads to it."""
    if _columns(shown[: first + 1]) < room - 1:
        return 0
    low, left = first, min(_CONTEXT, room // 2)
    while low > 0 and shown[low - 1][1] <= left:
        low -= 1
        left -= shown[low][1]
    return low


def _columns(shown: list[tuple[str, int]]) -> int:
    return sum(size for _, size in shown)
