"""A contract of which nothing can be run.

What it finds
    A contract with falsifiers, none of which names a test that exists, a command, or a reason why
    there is none (planned, blocked, manual, another repository).
Why it matters
    Its score is 0 of all references: it looks tested and cannot be.
Example
    falsification_tests:
      - { id: F-001, test: check the result by hand against a table, … }
Instead
    falsification_tests:
      - { id: F-001, harness: "falsifiers/table/lookup.py::error", … }
Fix
    None: a test has to be written, or the plan to write it declared.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.coverage import coverage_of
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield one finding for a contract whose references all lead nowhere."""
    coverage = coverage_of(context.references_of(contract))
    if coverage.total and not coverage.runnable and not coverage.declared:
        message = f"0 of {coverage.total} test references can be run, expected at least 1"
        advice = "name a harness, a test or a command, or declare planned with its reason"
        yield RULE.finding(contract, ("falsification_tests",), message, advice=advice, key=True)


RULE = Rule(
    id="PV-SCR-001",
    name="unrunnable-contract",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.SCORE,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
