"""Where in a file a part of a text stands: the line inside a block, not only its beginning."""

from __future__ import annotations

from pv.marks import Mark, Span
from pv.model.contract import Contract, Path


def place(contract: Contract, path: Path, text: str, start: int) -> Span:
    """Return the span of the line of `text` that holds the character at `start`.

    Only a literal block has the same lines in the file; for every other scalar it is the span of
    the whole value.
    """
    whole = contract.span(path)
    begin = text.rfind("\n", 0, start) + 1
    line = text[begin:].partition("\n")[0].strip()
    number = whole.start.line + 1 + text.count("\n", 0, start)
    lines = contract.text.split("\n", number)
    written = lines[number - 1].rstrip("\r") if len(lines) >= number else ""
    if "\n" not in text or not line or written.strip() != line:
        return whole
    column = len(written) - len(written.lstrip()) + 1
    return Span(whole.file, Mark(number, column), Mark(number, column + len(line)))
