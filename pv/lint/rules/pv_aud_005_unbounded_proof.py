"""A bounded proof without its obligation or its bound.

What it finds
    An entry of `kani_harnesses` whose `obligation` is absent or empty, or which has no `bound`
    although its strategy is not exhaustive.
Why it matters
    Without an obligation nobody knows what is proved, and without a bound nobody knows up to which
    size: the proof of one element reads like the proof of all.
Example
    kani_harnesses: [ { id: K-1, obligation: "", strategy: bounded_int } ]
Instead
    kani_harnesses: [ { id: K-1, obligation: NO-LOSS, strategy: bounded_int, bound: 16 } ]
Fix
    None: only the author knows them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every bounded proof that lacks what makes it one."""
    proofs = contract.data.get("kani_harnesses")
    for position, proof in enumerate(proofs if isinstance(proofs, list) else ()):
        if not isinstance(proof, Mapping):
            continue
        path = ("kani_harnesses", position)
        name = f"proof {proof.get('id') or position + 1}"
        if not str(proof.get("obligation") or "").strip():
            message = f"{name} names no obligation, expected the one that it proves"
            yield RULE.finding(contract, path, message, advice="name the obligation")
        if proof.get("bound") is None and proof.get("strategy") != "exhaustive":
            message = f"{name} has no bound, expected the size up to which it holds"
            advice = "write the bound, or strategy exhaustive"
            yield RULE.finding(contract, path, message, advice=advice)


RULE = Rule(
    id="PV-AUD-005",
    name="unbounded-proof",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.PROOFS,
    check=check,
)
