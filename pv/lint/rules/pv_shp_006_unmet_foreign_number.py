"""A number from elsewhere that does not meet the limit it is credited for.

What it finds
    Foreign evidence of a criterion that says DISCHARGED with a `value` that a limit of its gates
    does not admit. The limit is that of the metric with the same name, in a gate of this contract.
Why it matters
    A loss of 5.36 does not show a loss of at most 2.2, whoever wrote DISCHARGED beside it.
Example
    foreign: { status: DISCHARGED, source: run 41, metric: val_loss, value: 5.36, unit: nats }
Instead
    foreign: { status: REFUTED, source: run 41, metric: val_loss, value: 5.36, unit: nats }
Fix
    None: either the number or the status is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.compare import explain, is_finite, judge
from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity, State


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every foreign number that is credited and misses its limit."""
    words = context.lifecycle.falsifier if context.lifecycle else None
    limits = {each.id: each.expect for each in contract.falsifiers}
    for criterion in (each for model in contract.ship_models for each in model.criteria):
        foreign = criterion.foreign
        value, status = foreign.get("value"), str(foreign.get("status", ""))
        credited = words is not None and words.claims(status) is State.DISCHARGED
        if not credited or not is_finite(value):
            continue
        asked = [each for gate in criterion.gates for each in limits.get(gate, ())]
        for limit in (each for each in asked if each.metric == foreign.get("metric")):
            found = judge(limit, value)
            if not found.met:
                message = f"criterion {criterion.id}: foreign {status}, but {explain(found)}"
                path = (*criterion.path, "foreign", "value")
                advice = f"say REFUTED, or give the number that meets {limit.op} {limit.value}"
                yield RULE.finding(contract, path, message, advice=advice)


RULE = Rule(
    id="PV-SHP-006",
    name="unmet-foreign-number",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
