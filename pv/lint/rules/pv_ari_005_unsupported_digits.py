"""A result with digits that its operands do not bear.

What it finds
    A calculation in prose whose printed operands give another number than the printed result,
    and whose operands are rounded so coarsely that the last digits of the result could be anything.
Why it matters
    Nobody can repeat the calculation from what is printed: either an operand was fitted to the
    result, or digits were left out that decide.
Example
    description: "0.5 % × 3.1 × 14 ≈ 21.94 %"
Instead
    description: "0.5 % × 3.1 × 14 ≈ 22 %"
Fix
    None: only the author knows the unrounded operands.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.calculation import Fault
from pv.lint.figures.place import place
from pv.lint.figures.texts import faulty
from pv.lint.figures.wording import digits, reach
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every calculation whose operands do not bear its digits."""
    advice = "print the operands with their digits, or the result with fewer"
    for path, text, found in faulty(contract, Fault.UNSUPPORTED):
        message = f'"{shortened(found.text)}", expected {digits(found)}, {reach(found)}'
        finding = RULE.finding(contract, path, message, advice=advice)
        yield replace(finding, span=place(contract, path, text, found.start, found.end))


RULE = Rule(
    id="PV-ARI-005",
    name="unsupported-digits",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
