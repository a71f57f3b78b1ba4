"""A second status of one thing: in prose, or under another key.

What it finds
    A sentence of the form `FALSIFY-X-003 (…): PASS` in the description or in the notes of the
    summary, where the entry of that falsifier claims no status, or one that says another thing. The
    number alone names the falsifier where the contract has one with it. The changelog tells the
    past and is left out. Also two keys of one contract or falsifier that say different words:
    `status` and `discharge_status`, under `metadata` and at the top.
Why it matters
    Six gates that pass in the notes, three that claim it, five that the summary counts: a status
    with several sources is three different statuses, and only the entry is held against receipts.
Example
    verification_summary:
      notes: "FALSIFY-PARITY-003 (gate ratio): PASS"
Instead
    falsification_tests: [ { id: FALSIFY-PARITY-003, status: DISCHARGED, … } ]
Fix
    None: only a run knows which of the two is right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from pv.lint.context import Context
from pv.lint.figures.place import place
from pv.lint.rule import FixKind, GateName, Rule
from pv.model.contract import Contract, Falsifier, Path
from pv.model.finding import Finding
from pv.model.lifecycle import Lifecycle, Vocabulary
from pv.model.verdict import Severity

_SAID: Final = re.compile(
    r"(?P<id>FALSIFY-(?:[A-Z0-9]+-)*\d+[a-z]?)\s*(?:\([^()\n]{0,120}\))?\s*:\s*"
    r"(?P<word>[A-Z][A-Z_-]{3,40})\b"
)
_KEYS: Final = ("status", "discharge_status")
_PLACES: Final = (
    ("metadata", "description"),
    ("verification_summary", "notes"),
)


def check(contract: Contract, context: Context) -> Iterator[Finding]:
    """Yield a finding for every status in prose that no entry claims."""
    words = context.lifecycle.falsifier if context.lifecycle else None
    if words is None:
        return
    if "status" in contract.text or "\\" in contract.text:  # most contracts have no such key
        yield from _keys(contract, words, context.lifecycle)
    for path in _PLACES:
        text = _text(contract, path)
        for match in _SAID.finditer(text) if text else ():
            said = words.word(match["word"])
            falsifier = _meant(contract, match["id"])
            if said is None or falsifier is None:
                continue
            if words.claims(falsifier.status) is said.state:
                continue
            claims = f"claims {falsifier.status}" if falsifier.status else "claims no status"
            message = f"{falsifier.id} is {match['word']} in prose, and its entry {claims}"
            advice = "claim it in the entry, where receipts are held against it, and nowhere else"
            finding = RULE.finding(contract, path, message, advice=advice)
            yield replace(finding, span=place(contract, path, text, *match.span()))


def _keys(contract: Contract, words: Vocabulary, lifecycle: Lifecycle | None) -> Iterator[Finding]:
    """Yield a finding for every second key that says another word than the first."""
    tops: tuple[Path, ...] = (("metadata",), ())
    places = [(*top, key) for top in tops for key in _KEYS]
    if lifecycle is not None:
        yield from _differing(contract, "contract", places, lifecycle.contract)
    for falsifier in contract.falsifiers:
        own = [(*falsifier.path, key) for key in _KEYS]
        yield from _differing(contract, falsifier.id, own, words)


def _differing(
    contract: Contract, name: str, places: Sequence[Path], words: Vocabulary
) -> Iterator[Finding]:
    said = [(path, text) for path in places if isinstance(text := _at(contract, path), str)]
    for path, text in said[1:]:
        first = said[0][1]
        one, other = words.word(first), words.word(text)
        same = text == first or (one is not None and one == other)
        if not same:
            shown = ".".join(map(str, said[0][0]))
            message = f"{name}: {path[-1]} is {text}, and {shown} says {first}"
            yield RULE.finding(contract, path, message, advice="keep one of the two")


def _at(contract: Contract, path: Path) -> Any:
    value: Any = contract.data
    for step in path:
        known = isinstance(value, dict) or (isinstance(value, list) and isinstance(step, int))
        if not known or (isinstance(value, dict) and step not in value):
            return None
        value = value[step]
    return value


def _text(contract: Contract, path: Path) -> str:
    value = _at(contract, path)
    return value if isinstance(value, str) else ""


def _meant(contract: Contract, name: str) -> Falsifier | None:
    """Return the falsifier of the contract with this id, or the only one that ends so."""
    exact = [each for each in contract.falsifiers if each.id == name]
    ending = f"-{name.rpartition('-')[2]}"
    found = exact or [each for each in contract.falsifiers if each.id.endswith(ending)]
    short = name.count("-") == 1
    return found[0] if exact or (short and len(found) == 1) else None


RULE = Rule(
    id="PV-STA-004",
    name="second-status",
    since="0.1",
    severity=Severity.WARNING,
    gate=GateName.ENFORCEMENT_LEVEL,
    fix=FixKind.NEVER,
    page=__doc__,
    check=check,
)
