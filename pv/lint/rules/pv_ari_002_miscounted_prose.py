"""A sentence with a number of tests that is not the number of tests.

What it finds
    "All N falsification tests" (or falsifiers, FALSIFY-… tests, Kani harnesses) in the gate, the
    summary or the description, where the contract has another number of them; and more Kani
    harnesses than there are. Changelog and lessons tell the past and are left out.
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
from collections.abc import Iterator
from dataclasses import replace

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Path
from pv.model.finding import Finding
from pv.model.verdict import Severity

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_PHRASE = re.compile(
    rf"\b(?P<all>all\s+)?(?P<number>\d{{1,4}}|{'|'.join(_WORDS)})\s+(?:"
    r"(?P<kani>kani\s+harness(?:es)?)|falsification\s+tests?|falsifiers"
    r"|(?P<prefix>FALSIFY(?:-[A-Z0-9]+)*)\s+tests?)\b",
    re.IGNORECASE,
)
_NOUNS = ("falsif", "kani")
"""In small letters; every phrase has one of them behind its number."""
_PLACES = ("qa_gate", "verification_summary")


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every phrase with another number than the list has."""
    for path, text in _texts(contract):
        for match in _PHRASE.finditer(text, start) if (start := _first(text)) is not None else ():
            word = match["number"].lower()
            claimed = _WORDS.index(word) if word in _WORDS else int(word)
            actual, noun = _counted(contract, match)
            if claimed == actual or not (match["all"] or (match["kani"] and claimed > actual)):
                continue
            phrase = " ".join(match[0].split())
            message = f'"{phrase}", expected {actual}, the number of {noun}'
            finding = RULE.finding(contract, path, message, advice="leave the number out")
            yield replace(finding, span=place(contract, path, text, *match.span()))


def _first(text: str) -> int | None:
    """Return where the search for phrases begins: two words before the first noun of one."""
    lower = text.lower()
    found = [at for noun in _NOUNS if (at := lower.find(noun)) >= 0]
    if not found:
        return None  # long texts that count something else
    if not text.isascii():
        return 0  # small letters may be more than the text has
    before = text[: min(found)].rsplit(None, 2)
    return len(before[0]) if len(before) > 2 else 0


def _counted(contract: Contract, match: re.Match[str]) -> tuple[int, str]:
    """Return how many there are of what a phrase counts, and what that is."""
    if match["kani"]:
        listed = contract.data.get("kani_harnesses")
        return (len(listed) if isinstance(listed, list) else 0), "Kani harnesses"
    prefix = (match["prefix"] or "").upper()
    if not prefix:
        return len(contract.falsifiers), "falsifiers"
    ids = [each.id for each in contract.falsifiers if each.id.upper().startswith(prefix)]
    return len(ids), f"{prefix} falsifiers" if "-" in prefix else "falsifiers"


def _texts(contract: Contract) -> Iterator[tuple[Path, str]]:
    if contract.description:
        yield ("metadata", "description"), contract.description
    for block in _PLACES:
        section = contract.data.get(block)
        for key, value in section.items() if isinstance(section, dict) else ():
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
