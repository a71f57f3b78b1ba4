"""Places in a text: lines and columns, both counted from 1."""

from typing import NamedTuple


class Mark(NamedTuple):
    """A point in a text.

    Columns count characters (code points), not bytes.
    """

    line: int
    column: int


class Span(NamedTuple):
    """A stretch of one file; `end` is the point after its last character."""

    file: str
    start: Mark
    end: Mark

    def __str__(self) -> str:
        return f"{self.file}:{self.start.line}:{self.start.column}"


def whole_file(file: str) -> Span:
    """Return the span that stands for a file as a whole: its first character."""
    return Span(file, Mark(1, 1), Mark(1, 1))
