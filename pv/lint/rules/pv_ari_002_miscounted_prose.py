"""A sentence with a number of tests that is not the number of tests.

What it finds
    "All N falsification tests" (or falsifiers) in the gate, the summary or the description, where
    the contract has another number of them. Changelog and lessons tell the past and are left out.
Why it matters
    A gate that passes when "all 8" pass says nothing about the two that were added since.
Example
    qa_gate: { pass_criteria: All 8 falsification tests pass }   # and the list has ten
Instead
    qa_gate: { pass_criteria: All falsification tests pass }
Fix
    None: leave the number out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PHRASE = re.compile(
    rf"\ball\s+(?P<number>\d{{1,4}}|{'|'.join(_WORDS)})\s+(?:falsification\s+tests?|falsifiers)\b",
    re.IGNORECASE,
)
_PLACES = ("qa_gate", "verification_summary")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every phrase with another number than the list has."""
    actual = len(contract.falsifiers)
    for path, text in _texts(contract):
        for match in _PHRASE.finditer(text):
            word = match["number"].lower()
            claimed = _WORDS.index(word) if word in _WORDS else int(word)
            if claimed != actual:
                phrase = " ".join(match[0].split())
                message = f'"{phrase}", expected {actual}, the number of falsifiers'
                finding = RULE.finding(contract, path, message, advice="leave the number out")
                yield replace(finding, span=place(contract, path, text, *match.span()))


def _texts(contract: Contract) -> Iterator[tuple[Path, str]]:
    if contract.description:
        yield ("metadata", "description"), contract.description
    for block in _PLACES:
        section = contract.data.get(block)
        for key, value in section.items() if isinstance(section, Mapping) else ():
            if isinstance(value, str):
                yield (block, key), value
            elif isinstance(value, list):
                yield from (
                    ((block, key, position), item)
                    for position, item in enumerate(value)
                    if isinstance(item, str)
                )


RULE = Rule(
    id="PV-ARI-002",
    name="miscounted-prose",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ARITHMETIC,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
