"""`qa_gate`, evaluated: which falsifiers a gate names, and which of them are not there.

Pure: what a contract wrote and the states of its falsifiers in, a standing out. What looks like the
id of a falsifier and is none keeps the gate shut: a gate that holds by a slip of the pen holds
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pv.model.status import GateStatus
from pv.model.verdict import State

_PREFIX: Final = "FALSIFY-"
_NAMED: Final = re.compile(r"([A-Za-z][A-Za-z0-9-]*-)?(\d+[a-z]?)\b")
_ENUMERATED: Final = ("+", ",", "/", "&", "and", "..", "to", "-")
"""What stands between the numbers of a list; other numbers in a text are other things."""
_AN_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*-\d+[a-z]?")


def gate_status(data: Any, states: Mapping[str, State]) -> GateStatus | None:
    """Evaluate `qa_gate`: the falsifiers it names in `falsifiers`, `checks` or `pass_criteria`."""
    if not isinstance(data, Mapping):
        return None
    listed = [
        str(each)
        for key in ("falsifiers", "checks")
        if isinstance(data.get(key), list)
        for each in data[key]
    ]
    text = "\n".join([str(data.get("pass_criteria", "")), *listed])
    unknown = (each for each in map(str.strip, listed) if _AN_ID.fullmatch(each))
    named = _known_first([*_named(text, states), *unknown], states)
    missing = [each for each in named if states.get(each) is not State.DISCHARGED]
    holds = bool(named) and not missing
    return GateStatus(str(data.get("id", "qa_gate")), holds, tuple(named), tuple(missing))


def _known_first(ids: Iterable[str], states: Mapping[str, State]) -> list[str]:
    """Return ids once each, a short form as the falsifier it names."""
    full = (f"{_PREFIX}{each}" if f"{_PREFIX}{each}" in states else each for each in ids)
    return list(dict.fromkeys(full))


def _named(text: str, states: Mapping[str, State]) -> list[str]:
    """Return the falsifiers that a text names; `A-001 + 002` names A-001 and A-002.

    A number behind the prefix of a falsifier that exists names one, whether it exists or not.
    """
    families = {each.rpartition("-")[0] + "-" for each in states}
    families |= {each.removeprefix(_PREFIX) for each in families}
    found: list[str] = []
    prefix, end = "", 0
    for match in _NAMED.finditer(text):
        prefix = match[1] or prefix
        full = prefix + match[2]
        known = next((each for each in (full, f"{_PREFIX}{full}") if each in states), None)
        counted_on = match[1] is not None or text[end : match.start()].strip() in _ENUMERATED
        if known is None and counted_on and (prefix in families or prefix.startswith(_PREFIX)):
            known = full  # named and not there: the gate cannot hold
        end = match.end()
        if known and known not in found:
            found.append(known)
    return found
