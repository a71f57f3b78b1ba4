"""A version that the changelog does not begin with.

What it finds
    A changelog whose newest entry is not `metadata.version`.
Why it matters
    Either the version was raised and nobody wrote down why, or a change was written down and the
    version was not raised: a reader of either is misled.
Example
    metadata: { version: 1.13.0 }
    changelog:
      - { version: 1.12.0, date: 2026-05-07, changes: [ … ] }
Instead
    metadata: { version: 1.13.0 }
    changelog:
      - { version: 1.13.0, date: 2026-05-07, changes: [ … ] }
Fix
    None: only the author knows what changed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.versions import parse_version
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding where the newest entry is not the contract's version."""
    if not contract.changelog or contract.version is None:
        return
    ranked = [(parsed, e) for e in contract.changelog if (parsed := parse_version(e.version))]
    newest = max(ranked, key=lambda pair: pair[0])[1] if ranked else contract.changelog[0]
    if newest.version != contract.version:
        message = (
            f"changelog ends at {newest.version}, expected an entry for version {contract.version}"
        )
        advice = "write the entry, or set metadata.version to what the changelog says"
        yield RULE.finding(contract, newest.path, message, advice=advice)


RULE = Rule(
    id="PV-CHG-002",
    name="unlisted-version",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERSIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
