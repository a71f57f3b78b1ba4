"""What authors wrote by hand beside a falsifier: a word for the outcome, and what shows it.

    result: FALSIFIED                status_v1_2_0: PASS           result: PASS — verified in 0.4.33
    evidence: "Run 1: collapse"      evidence_v1_2_0: "band held"

A word alone is a claim and no evidence; a word that is neither yes nor no, or stands among others,
answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.errors import BadInputError
from pv.evidence.folders import REGISTRY
from pv.evidence.foreign.case import Case, Ending, Results
from pv.model.contract import Contract
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

_WORDS: Final = {
    "PASS": Ending.PASSED,
    "PASSED": Ending.PASSED,
    "HELD": Ending.PASSED,
    "NOT_FALSIFIED": Ending.PASSED,
    "DISCHARGED": Ending.PASSED,
    "FAIL": Ending.FAILED,
    "FAILED": Ending.FAILED,
    "FALSIFIED": Ending.FAILED,
    "REFUTED": Ending.FAILED,
}
_OUTCOMES: Final = ("result", "outcome", "verdict", "overall", "discharge_status", "status")
"""From what was seen to what is claimed."""
_SHOWN: Final = ("evidence", "discharge_evidence", "live_evidence")
_OUTCOME: Final = re.compile(
    r"\s*([A-Za-z_]+(?: [A-Z]+)*)(?:(?:\s+[—–-]|:)\s+(.*)|\.?\s*)", re.DOTALL
)
"""A word, and what shows it behind a dash or a colon."""
_VERSIONED: Final = re.compile(r"(.+?)_v(\d{1,9}(?:_\d{1,9})*)")
_MESSAGE: Final = 300
_RECEIPTS: Final = "/".join(REGISTRY)


class _Note(NamedTuple):
    """One pair of an entry."""

    key: str
    """As it stands there."""
    name: str
    """Without its version."""
    version: tuple[int, ...]
    """Without the zeros at its end; empty for none."""
    text: str


def read_blocks(data: bytes, path: Path) -> Results:
    """Return the results that the falsifiers of a contract tell of themselves.

    Raises BadInputError for a file that is no contract, or tells of none.
    """
    document = read_text(data, str(path))
    decoded = decode(document)
    contract = decoded.contract if document.sound else None
    if contract is None:
        told = [each.message for each in document.problems]
        told += [each.message for each in decoded.problems]
        what = told[0] if told else "it is empty"
        raise BadInputError(f"{path}: no contract: {what}")
    cases = [case for each in contract.falsifiers for case in _cases(contract, each.path, each.id)]
    if not cases:
        raise BadInputError(
            f"{path}: no falsifier has an outcome with evidence, expected `result` and `evidence`"
        )
    return Results("contract", cases)


def _cases(contract: Contract, path: tuple[Any, ...], falsifier: str) -> Iterator[Case]:
    entry: Any = contract.data
    for key in path:
        entry = entry[key]
    found = _told(entry)
    if found is not None:
        ending, said = found
        name = f"{falsifier} of {contract.id}"
        yield Case(name, ending, "", " ".join(said.split())[:_MESSAGE], falsifier)


def _told(entry: Mapping[str, Any]) -> tuple[Ending, str] | None:
    """Return ending and evidence of an entry; None where it has no outcome with evidence.

    What was seen decides: where it is no word that we know, what is claimed beside it is no answer.
    Of one key in several versions the newest counts, and what it overrules is told; where none is
    the newest and they differ, nothing is answered.
    """
    notes = [_note(str(key), value) for key, value in entry.items() if value is not None]
    shown = [each for name in _SHOWN for each in notes if each.name == name and each.text]
    if any(_RECEIPTS in each.text for each in shown):
        return None  # receipts speak for themselves
    named = ([each for each in notes if each.name == name] for name in _OUTCOMES)
    outcomes = sorted(next(filter(None, named), []), key=lambda each: each.version, reverse=True)
    if not outcomes:
        return None
    newest = outcomes[0]
    ending, more = _ending(newest.text)
    others = [each for each in outcomes[1:] if _ending(each.text)[0] is not ending]
    overruled = ", ".join(f"{each.key}: {each.text}" for each in others)
    beside = "".join(_evidence(newest, shown))
    said = "; ".join(each for each in (more, beside) if each)
    if not said:
        return None
    if any(each.version in ((), newest.version) for each in others):
        return Ending.SKIPPED, f"{newest.key} says otherwise than {overruled}; {said}"
    return ending, f"{newest.key} overrules {overruled}; {said}" if others else said


def _ending(text: str) -> tuple[Ending, str]:
    """Return what an outcome says, and the evidence behind it; a word in other words says nothing.

    `PASS (not really)` is no `PASS`.
    """
    found = _OUTCOME.fullmatch(text)
    ending = _WORDS.get(found[1].upper().replace(" ", "_"), Ending.SKIPPED) if found else None
    return (ending, (found[2] or "").strip()) if found and ending else (Ending.SKIPPED, text)


def _evidence(outcome: _Note, shown: Sequence[_Note]) -> Iterator[str]:
    """Yield the evidence that goes with an outcome: that of its version, else that of none."""
    own = [each for each in shown if each.version == outcome.version]
    rest = [each for each in shown if not each.version or not outcome.version]
    yield from (each.text for each in (*own, *rest)[:1])


def _note(key: str, value: Any) -> _Note:
    """Return one pair of an entry, the version that authors put behind a key apart from it."""
    found = _VERSIONED.fullmatch(key)
    if found is None:
        return _Note(key, key, (), _text(value))
    version = [int(each) for each in found[2].split("_")]
    while version and version[-1] == 0:
        version.pop()
    return _Note(key, found[1], tuple(version) or (0,), _text(value))


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    return str(value)
