"""Managed sections: what stands between a pair of markers is ours, everything else is not touched.

    <!-- pv:begin status -->
    …
    <!-- pv:end status -->

A marker stands alone on its line. Markers inside fenced code are text, so that a page can show
them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pv.errors import UsageError
from pv.marks import Mark, Span

_MARKER = re.compile(r"^\s*<!--\s*pv:(?P<edge>begin|end)\s+(?P<name>[^\n]*?)\s*-->\s*$")
_FENCE = re.compile(r"^\s{0,3}(?P<fence>`{3,}|~{3,})")
_LEADS = ("<!--", "```", "~~~")
"""What each of them begins with: no other line is looked at closely."""


@dataclass(frozen=True, slots=True)
class Section:
    """One managed section. `body` is the half-open range of characters between its markers."""

    name: str
    argument: str
    span: Span
    body: tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    end: int
    edge: str
    name: str


def _marker_lines(text: str) -> Iterator[_Line]:
    """Yield the lines that are markers, fenced code left out."""
    fence = ""
    offset = 0
    for number, line in enumerate(text.splitlines(keepends=True), start=1):
        start, offset = offset, offset + len(line)
        if not line.lstrip().startswith(_LEADS):
            continue
        if opened := _FENCE.match(line):
            mark = opened["fence"]
            if not fence:
                fence = mark
            elif mark.startswith(fence):
                fence = ""
            continue
        if not fence and (marker := _MARKER.match(line)):
            yield _Line(number, start, offset, marker["edge"], " ".join(marker["name"].split()))


def find_sections(text: str, file: str) -> list[Section]:
    """Return the managed sections of a text in order.

    Raises UsageError with the place for an unmatched, nested or repeated marker.
    """
    found: list[Section] = []
    begun: _Line | None = None
    for line in _marker_lines(text):
        span = Span(file, Mark(line.number, 1), Mark(line.number, 1))
        if line.edge == "begin":
            if begun is not None:
                raise UsageError(
                    f"section {line.name!r} begins inside {begun.name!r}, which began on line "
                    f"{begun.number} and has no end marker",
                    span=span,
                    advice=f"add <!-- pv:end {begun.name} --> before it",
                )
            begun = line
            continue
        if begun is None or begun.name != line.name:
            expected = f"the end of {begun.name!r}" if begun else "a begin marker first"
            raise UsageError(
                f"end marker of {line.name!r}, expected {expected}",
                span=span,
                advice="give every section one begin and one end marker with the same name",
            )
        name, _, argument = line.name.partition(" ")
        began = Mark(begun.number, 1)
        place = Span(file, began, began)
        found.append(Section(name, argument, place, (begun.end, line.start)))
        begun = None
    if begun is not None:
        raise UsageError(
            f"section {begun.name!r} has no end marker",
            span=Span(file, Mark(begun.number, 1), Mark(begun.number, 1)),
            advice=f"add <!-- pv:end {begun.name} -->",
        )
    _refuse_repeated(found)
    return found


def _refuse_repeated(sections: list[Section]) -> None:
    seen: dict[tuple[str, str], Section] = {}
    for section in sections:
        key = (section.name, section.argument)
        if (first := seen.setdefault(key, section)) is not section:
            raise UsageError(
                f"section {' '.join(key).strip()!r} stands twice, first on line "
                f"{first.span.start.line}",
                span=section.span,
                advice="keep one of them",
            )


def replace_sections(text: str, file: str, body_of: Callable[[Section], str]) -> str:
    """Return `text` with every managed section filled by `body_of`, all else as it was.

    Line ends inside a section follow the first line of the text. Raises UsageError for a body that
    holds a marker, or leaves a fence open: the next run would find other sections.
    """
    newline = "\r\n" if "\r\n" in text.split("\n", 1)[0] + "\n" else "\n"
    for section in reversed(find_sections(text, file)):
        start, end = section.body
        body = body_of(section).strip("\n")
        _check_body(body, section)
        body = body.replace("\n", newline)
        text = text[:start] + f"{newline}{body}{newline}{newline}" + text[end:]
    return text


def _check_body(body: str, section: Section) -> None:
    if not any(each in body for each in _LEADS):
        return
    probe = f"{body}\n<!-- pv:end probe -->\n"
    found = [line.name for line in _marker_lines(probe)]
    if found != ["probe"]:
        what = f"a marker of {found[0]!r}" if found else "a fence of code that it does not close"
        raise UsageError(
            f"what section {section.name!r} is filled with holds {what}",
            span=section.span,
            advice="correct the template of that section",
        )
