"""A status move without a new version.

What it finds
    A status or verdict that changed since the base revision while the version did not rise by at
    least a MINOR step.
Why it matters
    Others pin a contract by its version. If one version has two statuses, what they read depends on
    the day.
Example
    version: 1.2.0   # as in the base revision
    status: DISCHARGED   # and PARTIAL_ALGORITHM_LEVEL there
Instead
    version: 1.3.0
    status: DISCHARGED
Fix
    None yet: raise the version and write the changelog entry.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.moves import moves_of
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.versions import parse_version
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every move under a version that did not rise enough."""
    older = context.before(contract)
    if older is None or not older.version or not contract.version:
        return
    before, after = parse_version(older.version), parse_version(contract.version)
    if before is None or after is None or after[:2] > before[:2]:
        return
    expected = f"{before[0]}.{before[1] + 1}.0"
    lifecycle = context.lifecycle
    for move in moves_of(contract, context):
        if lifecycle and move.claim.vocabulary(lifecycle).word(move.claim.word) is None:
            continue  # a misspelt word has a finding of its own, and is no move
        message = (
            f"{move.claim.label} moved from {move.before} to {move.claim.word} since "
            f"{context.past.base.name} under version {contract.version}, "
            f"expected at least {expected}"
        )
        advice = f"set metadata.version to {expected} and write its changelog entry"
        yield RULE.finding(contract, move.claim.path, message, advice=advice)


RULE = Rule(
    id="PV-LIF-003",
    name="unversioned-move",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.TRANSITIONS,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.CLAIMS,
    check=check,
)
