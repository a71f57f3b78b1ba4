"""A tally that does not come out.

What it finds
    A number beside a list of another length ("3 confirmed (A1, A5)"), parts of one whole that
    exceed it ("5 of 7" falsified and "4 of 7" confirmed) or do not make it up ("12 = 6 falsified +
    3 confirmed + 1 partial"), and a percentage that its fraction is not ("335 MB (2 % of 24 GB)").
Why it matters
    A tally is quoted on its own, long after the list beside it was edited.
Example
    description: "6 of 8 rows (80 %) hold; 2 refuted (A2, A3, A4)"
Instead
    description: "6 of 8 rows (75 %) hold; 3 refuted (A2, A3, A4)"
Fix
    None: only the author knows whether the number or the list is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.figures.tally import tallies
from pv.lint.figures.texts import tallied
from pv.lint.rule import FixKind, GateName, Rule
from pv.lint.wording import shortened
from pv.model.contract import Contract
from pv.model.finding import Finding
from pv.model.verdict import Severity


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every tally that does not come out."""
    advice = "correct the number, or leave it out"
    for path, text in tallied(contract):
        for found in tallies(text):
            message = f'"{shortened(found.words)}", expected {found.expected}'
            finding = RULE.finding(contract, path, message, advice=advice)
            yield replace(finding, span=place(contract, path, text, found.start))


RULE = Rule(
    id="PV-ARI-006",
    name="miscounted-tally",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
