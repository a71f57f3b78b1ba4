"""An implementation without a function.

What it finds
    A row of a binding table whose status is implemented or partial and which names no `function`.
Why it matters
    It counts as implemented, and nobody can look at what implements it.
Example
    bindings: [ { contract: mill-v1.yaml, equation: yield, status: implemented } ]
Instead
    bindings: [ { contract: mill-v1.yaml, equation: yield, status: not_implemented } ]
Fix
    None: only the author knows the function.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.tables import rows_of, text_of
from pv.lint.traits import Trait
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity

_DONE = frozenset({"implemented", "partial"})
_NOTHING = frozenset({"", "none", "n/a", "-", "tbd", "todo", "?"})


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every implemented row without a function."""
    for path, row in rows_of(contract):
        status = text_of(row, "status")
        if status.lower() in _DONE and text_of(row, "function").lower() in _NOTHING:
            equation = text_of(row, "equation") or "row"
            message = f"{equation} is {status} and names no function, expected the one that does it"
            advice = "name the function, or write not_implemented"
            where = (*path, "function") if "function" in row else path
            yield RULE.finding(contract, where, message, advice=advice)


RULE = Rule(
    id="PV-BND-003",
    name="unnamed-implementation",
    since="0.1",
    severity=Severity.ERROR,
    gate=GateName.VERIFY,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.ROWS,
    check=check,
)
