"""An obligation about an equation that is not there.

What it finds
    An `applies_to` that is neither an equation of the contract nor one of the general words (all,
    scalar, simd, …).
Why it matters
    The obligation then binds nothing: the equation that was meant goes without it.
Example
    equations: { softmax: { formula: "…" } }
    proof_obligations: [ { property: sums to one, applies_to: sofmax } ]
Instead
    proof_obligations: [ { property: sums to one, applies_to: softmax } ]
Fix
    Unsafe: writes the nearest equation, where one is near.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import nearest_fix
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import did_you_mean
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_GENERAL = frozenset(
    {"all", "scalar", "simd", "avx2", "avx512", "neon", "cuda", "ptx", "gpu", "cpu", "wasm"}
    | {"converter", "other", "not_applicable"}
)


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every named equation that does not stand in the contract."""
    known = tuple(equation.id for equation in contract.equations)
    for number, obligation in enumerate(contract.obligations, 1):
        for name in filter(None, obligation.applies_to.split(", ")):
            if name in known or name.casefold() in _GENERAL:
                continue
            advice = did_you_mean(name, known, "name an equation, or write all")
            what = f"obligation {obligation.id or number}"
            message = f"{what} applies to {name}, expected an equation of this contract"
            path = (*obligation.path, "applies_to")
            fix = nearest_fix(contract, path, name, known)
            yield RULE.finding(contract, path, message, advice=advice, fix=fix)


RULE = Rule(
    id="PV-REF-004",
    name="unknown-equation",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.REFERENCES,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    check=check,
)
