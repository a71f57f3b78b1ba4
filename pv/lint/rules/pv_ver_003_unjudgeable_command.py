"""A command whose outcome nobody could judge.

What it finds
    A `command` that discharge refuses: one without a list of arguments, without a declared success,
    with an exit code for its only success, with a pattern that cannot be read or that every output
    holds, with a measure whose pattern has not exactly one group, or without a file of the
    registry among its arguments.
Why it matters
    An exit code, or a pattern like `.*`, is as green for a program that did nothing. Where no file
    is named, nothing would make a receipt stale. The falsifier is not bound, whatever it says.
Example
    command: { argv: [python3, tools/count.py], success: { checks: { complete: ".*" } } }
Instead
    command: { argv: [python3, tools/count.py], success: { checks: { complete: "^all read$" } } }
Fix
    None: only the author knows what the program prints when all is well.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.bindings.unjudgeable import NO_FILE, NO_LIST
from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.traits import Trait
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_ADVICE = {
    NO_LIST: "give `argv` as a list of words, and `success`",
    NO_FILE: "name the script or the data that it reads, below the registry root",
}


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every command that would be refused."""
    for falsifier in contract.falsifiers:
        found = context.resolver.unjudgeable(falsifier)
        if found is not None:
            message = f"{falsifier.id}: {shortened(found.reason)}"
            path = (*falsifier.binding.path, *found.path)
            advice = _ADVICE.get(found.reason, "name a line that it prints only when all is well")
            yield RULE.finding(contract, path, message, advice=advice)


RULE = Rule(
    id="PV-VER-003",
    name="unjudgeable-command",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERIFY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.COMMANDS,
    check=check,
)
