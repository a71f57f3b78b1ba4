"""A number from elsewhere for which the criterion does not ask.

What it finds
    Foreign evidence of a criterion with a `metric` that no limit of its gates is about, or in
    another unit than the limit. Gates of this contract that have limits are looked at.
Why it matters
    A speed of 325 tokens a second says nothing about parity of outputs. Credited to the wrong
    criterion it closes one question with the answer to another.
Example
    { id: AC-9, criterion: parity, gates: [ F-9 ],
      foreign: { status: DISCHARGED, source: run 7, metric: decode, value: 325.1, unit: tok/s } }
Instead
    { id: AC-10, criterion: speed, gates: [ F-10 ],
      foreign: { status: DISCHARGED, source: run 7, metric: decode, value: 325.1, unit: tok/s } }
Fix
    None: only the author knows what was measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract, Criterion, Expectation
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every foreign number of another metric or unit than is asked for."""
    limits = {each.id: each.expect for each in contract.falsifiers}
    criteria = [each for model in contract.ship_models for each in model.criteria]
    for criterion in criteria:
        metric, unit = str(criterion.foreign.get("metric", "")), criterion.foreign.get("unit")
        asked = _asked(criterion, limits)
        if not metric or not asked:
            continue
        same = [each for each in asked if each.metric == metric]
        path = (*criterion.path, "foreign", "metric")
        if not same:
            wanted = ", ".join(dict.fromkeys(each.metric for each in asked))
            owners = [c.id for c in criteria if any(e.metric == metric for e in _asked(c, limits))]
            advice = f"it belongs to {', '.join(owners)}" if owners else "give the number asked for"
            message = f"criterion {criterion.id}: foreign evidence measures {metric}"
            yield RULE.finding(contract, path, f"{message}, expected {wanted}", advice=advice)
        elif unit and all(each.unit and each.unit != unit for each in same):
            message = f"criterion {criterion.id}: foreign {metric} is in {unit}"
            path = (*criterion.path, "foreign", "unit")
            advice = "convert the number"
            yield RULE.finding(contract, path, f"{message}, expected {same[0].unit}", advice=advice)


def _asked(criterion: Criterion, limits: Mapping[str, Sequence[Expectation]]) -> list[Expectation]:
    return [each for gate in criterion.gates for each in limits.get(gate, ())]


RULE = Rule(
    id="PV-SHP-007",
    name="unasked-foreign-number",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.SHIP,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SHIP_MODELS,
    check=check,
)
