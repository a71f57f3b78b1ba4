"""A summary whose word contradicts its numbers.

What it finds
    A `verification_summary.status` that says discharged (proven, verified, complete) while its own
    `tested`, `proven` and `discharged` all stay below its total, or pending while one reaches it.
Why it matters
    Of two statements in one block one is wrong, and readers take the word.
Example
    verification_summary: { total_obligations: 6, tested: 5, status: discharged }
Instead
    verification_summary: { total_obligations: 6, tested: 5, status: partial }
Fix
    None: leave the block out, states are derived.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_DONE = frozenset({"discharged", "proven", "proved", "verified", "complete", "completed", "done"})
_OPEN = frozenset({"pending", "open", "todo", "proposed", "not_started"})
_PARTS = ("tested", "proven", "discharged")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where word and numbers cannot both be right."""
    summary = contract.data.get("verification_summary")
    if not isinstance(summary, Mapping):
        return
    word, total = summary.get("status"), summary.get("total_obligations")
    parts = {key: value for key in _PARTS if isinstance(value := summary.get(key), int)}
    if not isinstance(word, str) or not isinstance(total, int) or not parts or not total:
        return
    reached = max(parts.values()) >= total
    if (word.lower() in _DONE and not reached) or (word.lower() in _OPEN and reached):
        numbers = ", ".join(f"{key} {value}" for key, value in parts.items())
        message = f"status is {word} beside {numbers} of {total} obligations"
        advice = "leave word and numbers out, states are derived"
        yield RULE.finding(contract, ("verification_summary", "status"), message, advice=advice)


RULE = Rule(
    id="PV-ARI-003",
    name="contradicted-summary",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.SUMMARY,
    check=check,
)
