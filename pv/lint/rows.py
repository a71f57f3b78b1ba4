"""Findings, facts and counts as JSON and back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pv.lint.gates import GATES, Sums
from pv.lint.kept import Facts, Label
from pv.lint.rule import GateName
from pv.marks import Mark, Span
from pv.model.finding import Finding, Fix
from pv.model.verdict import Severity


def form_text(label: Label | None, findings: Sequence[Finding]) -> str:
    """Return label and findings of a file judged alone."""
    return _text([label, [_of_finding(each) for each in findings]])


def read_form(text: str) -> tuple[Label | None, tuple[Finding, ...]]:
    """Return what `form_text` wrote."""
    label, findings = json.loads(text)
    return Label(*label) if label else None, tuple(_to_finding(each) for each in findings)


def facts_text(facts: Facts) -> str:
    """Return facts as one text, equal for equal facts."""
    return _text(facts)


def read_facts(text: str) -> Facts:
    """Return what `facts_text` wrote."""
    name, stem, *lists = json.loads(text)
    return Facts(name, stem, *(tuple(each) for each in lists))


def part_text(
    findings: Mapping[GateName, Sequence[Finding]], counts: Mapping[GateName, Sums]
) -> str:
    """Return findings by gate and the counts of all gates."""
    by_gate = {name: [_of_finding(each) for each in found] for name, found in findings.items()}
    return _text([by_gate, [counts.get(name) for name in GATES]])


def read_part(
    text: str,
) -> tuple[dict[GateName, list[Finding]], dict[GateName, Sums]]:
    """Return what `part_text` wrote."""
    by_gate, counts = json.loads(text)
    findings = {GateName(name): [*map(_to_finding, found)] for name, found in by_gate.items()}
    columns = zip(GATES, counts, strict=True)
    return findings, {name: tuple(row) for name, row in columns if row is not None}


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))


def _of_finding(one: Finding) -> list[Any]:
    fix = [one.fix.title, one.fix.span, one.fix.replacement, one.fix.safe] if one.fix else None
    return [
        one.rule,
        one.severity.value,
        one.message,
        one.span,
        one.advice,
        one.contract,
        one.path,
        fix,
    ]


def _to_finding(row: list[Any]) -> Finding:
    rule, severity, message, span, advice, contract, path, fix = row
    return Finding(
        rule=rule,
        severity=Severity(severity),
        message=message,
        span=_to_span(span),
        advice=advice,
        contract=contract,
        path=tuple(path),
        fix=Fix(fix[0], _to_span(fix[1]), fix[2], fix[3]) if fix else None,
    )


def _to_span(row: list[Any]) -> Span:
    file, start, end = row
    return Span(file, Mark(*start), Mark(*end))
