"""A falsifier id that can name no folder.

What it finds
    A falsifier id with anything but letters, digits, `.`, `_` and `-`, or of more than 128
    characters.
Why it matters
    The receipts of a falsifier lie in a folder of its name, and people type it on a command line.
    One that does not fit can never be discharged.
Example
    - { id: "FALSIFY CHAT/001", rule: the prompt is kept }
Instead
    - { id: FALSIFY-CHAT-001, rule: the prompt is kept }
Fix
    None: only the author knows what else cites the id.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.evidence.folders import fits
from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every id without a folder."""
    for falsifier in contract.falsifiers:
        if not fits(falsifier.id):
            message = (
                f'falsifier id "{shortened(falsifier.id)}", expected at most 128 letters, digits, '
                "., _ and -"
            )
            path = (*falsifier.path, "id")
            yield RULE.finding(contract, path, message, advice="write hyphens for everything else")


RULE = Rule(
    id="PV-IDS-005",
    name="unfit-falsifier-id",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
