"""What authors wrote by hand beside a falsifier: a word for the outcome, and what shows it.

    result: FALSIFIED                status_v1_2_0: PASS           result: PASS — verified in 0.4.33
    evidence: "Run 1: collapse"      evidence_v1_2_0: "band held"

A word alone is a claim and no evidence; a word that is neither yes nor no answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pv.errors import BadInputError
from pv.evidence.foreign.case import Case, Ending, Results
from pv.evidence.store import REGISTRY
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
_LEAD: Final = re.compile(r"\s*([A-Za-z_]+(?: [A-Z]+)*)\s*(?:[—:–(.-]+\s*(.*))?", re.DOTALL)
_VERSIONED: Final = re.compile(r"(.+?)_v\d+(?:_\d+)*")
_MESSAGE: Final = 300
_RECEIPTS: Final = "/".join(REGISTRY)


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
    """
    texts = {_plain(str(key)): value for key, value in entry.items()}
    shown = next((_text(texts[each]) for each in _SHOWN if texts.get(each)), "")
    if _RECEIPTS in shown:
        return None  # receipts speak for themselves
    key = next((each for each in _OUTCOMES if texts.get(each) is not None), None)
    if key is None:
        return None
    lead = _LEAD.fullmatch(_text(texts[key]))
    more = (lead[2] or "").strip() if lead else ""
    said = "; ".join(each for each in (more, shown) if each)
    ending = _WORDS.get(lead[1].upper(), Ending.SKIPPED) if lead else Ending.SKIPPED
    return (ending, said) if said else None


def _plain(key: str) -> str:
    """Return a key without the version that authors put behind it."""
    found = _VERSIONED.fullmatch(key)
    return found[1] if found else key


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_text(each)}" for key, each in value.items())
    if isinstance(value, list | tuple):
        return "; ".join(map(_text, value))
    return str(value)
