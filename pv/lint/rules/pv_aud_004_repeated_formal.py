"""One formula for two obligations.

What it finds
    An obligation whose `formal` is that of an obligation above it, but for blanks, case and the
    way in which signs are written, and which applies to the same.
Why it matters
    Two obligations look like twice the assurance and are one. Often the second was copied and its
    formula never changed.
Example
    proof_obligations:
      - { type: bound, property: no loss, formal: "y <= x", applies_to: all }
      - { type: bound, property: no gain, formal: "y ≤ x", applies_to: all }
Instead
    proof_obligations:
      - { type: bound, property: no loss, formal: "y >= x", applies_to: all }
      - { type: bound, property: no gain, formal: "y ≤ x", applies_to: all }
Fix
    None: only the author knows what the second one should say.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_SIGNS: Final = (("≤", "<="), ("≥", ">="), ("≠", "!="), ("×", "*"), ("·", "*"), ("−", "-"))


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every obligation after the first with one formula."""
    first: dict[tuple[str, str], Path] = {}
    for obligation in contract.obligations:
        formal = _folded(obligation.formal)
        if not formal:
            continue
        path = (*obligation.path, "formal")
        same = first.setdefault((formal, obligation.applies_to), path)
        if same != path:
            line = contract.span(same).start.line
            message = f"formal is that of line {line}, expected a formula of its own"
            yield RULE.finding(contract, path, message, advice="state what differs, or drop one")


def _folded(formal: str) -> str:
    text = "".join(formal.casefold().split())
    if text.isascii():
        return text  # none of the signs
    for sign, plain in _SIGNS:
        text = text.replace(sign, plain)
    return text


RULE = Rule(
    id="PV-AUD-004",
    name="repeated-formal",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.AUDIT,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
