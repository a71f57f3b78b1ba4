"""Two rows for one equation.

What it finds
    A row of a binding table that is an earlier row again: same contract, equation, function,
    and place of it.
Why it matters
    Counts of implemented equations count it twice, and a later edit changes one of the two.
Example
    bindings:
      - { contract: mill-v1.yaml, equation: yield, function: flour }
      - { contract: mill-v1.yaml, equation: yield, function: flour }
Instead
    bindings:
      - { contract: mill-v1.yaml, equation: yield, function: flour }
Fix
    None: status and notes of the two may differ.
"""

from __future__ import annotations

from collections.abc import Iterator

from pv.lint.context import Context
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.tables import rows_of, text_of
from pv.lint.traits import Trait
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_KEYS = ("contract", "equation", "module_path", "function", "file", "signature")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every row that stands there already."""
    first: dict[tuple[str, ...], Path] = {}
    for path, row in rows_of(contract):
        key = tuple(text_of(row, name) for name in _KEYS)
        if not key[0] or not key[1]:
            continue
        same = first.setdefault(key, path)
        if same != path:
            line = contract.span(same).start.line
            message = f"{key[1]} of {key[0]} stands in line {line} too, expected one row"
            yield RULE.finding(contract, path, message, advice="drop one of them")


RULE = Rule(
    id="PV-BND-002",
    name="duplicate-binding",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.DUPLICATE_STEMS,
    fix=FixKind.NEVER,
    page=__doc__,
    about=Trait.ROWS,
    check=check,
)
