"""Findings for programs: one JSON document with the version of its own form."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Final

from pv import __version__
from pv.lint.fingerprint import fingerprints
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity
from pv.output.interface import FileReport, Report, Stream

SCHEMA_VERSION: Final = "1.1"
"""Major: a field went or changed its meaning. Minor: a field came."""


def write_json(report: Report, stream: Stream) -> None:
    """Write the report as one document, ASCII only, so that no text in it can act on a terminal."""
    data = {**head_data(report), **verdict_data(report)}
    data |= {"files": files_data(report), "findings": findings_data(report)}
    json.dump(data, stream, indent=2, allow_nan=False)
    stream.write("\n")


def head_data(report: Report) -> dict[str, Any]:
    """Return what says how to read the rest."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "command": report.command,
    }


def verdict_data(report: Report) -> dict[str, Any]:
    """Return the outcome and the counts behind it."""
    data: dict[str, Any] = {
        "outcome": report.outcome.value,
        "exit_code": report.outcome.exit_code,
        "summary": {
            "files": len(report.files),
            **{f"{one.value}s": report.number(one) for one in (Severity.ERROR, Severity.WARNING)},
            "strict": report.strict,
        },
        "statistics": [
            {"rule": one.rule, "severity": one.severity.value, "count": one.number}
            for one in report.by_rule()
        ],
    }
    if report.aside:
        data["summary"]["aside"] = dict(report.aside)
    if report.gates:
        data["summary"]["gates"] = dict(report.states)
        data["gates"] = [
            {
                "gate": gate.name,
                "state": gate.state,
                "judged": gate.judged,
                "errors": gate.errors,
                "warnings": gate.warnings,
            }
            for gate in report.gates
        ]
        data["bindings"] = dict(report.bindings)
        data["crashes"] = list(report.crashes)
    return data


def files_data(report: Report) -> list[dict[str, Any]]:
    """Return a record for each judged file, with its counts."""
    by_file = Counter((one.span.file, one.severity) for one in report.findings)
    return [_file(one, by_file) for one in report.files]


def findings_data(report: Report) -> list[dict[str, Any]]:
    """Return a record for each finding; lines and columns count from 1, `end` is exclusive."""
    prints = fingerprints(report.findings)
    return [_finding(*pair) for pair in zip(report.findings, prints, strict=True)]


def _finding(finding: Finding, fingerprint: str) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "message": finding.message,
        "advice": finding.advice,
        **_place(finding.span.start, finding.span.end),
        "file": finding.span.file,
        "contract": finding.contract,
        "path": list(finding.path),
        "fingerprint": fingerprint,
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
