"""A falsifier said to unblock something that is not there.

What it finds
    An entry of `unblocks` written like an id of this registry (the same words before the number as
    a falsifier, stage or criterion has) that nothing has.
Why it matters
    A reader plans by it: what becomes possible must exist.
Example
    unblocks: [ FALSIFY-FFN-GGUF-117 ]
Instead
    unblocks: [ FALSIFY-FFN-GGUF-017 ]
Fix
    Unsafe: writes the nearest id, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every entry that looks like an id and is none."""
    if not any(falsifier.unblocks for falsifier in contract.falsifiers):
        return
    known, families = context.registry.names, context.registry.families
    for falsifier in contract.falsifiers:
        for position, name in enumerate(falsifier.unblocks):
            family = name.rpartition("-")[0]
            if name in known or family not in families:
                continue
            advice = did_you_mean(name, known, "remove the entry")
            message = f"{falsifier.id} unblocks {name}, expected an id of the registry"
            path = (*falsifier.path, "unblocks", position)
            fix = nearest_fix(contract, path, name, known)
            yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-REF-006",
    name="unknown-unblocked",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.UNBLOCKS,
    check=check,
)
