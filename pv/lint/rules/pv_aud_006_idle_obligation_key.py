"""A key of an obligation that its type does not use.

What it finds
    `requires` on something other than a postcondition, `applies_to_phase` on something other than a
    loop obligation, `parent_contract` on something other than a subcontract.
Why it matters
    The key is read for its own type only. Here it looks like a condition and is none.
Example
    proof_obligations: [ { type: bound, property: same, parent_contract: mill-v1 } ]
Instead
    proof_obligations: [ { type: subcontract, property: same, parent_contract: mill-v1 } ]
Fix
    None: only the author knows whether the type or the key is meant.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from pv.lint.context import Context
from pv.lint.obligations import entries
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_LOOPS: Final = frozenset({"loop_invariant", "loop_variant"})
_TYPES: Final[Mapping[str, frozenset[str]]] = {
    "requires": frozenset({"postcondition"}),
    "applies_to_phase": _LOOPS,
    "parent_contract": frozenset({"subcontract"}),
}


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every key that the type of its obligation does not use."""
    for entry, path in entries(contract):
        for key, types in _TYPES.items():
            kind = entry.get("type", "invariant")
            if entry.get(key) is not None and kind not in types:
                words = " or ".join(sorted(types))
                message = f"{key} stands in an obligation of type {kind}, expected {words}"
                advice = "correct the type, or drop the key"
                yield RULE.finding(contract, (*path, key), message, advice=advice, key=True)


RULE = Rule(
    id="PV-AUD-006",
    name="idle-obligation-key",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.TYPED_KEYS,
    check=check,
)
