"""What is kept of a file as JSON and back: label, findings, facts and counts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache

from pv.lint.finding_rows import compact, findings_of, rows_of
from pv.lint.gates import GATES, Sums
from pv.lint.kept import Facts, Label
from pv.lint.rule import GateName
from pv.model.finding import Finding


def form_text(label: Label | None, findings: Sequence[Finding]) -> str:
    """Return label and findings of a file judged alone."""
    return compact([label, rows_of(findings)])


def read_form(text: str) -> tuple[Label | None, tuple[Finding, ...]]:
    """Return what `form_text` wrote."""
    label, findings = json.loads(text)
    return Label(*label) if label else None, findings_of(findings)


def facts_text(facts: Facts | None) -> str:
    """Return facts as one text, equal for equal facts; empty where there are none."""
    return compact(facts) if facts is not None else ""


def read_facts(text: str) -> Facts:
    """Return what `facts_text` wrote."""
    name, stem, *lists = json.loads(text)
    return Facts(name, stem, *(tuple(each) for each in lists))


def part_text(
    findings: Mapping[GateName, Sequence[Finding]], counts: Mapping[GateName, Sums]
) -> str:
    """Return findings by gate and the counts of all gates."""
    row = tuple([counts.get(name) for name in GATES])
    if not findings:
        return _counts_text(row)
    return compact([{name: rows_of(found) for name, found in findings.items()}, row])


@lru_cache(maxsize=4096)  # most contracts have no findings, and one of a few rows of counts
def _counts_text(row: tuple[Sums | None, ...]) -> str:
    return compact([{}, row])


@lru_cache(maxsize=4096)  # contracts without findings differ in a few counts, if at all
def read_part(
    text: str,
) -> tuple[Mapping[GateName, Sequence[Finding]], Mapping[GateName, Sums]]:
    """Return what `part_text` wrote; equal texts share what they say."""
    by_gate, counts = json.loads(text)
    findings = {GateName(name): findings_of(found) for name, found in by_gate.items()}
    columns = zip(GATES, counts, strict=True)
    return findings, {name: tuple(row) for name, row in columns if row is not None}
