"""An obligation that applies to nothing, and nobody says why.

What it finds
    An obligation with `applies_to: not_applicable` that lacks `na_reason` or `na_owner`, and one
    with either of them that does apply.
Why it matters
    An exemption without a reason and somebody who answers for it is an obligation deleted in
    silence.
Example
    - { type: bound, property: no loss, applies_to: not_applicable }
Instead
    - { type: bound, property: no loss, applies_to: not_applicable, na_reason: "nothing is
        rounded", na_owner: A. Miller }
Fix
    None: only the author knows the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pv.lint.context import Context
from pv.lint.obligations import entries
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_KEYS: Final = ("na_reason", "na_owner")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every exemption that is not explained, and every idle explanation."""
    for entry, path in entries(contract):
        exempt = entry.get("applies_to") == "not_applicable"
        for key in _KEYS:
            given = bool(str(entry.get(key) or "").strip())
            if exempt and not given:
                message = f"applies_to is not_applicable without {key}, expected one"
                advice = "say why it does not apply, and who answers for that"
                yield RULE.finding(contract, (*path, "applies_to"), message, advice=advice)
            elif given and not exempt:
                message = f"{key} stands in an obligation that applies, expected not_applicable"
                advice = "write applies_to: not_applicable, or drop the key"
                yield RULE.finding(contract, (*path, key), message, advice=advice, key=True)


RULE = Rule(
    id="PV-AUD-007",
    name="unexplained-exemption",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.EXEMPTIONS,
    check=check,
)
