"""A subcontract whose parent is no dependency.

What it finds
    An obligation with a `parent_contract` that `depends_on` does not list.
Why it matters
    The obligation refines a promise of the parent. Where the parent is no dependency, nobody looks
    here when it changes.
Example
    metadata: { depends_on: [ ] }
    proof_obligations: [ { type: subcontract, property: same, parent_contract: mill-v1 } ]
Instead
    metadata: { depends_on: [ mill-v1 ] }
    proof_obligations: [ { type: subcontract, property: same, parent_contract: mill-v1 } ]
Fix
    None: only the author knows whether the parent or the list is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from pv.lint.context import Context
from pv.lint.obligations import entries
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every parent that is not depended on."""
    listed = {_stem(name) for name in contract.depends_on}
    for entry, obligation in entries(contract):
        parent = entry.get("parent_contract")
        if isinstance(parent, str) and parent.strip() and _stem(parent) not in listed:
            message = f"parent_contract is {parent}, expected an entry of depends_on"
            path = (*obligation, "parent_contract")
            yield RULE.finding(contract, path, message, advice=f"add {parent} to depends_on")


def _stem(name: str) -> str:
    return PurePosixPath(name).name.removesuffix(".yaml").removesuffix(".yml")


RULE = Rule(
    id="PV-DEP-003",
    name="undeclared-parent",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.COMPOSITION,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.TYPED_KEYS,
    check=check,
)
