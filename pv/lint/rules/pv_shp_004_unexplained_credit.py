"""A percentage that starts or counts unlike the others, without a reason.

What it finds
    A model with a `base` other than 0, a criterion weight other than 1 or its own `credits`, and no
    entry for it under `reasons`.
Why it matters
    Base, weights and credits decide the percentage as much as the evidence does. Unexplained, they
    are the place where a number is made to look better.
Example
    - { id: MODEL-1, base: 50, criteria: [ … ] }
Instead
    - { id: MODEL-1, base: 50, reasons: { base: "half shipped in 2025, see …" }, criteria: [ … ] }
Fix
    None: only the owners know the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract, Path, ShipModel
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every deviation that `reasons` does not explain."""
    for model in contract.ship_models:
        for name, path in _deviations(model):
            if not model.reasons.get(name, "").strip():
                message = f"model {model.id}: {name} deviates and has no reason"
                yield RULE.finding(contract, path, message, advice=f"add reasons: {{{name}: …}}")


def _deviations(model: ShipModel) -> Iterator[tuple[str, Path]]:
    if not _equals(model.base, 0):
        yield "base", (*model.path, "base")
    uneven = next((each for each in model.criteria if not _equals(each.weight, 1)), None)
    if uneven is not None:
        yield "weights", (*uneven.path, "weight")
    if model.credits:
        yield "credits", (*model.path, "credits")


def _equals(text: str, number: int) -> bool:
    try:
        return Fraction(text) == number
    except (ValueError, ZeroDivisionError):
        return True  # no number at all: the schema says so


RULE = Rule(
    id="PV-SHP-004",
    name="unexplained-credit",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
