"""A count that disagrees with its list.

What it finds
    A number in `verification_summary` that is not what the contract's own lists come to: totals of
    equations, obligations, falsifiers and proof harnesses, how many falsifiers claim DISCHARGED and
    how many theorems are proved or say sorry, and parts (`tested`, `l3_kani_proved`, …) that exceed
    the whole.
Why it matters
    A count typed by hand is right on the day it is typed. Reports that quote it then contradict the
    lists beside it.
Example
    proof_obligations: [ … five entries … ]
    verification_summary: { total_obligations: 6 }
Instead
    proof_obligations: [ … five entries … ]
Fix
    Safe for a count that the lists decide: writes that count. None for parts that exceed the whole.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.repair import rewritten
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity
from pv.registry.counts import exact
from pv.yamlfile.respell import Proposal

_PARTS = ("tested", "proven", "l2_property_tested", "l4_lean_proved", "l4_not_applicable")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every number that the lists do not bear out."""
    summary = contract.data.get("verification_summary")
    if not isinstance(summary, dict):
        return
    advice = "leave the number out, it is computed where it is shown"
    words = context.lifecycle.falsifier if context.lifecycle else None
    told = set()
    for key, noun, number in exact(contract, words):
        told.add(key)
        claimed = summary.get(key)
        if _is_count(claimed) and claimed != number:
            message = f"{key} is {claimed}, expected {number}, the number of {noun}"
            path, counted = ("verification_summary", key), str(number)
            proposal = Proposal(f"write {counted}", counted, safe=True)
            fix = rewritten(contract, path, str(claimed), proposal)
            yield RULE.finding(contract, path, message, advice=advice, fix=fix)
    proofs = contract.data.get("kani_harnesses")
    wholes = {key: (len(contract.obligations), "obligations") for key in _PARTS if key not in told}
    wholes["l3_kani_proved"] = (len(proofs) if isinstance(proofs, list) else 0, "proof harnesses")
    for key, (whole, noun) in wholes.items():
        claimed = summary.get(key)
        if isinstance(claimed, int) and _is_count(claimed) and claimed > whole:
            message = f"{key} is {claimed}, expected at most {whole}, the number of {noun}"
            yield RULE.finding(contract, ("verification_summary", key), message, advice=advice)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


RULE = Rule(
    id="PV-ARI-001",
    name="miscounted-summary",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.ARITHMETIC,
    fix=FixKind.SOMETIMES,
    page=__doc__,
    about=Trait.SUMMARY,
    check=check,
)
