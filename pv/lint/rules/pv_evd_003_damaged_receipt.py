"""A receipt that is not what was written.

What it finds
    A file under `contracts/evidence/` that cannot be relied on: its bytes do not give the digest in
    its name, or it is no receipt of the falsifier whose folder it lies in.
Why it matters
    A receipt is evidence only as long as it is the one that the run wrote. A damaged one counts for
    nothing, and somebody should know why it is damaged.
Example
    contracts/evidence/F-016/0123456789abcdef.json   # one byte changed
Instead
    contracts/evidence/F-016/fedcba9876543210.json   # as `pv discharge F-016 --record` wrote it
Fix
    None: restore the file from git, or run the falsifier again.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every receipt that does not count, at the falsifier it belongs to."""
    status = context.status_of(contract) if context.has_receipts(contract) else None
    places = {falsifier.id: falsifier.path for falsifier in contract.falsifiers}
    for path, reason in status.damaged if status else ():
        owner = path.split("/")[-2] if "/" in path else ""
        message = f"receipt {path} does not count: {reason}"
        advice = "restore it from git, or run the falsifier again"
        place = (*places.get(owner, ()), "id")
        yield RULE.finding(contract, place, message, advice=advice)


RULE = Rule(
    id="PV-EVD-003",
    name="damaged-receipt",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.EVIDENCE,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
