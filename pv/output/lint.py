"""A lint run for people and for programs: a line a gate, the findings, the verdict."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from pv import __version__
from pv.lint.engine import GateReport, Outcome, Report
from pv.lint.gates import GateState
from pv.output.escape import escape
from pv.output.interface import Stream, counted
from pv.output.json import SCHEMA_VERSION, finding_data
from pv.output.text import finding_lines, terminal_width, wants_colour

_COLOURS: Final = {
    GateState.PASSED: "\x1b[32m",
    GateState.FAILED: "\x1b[1;31m",
    Outcome.PASS: "\x1b[1;32m",
    Outcome.FAIL: "\x1b[1;31m",
    Outcome.NO_VERDICT: "\x1b[1;33m",
    Outcome.CRASHED: "\x1b[1;31m",
}
_RESET: Final = "\x1b[0m"


def write_lint_text(report: Report, texts: Mapping[str, str], stream: Stream) -> None:
    """Write a line for each gate, every finding with its source line, and the verdict last."""
    colour, width = wants_colour(stream), terminal_width(stream)
    for gate in report.gates:
        stream.write(_gate_line(gate, colour) + "\n")
    for number, finding in enumerate(report.findings):
        stream.write("\n" if not number else "")
        text = texts.get(finding.span.file, "")
        for line in finding_lines(finding, text, width=width, colour=colour):
            stream.write(line + "\n")
    stream.write("\n" if report.findings else "")
    stream.write(_verdict(report, colour) + "\n")


def _gate_line(gate: GateReport, colour: bool) -> str:
    state = _painted(gate.state.value, gate.state, colour)
    words = escape(gate.judged)
    found = [counted(gate.errors, "error")] if gate.errors else []
    found += [counted(gate.warnings, "warning")] if gate.warnings else []
    tail = f" · {', '.join(found)}" if found else ""
    about = f": {words}" if words else ""
    return f"{gate.gate.value:<20} {state}{about}{tail}"


def _verdict(report: Report, colour: bool) -> str:
    word = _painted(report.outcome.value, report.outcome, colour)
    passed, failed = report.count(GateState.PASSED), report.count(GateState.FAILED)
    gates = f"{failed} of {passed + failed} gates" if failed else counted(passed, "gate")
    errors = sum(gate.errors for gate in report.gates)
    warnings = sum(gate.warnings for gate in report.gates)
    parts = [
        f"{word}, {gates}",
        counted(report.files, "file"),
        counted(errors, "error"),
        counted(warnings, "warning"),
    ]
    silent = (GateState.NOTHING, GateState.UNJUDGED, GateState.NOT_ASKED)
    parts += [f"{number} {state.value}" for state in silent if (number := report.count(state))]
    return " · ".join(parts)


def _painted(text: str, what: GateState | Outcome, colour: bool) -> str:
    return f"{_COLOURS[what]}{text}{_RESET}" if colour and what in _COLOURS else text


def write_lint_json(report: Report, stream: Stream) -> None:
    """Write the report as one document, ASCII only."""
    json.dump(lint_data(report), stream, indent=2, allow_nan=False)
    stream.write("\n")


def lint_data(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "outcome": report.outcome.value,
        "summary": {
            "files": report.files,
            "errors": sum(gate.errors for gate in report.gates),
            "warnings": sum(gate.warnings for gate in report.gates),
            "gates": {state.value: report.count(state) for state in GateState},
        },
        "gates": [
            {
                "gate": gate.gate.value,
                "state": gate.state.value,
                "judged": gate.judged,
                "errors": gate.errors,
                "warnings": gate.warnings,
            }
            for gate in report.gates
        ],
        "bindings": dict(report.bindings),
        "findings": [finding_data(one) for one in report.findings],
    }
