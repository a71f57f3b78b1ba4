"""A sentence that its own table contradicts.

What it finds
    A minimum, maximum or mean that the rows of a table in the same text do not have, a ratio of two
    rows (`L4 / L0: 1.8`) or a factor over the row before that is another, and a label (DROP, ↓)
    that stands on some of the falling rows and not on the others.
Why it matters
    Readers take the sentence and skip the table. The ratio of the wrong two rows has become a law
    more than once.
Example
    description: |
      L0: 0.50 %
      L1: 0.80 %
      L2: 0.60 %
      growth (L2 / L0): 1.6×
Instead
    description: |
      L0: 0.50 %
      L1: 0.80 %
      L2: 0.60 %
      growth (L2 / L0): 1.2×
Fix
    None: only the author knows which rows are meant.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.figures.table import claims, unlabelled
from pv.lint.figures.texts import tabled
from pv.lint.figures.wording import digits
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every claim about a table that the table contradicts."""
    for path, text in tabled(contract):
        for start, message, advice in _judged(text):
            finding = RULE.finding(contract, path, message, advice=advice)
            yield replace(finding, span=place(contract, path, text, start))


def _judged(text: str) -> Iterator[tuple[int, str, str]]:
    for claim in claims(text):
        if claim.fault() is not None:
            message = f'"{shortened(claim.text)}", expected {digits(claim)} by the table'
            yield claim.start, message, "correct the number, or name the rows that are meant"
    for found in unlabelled(text):
        count = f"{found.labelled} rows are labelled as falling, expected {found.falling}"
        names = [f"{name} falls" for name in found.missing]
        names += [f"{name} rises" for name in found.wrong]
        start = found.table.rows[0].start
        yield start, f"{count}: {', '.join(names[:6])}", "label every falling row, or none"


RULE = Rule(
    id="PV-ARI-007",
    name="contradicted-table",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
