"""The story of a falsifier in one screen: what is asked, what came out, and what that rests on.

At most 80 columns and 40 lines. What does not fit is counted, never dropped in silence.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pv.compare import explain
from pv.discharge.logs import Log
from pv.evidence.statement import started_of
from pv.model.contract import Contract, Falsifier, short_id
from pv.model.receipt import Comparison, ReceiptView
from pv.model.status import FalsifierStatus, Standing
from pv.model.verdict import Level, State
from pv.output.escape import escape
from pv.readiness import renewal

WIDTH: Final = 80
_LABEL: Final = 10
_ROOM: Final = WIDTH - _LABEL
_LIMITS: Final = 7
_HISTORY: Final = 4
_UNANSWERED: Final = frozenset({State.STALE, State.INCONCLUSIVE})


def explain_text(
    contract: Contract,
    falsifier: Falsifier,
    status: FalsifierStatus,
    command: Sequence[str],
    log: Log | None = None,
    *,
    outside: str = "",
) -> str:
    """Return question, inputs, what was measured against which limit, and the history of it.

    `log` is of the last run, where that came to no verdict; `outside` tells what the harness reads
    of the user's environment.
    """
    last = status.receipt or _newest(status.receipts)
    failed = [*_failed(log)]
    lines = [
        *_head(contract, falsifier, status),
        *_part("question", f"{falsifier.rule}; {falsifier.prediction}", 3),
        *_part("inputs", _inputs(falsifier), 2),
        *(_part("outside", outside, 2) if outside else ()),
        *_part("run by", _run_by(falsifier), 2),
        "",
        *failed,
        *_last_run(falsifier, last),
        "",
        *_history(status.receipts, _HISTORY - len(failed)),
        *_part("if red", falsifier.if_fails, 2),
        *_part("again", " ".join(renewal([status]) if status.awaits else command), 2),
    ]
    return "\n".join(lines) + "\n"


def _head(contract: Contract, falsifier: Falsifier, status: FalsifierStatus) -> Iterator[str]:
    version = f" {contract.version}" if contract.version else ""
    yield from _lines(f"{short_id(falsifier.id)} of {contract.id}{version}", WIDTH, 1)
    claimed = f"claimed {status.claimed}: {_said(status)}" if status.claimed else "nothing claimed"
    yield from _part("state", f"{status.state} ({claimed}) — {'; '.join(status.reasons)}", 2)
    if len(status.models) > 1:
        told = ", ".join(f"{each.name} {each.state}" for each in status.models)
        yield from _part("models", told, 2)


def _said(status: FalsifierStatus) -> str:
    """Return how the claim stands to the evidence; a run without an answer is nothing to claim."""
    if status.standing is Standing.BEHIND and status.state in _UNANSWERED:
        return "something was run, and the claim does not say so"
    return str(status.standing)


def _failed(log: Log | None) -> Iterator[str]:
    """Yield at most three lines: the last run, where it came to no verdict, and where its log is.

    The path stays whole, so that it can be copied.
    """
    if log is not None:
        yield from _part("last run", f"{log.head} ({log.day})", 2)
        yield f"{'log':<{_LABEL}}{escape(log.path)}"


def _inputs(falsifier: Falsifier) -> str:
    given = [f"{name} {_short(value)}" for name, value in falsifier.parameters.items()]
    accepted = [each.name for each in falsifier.models.accept] if falsifier.models else []
    models = [f"model {' or '.join(accepted)}"] if accepted else []
    return ", ".join([*given, *models]) or "none"


def _run_by(falsifier: Falsifier) -> str:
    binding = falsifier.binding
    where = f", on {falsifier.device}" if falsifier.device else ""
    return f"{binding.kind} {binding.text or binding.reason}{where}"


def _last_run(falsifier: Falsifier, last: ReceiptView | None) -> Iterator[str]:
    """Yield what the deciding receipt measured; without one the limits that nothing was held to."""
    if last is None:
        yield from _part("verdict", "none: no receipt", 1)
        for each in falsifier.expect[:_LIMITS]:
            yield from _part("limit", f"{each.metric} {each.op} {each.value} — {each.reason}", 2)
        yield from _rest(len(falsifier.expect) - _LIMITS, "limits")
        return
    said = last.statement["predicate"]
    model = f"{last.model.name}, " if last.model else ""
    stale = " STALE" if last.stale else ""
    late = " POST-HOC" if last.post_hoc else ""
    day = started_of(last.statement)[:10]
    if last.level is Level.FOREIGN:
        origin = said["origin"]
        told = f"foreign: {origin['by']}, {origin['source']}"
        yield from _part("verdict", f"{last.verdict}{stale}{late} on {day}, {told}", 2)
        yield from _measured(said["comparisons"])
        yield from _part("guards", "none: nothing ran here, and nothing shows that it can fail", 2)
        return
    yield from _part(
        "verdict",
        f"{last.verdict}{stale}{late} on {day}, {last.level.lower()} on {model}{said['device']},"
        f" {said.get('run', {}).get('seconds', 0):.1f} s",
        2,
    )
    yield from _measured(said["comparisons"])
    yield from _part("guards", _guards(said["guards"]), 4)
    yield from _part("controls", _controls(said["controls"]), 4)


def _measured(comparisons: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for each in comparisons[:_LIMITS]:
        comparison = Comparison(**each)
        word = "met" if comparison.met else "NOT MET"
        yield from _part(word, f"{explain(comparison, digits=5)} — {comparison.reason}", 1)
    yield from _rest(len(comparisons) - _LIMITS, "limits")


def _guards(guards: Sequence[Mapping[str, Any]]) -> str:
    """Return the guards that stopped, passed and had nothing to look at, each by its name."""
    stopped = [f"TRIPPED {each['guard']}: {each['reason']}" for each in guards if each["tripped"]]
    stopped += [f"{each['mark']} by {each['guard']}" for each in guards if each.get("mark")]
    passed = [
        each["guard"]
        for each in guards
        if each["applies"] and not each["tripped"] and not each.get("mark")
    ]
    silent = [each["guard"] for each in guards if not each["applies"]]
    told = [*stopped, f"ok {', '.join(passed) or 'none'}"]
    return "; ".join([*told, f"nothing to see for {', '.join(silent)}"] if silent else told)


def _controls(controls: Sequence[Mapping[str, Any]]) -> str:
    if not controls:
        return "none: nothing shows that it can fail"
    red = [each["name"] for each in controls if each["red"] and each["expected_red"]]
    green = [each["name"] for each in controls if not each["red"] and not each["expected_red"]]
    odd = [each["name"] for each in controls if each["red"] != each["expected_red"]]
    parts = (("red", red), ("green as they should be", green), ("NOT AS EXPECTED", odd))
    return "; ".join(f"{word}: {', '.join(names)}" for word, names in parts if names)


def _history(receipts: Sequence[ReceiptView], most: int) -> Iterator[str]:
    """Yield the newest receipts, newest first, with what moved since."""
    newest = sorted(receipts, key=_started, reverse=True)
    for index, each in enumerate(newest[:most]):
        moved = f"stale: {', '.join(each.stale[:2])}" if each.stale else "fresh"
        more = f" +{len(each.stale) - 2}" if len(each.stale) > 2 else ""
        place = "local" if each.local else "registry"
        model = f" on {each.model.name}" if each.model else ""
        text = f"{_started(each)[:10]} {each.verdict}{model}, {each.id[:8]} {place}, {moved}{more}"
        yield from _part("history" if index == 0 else "", text, 1)
    if not newest:
        yield from _part("history", "no receipt", 1)
    yield from _rest(len(newest) - most, "receipts")


def _started(receipt: ReceiptView) -> str:
    return started_of(receipt.statement)


def _newest(receipts: Sequence[ReceiptView]) -> ReceiptView | None:
    return max(receipts, key=_started, default=None)


def _rest(number: int, what: str) -> Iterator[str]:
    if number > 0:
        yield from _part("", f"and {number} more {what}", 1)


def _part(label: str, text: str, most: int) -> Iterator[str]:
    """Yield a labelled text in at most so many lines; what is cut ends with an ellipsis."""
    lines = _lines(text, _ROOM, most)
    yield f"{label:<{_LABEL}}{lines[0]}".rstrip()
    yield from (" " * _LABEL + line for line in lines[1:])


def _lines(text: str, room: int, most: int) -> list[str]:
    lines = textwrap.wrap(escape(" ".join(text.split())), room, break_on_hyphens=False) or [""]
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1].rstrip() + "…"]
    return lines


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else text[:39] + "…"
