"""A new version that no changelog entry explains.

What it finds
    A version that is another one than in the base revision while the contract has no changelog; and
    an entry of the base revision that is gone.
Why it matters
    Who sees that a version rose asks what changed. Without an entry only the whole history answers,
    and an entry that is gone answers with less than there was.
Example
    metadata: { version: 1.3.0 }   # 1.2.0 in the base revision, and no changelog
Instead
    metadata: { version: 1.3.0 }
    changelog:
      - { version: 1.3.0, date: 2026-05-07, changes: [ "a limit for the second layer" ] }
Fix
    None: only the author knows what changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.versions import version_path
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for a version without an entry, and for every entry that is gone."""
    older = context.before(contract)
    if older is None:
        return
    if not contract.changelog and contract.version and contract.version != older.version:
        message = (
            f"version {contract.version} is new since {context.past.base.name} and no changelog "
            "says what changed"
        )
        advice = "write changelog: with an entry for it"
        yield RULE.finding(contract, version_path(contract), message, advice=advice)
    listed = {entry.version for entry in contract.changelog}
    for entry in older.changelog:
        if entry.version not in listed:
            message = (
                f"changelog has no entry for {entry.version}, which {context.past.base.name} has"
            )
            advice = "write it again; history grows at its end"
            path = ("changelog",)
            yield RULE.finding(contract, path, message, advice=advice, key=True)


RULE = Rule(
    id="PV-HIS-005",
    name="unwritten-version",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
