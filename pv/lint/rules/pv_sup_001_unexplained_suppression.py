"""A suppression that cannot be followed.

What it finds
    A comment `# pv: ignore …` without a reason, without a rule, with a rule that does not exist, or
    with one whose findings always count (YAML syntax, suppressions); and a comment that is almost
    one: `# pv: ingore`, `#pv ignore`, `# noqa: PV-…`. It sets nothing aside.
Why it matters
    A finding that is set aside in silence is one that nobody will look at again. The reason is for
    the person who meets the line a year later.
Example
    harness: falsifiers/mill.py::turns  # pv: ignore PV-VER-001
Instead
    harness: falsifiers/mill.py::turns  # pv: ignore PV-VER-001 -- the mill has its own registry
Fix
    None: only the author knows the reason.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every fault of a suppression."""
    for one in context.suppressions(contract):
        for message, advice in one.faults:
            yield Finding(RULE.id, RULE.severity, message, one.span, advice, contract.id)


RULE = Rule(
    id="PV-SUP-001",
    name="unexplained-suppression",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.METHODOLOGY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.COMMENTS,
    check=check,
)
