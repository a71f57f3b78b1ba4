"""A requirement on a model that every model meets.

What it finds
    `require` of a live falsifier with a count of 0 or at least 0.
Why it matters
    The count is what keeps a falsifier from passing on a file that has nothing to look at: a
    question about Q4_K tensors, asked of a file without any, holds for all none of them.
Example
    models: { require: { tensor: "blk.*.ffn_down.weight", type: Q4_K, count: 0 }, … }
Instead
    models: { require: { tensor: "blk.*.ffn_down.weight", type: Q4_K, count: ">=5" }, … }
Fix
    None: only the author knows how many the question needs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_NOTHING: Final = re.compile(r"\s*(>=)?\s*0+\s*")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every requirement of at least nothing."""
    for falsifier in contract.falsifiers:
        demand = falsifier.models
        if demand is None or "count" not in demand.require:
            continue
        count = demand.require["count"]
        if _NOTHING.fullmatch(str(count)):
            message = f"{falsifier.id}: count is {count}, expected at least 1: any model meets it"
            path = (*demand.path, "require", "count")
            yield RULE.finding(contract, path, message, advice="say how many the question needs")


RULE = Rule(
    id="PV-MTH-009",
    name="empty-requirement",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.DEMANDS,
    check=check,
)
