"""Findings as JSON and back."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity

_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, separators=(",", ":"))


def compact(value: object) -> str:
    """Return JSON in ASCII without blanks."""
    return _ENCODER.encode(value)


def rows_of(findings: Iterable[Finding]) -> list[list[Any]]:
    """Return findings as plain lists."""
    return [
        [
            one.rule,
            one.severity.value,
            one.message,
            one.span,
            one.advice,
            one.contract,
            one.path,
            [one.fix.title, one.fix.span, one.fix.replacement, one.fix.safe] if one.fix else None,
        ]
        for one in findings
    ]


def findings_of(rows: Iterable[list[Any]]) -> tuple[Finding, ...]:
    """Return the findings that became `rows_of`, by way of JSON."""
    return tuple(map(_finding, rows))


def _finding(row: list[Any]) -> Finding:
    rule, severity, message, span, advice, contract, path, fix = row
    return Finding(
        rule=rule,
        severity=Severity(severity),
        message=message,
        span=_span(span),
        advice=advice,
        contract=contract,
        path=tuple(path),
        fix=Fix(fix[0], _span(fix[1]), fix[2], fix[3]) if fix else None,
    )


def _span(row: list[Any]) -> Span:
    file, start, end = row
    return Span(file, Mark(*start), Mark(*end))
