"""Findings for people: place, rule, message, the line with carets, advice; the verdict last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Final

from pv.escape import bounded
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.output.escape import escape
from pv.output.excerpt import excerpt
from pv.output.fold import COLUMNS, folded
from pv.output.interface import Gate, Outcome, Report, Stream, counted
from pv.output.statistics import statistics_lines

WIDTH: Final = COLUMNS
"""Columns of excerpts where the terminal does not say how wide it is."""
_GATE: Final = 21
"""Columns of the name of a gate."""
_VERDICT: Final = 4
"""Parts of the summary that always end it: verdict with gates, files, errors, warnings."""

_RESET: Final = "\x1b[0m"
_COLOURS: Final = {
    Severity.ERROR: "\x1b[1;31m",
    Severity.WARNING: "\x1b[1;33m",
    Severity.INFO: "\x1b[1;36m",
    Outcome.PASS: "\x1b[1;32m",
    Outcome.FAIL: "\x1b[1;31m",
    Outcome.NOTHING_JUDGED: "\x1b[1;33m",
    Outcome.NO_VERDICT: "\x1b[1;33m",
    Outcome.CRASHED: "\x1b[1;31m",
    True: "\x1b[32m",
    False: "\x1b[1;31m",
}
"""True and False are gates that passed and failed."""


def write_text(report: Report, stream: Stream) -> None:
    """Write a line for each gate, every finding with its source line, and the summary line."""
    colour, width = wants_colour(stream), terminal_width(stream)
    for gate in report.gates:
        stream.write(_gate_lines(gate, width, colour) + "\n")
    apart = "\n" if report.gates and report.findings else ""
    stream.write(apart)
    for line in _body(report, width, colour):
        stream.write(line + "\n")
    *others, summary = _closing(report, width)
    word = report.outcome
    if colour:
        summary = summary.replace(word.value, _painted(word.value, word, colour), 1)
    stream.write(apart + "".join(f"{line}\n" for line in (*others, summary)))


def _closing(report: Report, width: int) -> tuple[str, ...]:
    """Return the summary line; where it is too wide, what is less than the verdict stands above."""
    summary = report.summary
    parts = summary.split(" · ")
    if len(summary) <= width or not report.gates:
        return (summary,)
    kept = max([_VERDICT, *(n for n in range(len(parts)) if len(" · ".join(parts[:n])) <= width)])
    more = folded(" · ".join(parts[kept:]), 0, width)
    return (*more.split("\n"), " · ".join(parts[:kept]))


def _body(report: Report, width: int, colour: bool) -> Iterator[str]:
    if report.statistics:
        yield from statistics_lines(report)
        return
    for finding in report.findings:
        text = report.texts.get(finding.span.file, "")
        yield from finding_lines(finding, text, width=width, colour=colour)


def _gate_lines(gate: Gate, width: int, colour: bool) -> str:
    """Return the line of a gate, folded below what it judged where it is too wide."""
    found = [counted(gate.errors, "error")] if gate.errors else []
    found += [counted(gate.warnings, "warning")] if gate.warnings else []
    about = f": {escape(gate.judged)}" if gate.judged else ""
    tail = f" · {', '.join(found)}" if found else ""
    line = f"{gate.name:<20} {gate.state}{about}{tail}"
    if len(line) > width:
        parts = (f"{gate.name:<20} {gate.state}{about}", f"{'':{_GATE}}{', '.join(found)}")
        line = "\n".join(folded(part, _GATE, width) for part in parts if part.strip())
    if gate.passed is None:
        return line
    return line[:_GATE] + line[_GATE:].replace(
        gate.state, _painted(gate.state, gate.passed, colour), 1
    )


def finding_lines(
    finding: Finding, text: str, *, width: int = WIDTH, colour: bool = False
) -> Iterator[str]:
    """Yield the lines of one finding; `text` is the text of its file, or empty."""
    word = _painted(finding.severity.value, finding.severity, colour)
    said = bounded(escape(finding.message))
    yield f"{escape(str(finding.span))}: {word} {finding.rule} {said}"
    shown = excerpt(text, finding.span, width)
    if shown:
        line, carets = shown
        gutter, marks = carets.split("|", 1)
        yield line
        yield f"{gutter}|{_painted(marks, finding.severity, colour)}"
    if finding.advice:
        yield f"      do: {bounded(escape(finding.advice))}"


def wants_colour(stream: Stream) -> bool:
    """Tell whether a stream is a terminal whose user did not ask for plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def terminal_width(stream: Stream) -> int:
    """Return the columns for excerpts: those of the terminal, 80 where there is none."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if stream.isatty() else WIDTH


def _painted(text: str, what: Severity | Outcome | bool, colour: bool) -> str:
    return f"{_COLOURS[what]}{text}{_RESET}" if colour else text
