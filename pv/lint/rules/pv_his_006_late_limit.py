"""A limit that came together with the result it judges.

What it finds
    A receipt that came in the same commit as the present limits, parameters or controls of its
    falsifier, or that lies there with them while neither is committed. In a shallow clone, and in
    the first commit of all, order is not known and nothing is found.
Why it matters
    A limit that is set after the result is known can be set so that it is met, and so can a seed,
    a number of rows or a list of planted faults. Such a receipt is marked POST-HOC and never
    discharges anything.
Example
    one commit: value: 18.5 in `expect`, and a receipt that measured 18.23
Instead
    a commit with the limit and its reason, then the run, then a commit with the receipt
Fix
    None: commit the entry, then run `pv discharge ID --record` again.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.evidence.folders import REGISTRY, fits
from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every falsifier with such a receipt."""
    for falsifier in contract.falsifiers:
        if not falsifier.expect or not fits(falsifier.id):
            continue
        folder = context.root.joinpath(*REGISTRY, falsifier.id)
        for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
            receipt = path.relative_to(context.root).as_posix()
            commit = context.history.brought_together(contract, falsifier, receipt)
            if commit is None:
                continue
            where = f"in commit {commit[:8]}" if commit else "and neither is committed"
            message = (
                f"the question of {falsifier.id} came together with the receipt {path.name[:12]}…, "
                f"{where}: POST-HOC"
            )
            advice = f"commit the entry, then run pv discharge {falsifier.id} --record"
            at = (*falsifier.path, "expect")
            yield RULE.finding(contract, at, message, advice=advice, key=True)
            break


RULE = Rule(
    id="PV-HIS-006",
    name="late-limit",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.HISTORY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.LIMITS,
    check=check,
)
