"""A calculation in prose with a wrong result.

What it finds
    Products, quotients, sums and powers written out in a text whose result no rounding of the
    printed operands gives, also turned around ("146 bytes = 2+2+12+128", "6KB (n=3584 × 4B)"). What
    is not wholly written in numbers is passed by, and so is a sentence about a number format that
    wraps or rounds.
Why it matters
    The sentence looks like a derivation. Whoever builds a limit on it builds on a slip.
Example
    description: "four heads of 128 make 4 × 128 = 520 columns"
Instead
    description: "four heads of 128 make 4 × 128 = 512 columns"
Fix
    None: only the author knows which of the numbers is meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.calculation import Fault
from pv.lint.figures.place import place
from pv.lint.figures.texts import faulty
from pv.lint.figures.wording import digits
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every calculation whose operands cannot give its result."""
    for path, text, found in faulty(contract, Fault.WRONG):
        message = f'"{shortened(found.text)}", expected {digits(found)}'
        finding = RULE.finding(contract, path, message, advice="correct one of the numbers")
        yield replace(finding, span=place(contract, path, text, found.start, found.end))


RULE = Rule(
    id="PV-ARI-004",
    name="miscalculated-prose",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
