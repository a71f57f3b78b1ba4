"""Workflow commands of GitHub Actions: each finding as an annotation of its place."""

from __future__ import annotations

from typing import Final

from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.output.escape import escape
from pv.output.interface import Report, Stream

_COMMANDS: Final = {
    Severity.ERROR: "error",
    Severity.WARNING: "warning",
    Severity.INFO: "notice",
}


def write_github(report: Report, stream: Stream) -> None:
    """Write an annotation for each finding and for what kept a verdict away, then the summary."""
    for crash in report.crashes:
        stream.write(f"::error title=internal error::{_data(crash)}\n")
    for one in report.findings:
        stream.write(_annotation(one) + "\n")
    if not report.outcome.decided:
        stream.write(f"::error title=pv {report.command}::{_data(report.summary)}\n")
    stream.write(report.summary + "\n")


def _annotation(finding: Finding) -> str:
    _, start, end = finding.span
    place = {"file": finding.span.file, "line": str(start.line), "endLine": str(end.line)}
    if start.line == end.line:  # columns of several lines are refused
        place |= {"col": str(start.column), "endColumn": str(end.column)}
    properties = {**place, "title": finding.rule}
    listed = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    text = f"{finding.message}\ndo: {finding.advice}" if finding.advice else finding.message
    return f"::{_COMMANDS[finding.severity]} {listed}::{_data(text)}"


def _data(text: str) -> str:
    """Return text as the message of a command; what the runner does not decode is escaped."""
    return escape(text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A"))


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
