"""A model to ship that nothing can move.

What it finds
    A model of a ship contract whose eligible criteria have no weight between them, because there
    are none, all are `not_applicable`, or every weight is 0; and a base of 100 or more.
Why it matters
    A percentage of nothing is no percentage. A base of 100 would be full credit for no evidence.
Example
    models: [ { id: MODEL-1, criteria: [ { id: AC-1, weight: 0, … } ] } ]
Instead
    models: [ { id: MODEL-1, criteria: [ { id: AC-1, weight: 1, … } ] } ]
Fix
    None: only the owners know what matters.
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
    """Yield a finding for every model without weight, or with a base that leaves nothing open."""
    for model in contract.ship_models:
        weights = [_number(each.weight) for each in model.criteria if not each.not_applicable]
        if not any(weights):
            message = f"model {model.id}: the weights come to 0, expected something to weigh"
            yield RULE.finding(contract, model.path, message, advice="give a criterion a weight")
        if _number(model.base) >= 100:
            message = f"model {model.id}: base is {model.base}, expected less than 100"
            path = (*model.path, "base")
            yield RULE.finding(contract, path, message, advice="let the criteria earn it")


def _number(text: str) -> Fraction:
    """Return a decimal number exactly; what is none is a fault of the schema and weighs nothing."""
    try:
        return Fraction(text)
    except (ValueError, ZeroDivisionError):
        return Fraction(0)


RULE = Rule(
    id="PV-SHP-002",
    name="weightless-model",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
