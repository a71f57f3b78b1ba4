"""Credit for more than everything.

What it finds
    A credit above 1 in `credits` of a model to ship. (Numbers below 0 are faults of the file.)
Why it matters
    A credit of 1 is a criterion met in full. With more than that, one criterion makes up for
    another that nobody ran, and the percentage can pass 100.
Example
    credits: { DISCHARGED: 1.5, PARTIAL_ALGORITHM_LEVEL: 1 }
Instead
    credits: { DISCHARGED: 1, PARTIAL_ALGORITHM_LEVEL: 0.5 }
Fix
    None: only the owners know what was meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every credit above 1."""
    for model in contract.ship_models:
        for state, credit in model.credits.items():
            if _number(credit) > 1:
                message = f"model {model.id}: credit of {state} is {credit}, expected at most 1"
                path = (*model.path, "credits", state)
                advice = "give a heavier weight to what should count for more"
                yield RULE.finding(contract, path, message, advice=advice)


def _number(text: object) -> Fraction:
    """Return a decimal number exactly; what is none is a fault of the schema and no credit."""
    try:
        return Fraction(str(text))
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


RULE = Rule(
    id="PV-SHP-005",
    name="overdrawn-credit",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
