"""Findings for programs: one JSON document with the version of its own form."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from pv import __version__
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.output.interface import FileReport, Report, Stream

SCHEMA_VERSION: Final = "1.0"
"""Major: a field went or changed its meaning. Minor: a field came."""


def write_json(report: Report, stream: Stream) -> None:
    """Write the report as one document, ASCII only, so that no text in it can act on a terminal."""
    json.dump(as_data(report), stream, indent=2, allow_nan=False)
    stream.write("\n")


def as_data(report: Report) -> dict[str, Any]:
    """Return the report as plain data."""
    by_file = Counter((one.span.file, one.severity) for one in report.findings)
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "outcome": report.outcome.value,
        "summary": {
            "files": len(report.files),
            **{f"{one.value}s": report.count(one) for one in (Severity.ERROR, Severity.WARNING)},
            "strict": report.strict,
        },
        "files": [_file(one, by_file) for one in report.files],
        "findings": [finding_data(one) for one in report.findings],
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """Return one finding as plain data; lines and columns count from 1, `end` is exclusive."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "advice": finding.advice,
        **_place(finding.span.start, finding.span.end),
        "file": finding.span.file,
        "contract": finding.contract,
        "path": list(finding.path),
        "fix": _fix(finding.fix) if finding.fix else None,
    }


def _place(start: tuple[int, int], end: tuple[int, int]) -> dict[str, int]:
    return {"line": start[0], "column": start[1], "end_line": end[0], "end_column": end[1]}


def _fix(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "replacement": fix.replacement,
        "safe": fix.safe,
        **_place(fix.span.start, fix.span.end),
        "file": fix.span.file,
    }


def _file(one: FileReport, by_file: Counter[tuple[str, Severity]]) -> dict[str, Any]:
    return {
        "file": one.file,
        "contract": one.contract,
        "version": one.version,
        "dialect": one.dialect,
        "errors": by_file[one.file, Severity.ERROR],
        "warnings": by_file[one.file, Severity.WARNING],
    }
