"""A suppression of nothing.

What it finds
    A comment `# pv: ignore …` that names a rule which ran and found nothing on that line.
Why it matters
    What it was written for is repaired, or stands elsewhere. Left in place, it hides the next fault
    that comes to this line.
Example
    version: 1.0.0  # pv: ignore PV-CHG-001 -- two parts until the next release
Instead
    version: 1.0.0
Fix
    None: remove the comment, or move it to the line of the finding.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.suppress import claims_of_use
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every rule that a suppression names; the engine drops those of use."""
    for one in context.suppressions(contract):
        for finding in claims_of_use(one, contract.id):
            if context.judges(str(finding.path[0])):
                yield finding


RULE = Rule(
    id="PV-SUP-002",
    name="unused-suppression",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.COMMENTS,
    check=check,
)
