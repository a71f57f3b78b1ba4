"""Findings for people: place, rule, message, the line with carets, advice; the verdict last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Final

from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.output.escape import escape
from pv.output.excerpt import excerpt
from pv.output.interface import Gate, Outcome, Report, Stream, counted
from pv.output.statistics import statistics_lines

WIDTH: Final = 80
"""Columns of excerpts where the terminal does not say how wide it is."""

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
    colour = wants_colour(stream)
    for gate in report.gates:
        stream.write(_gate_line(gate, colour) + "\n")
    apart = "\n" if report.gates and report.findings else ""
    stream.write(apart)
    for line in _body(report, terminal_width(stream), colour):
        stream.write(line + "\n")
    summary, word = report.summary, report.outcome
    if colour:
        summary = summary.replace(word.value, _painted(word.value, word, colour), 1)
    stream.write(f"{apart}{summary}\n")


def _body(report: Report, width: int, colour: bool) -> Iterator[str]:
    if report.statistics:
        yield from statistics_lines(report)
        return
    for finding in report.findings:
        text = report.texts.get(finding.span.file, "")
        yield from finding_lines(finding, text, width=width, colour=colour)


def _gate_line(gate: Gate, colour: bool) -> str:
    found = [counted(gate.errors, "error")] if gate.errors else []
    found += [counted(gate.warnings, "warning")] if gate.warnings else []
    state = gate.state if gate.passed is None else _painted(gate.state, gate.passed, colour)
    about = f": {escape(gate.judged)}" if gate.judged else ""
    tail = f" · {', '.join(found)}" if found else ""
    return f"{gate.name:<20} {state}{about}{tail}"


def finding_lines(
    finding: Finding, text: str, *, width: int = WIDTH, colour: bool = False
) -> Iterator[str]:
    """Yield the lines of one finding; `text` is the text of its file, or empty."""
    word = _painted(finding.severity.value, finding.severity, colour)
    yield f"{escape(str(finding.span))}: {word} {finding.rule} {escape(finding.message)}"
    shown = excerpt(text, finding.span, width)
    if shown:
        line, carets = shown
        gutter, marks = carets.split("|", 1)
        yield line
        yield f"{gutter}|{_painted(marks, finding.severity, colour)}"
    if finding.advice:
        yield f"      do: {escape(finding.advice)}"


def wants_colour(stream: Stream) -> bool:
    """Tell whether a stream is a terminal whose user did not ask for plain text."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not plain


def terminal_width(stream: Stream) -> int:
    """Return the columns for excerpts: those of the terminal, 80 where there is none."""
    return shutil.get_terminal_size((WIDTH, 24)).columns if stream.isatty() else WIDTH


def _painted(text: str, what: Severity | Outcome | bool, colour: bool) -> str:
    return f"{_COLOURS[what]}{text}{_RESET}" if colour else text
