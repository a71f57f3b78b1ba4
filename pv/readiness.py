"""What has become possible: the ends of `unblocks` edges whose beginnings are all DISCHARGED.

Pure: contracts and their statuses in, what is ready out. An edge says that something becomes
possible, never that it becomes true: what is ready has still to be run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from pv.model.contract import Contract, short_id
from pv.model.status import ContractStatus, FalsifierStatus
from pv.model.verdict import HypothesisVerdict, State
from pv.shelf import began

_NOTHING_RUNS: Final = frozenset({State.PROPOSED, State.PLANNED, State.BLOCKED, State.MANUAL})


class Ready(NamedTuple):
    """Something that others unblock, and what they have come to."""

    id: str
    kind: str
    """`falsifier`, `stage`, `contract`, `criterion`, `hypothesis`, or `text` for anything else."""
    state: str
    """What it has come to itself; empty for a text, which has no state."""
    place: str
    """File and line where it stands."""
    by: tuple[str, ...]
    """The falsifiers that unblock it."""
    missing: tuple[str, ...]
    """Those of them that are not DISCHARGED; none where it is ready."""
    since: str
    """Day of the run that made it possible last; empty where no receipt tells."""
    command: tuple[str, ...]
    """What to run now; empty where nothing runs yet."""
    advice: str
    """What to do where there is nothing to run."""


class Readiness(NamedTuple):
    """Everything that `unblocks` edges of a registry lead to and that is not there yet."""

    ready: tuple[Ready, ...]
    """What made them possible last comes first."""
    waiting: tuple[Ready, ...]
    edges: int


class _Target(NamedTuple):
    """What an edge leads to."""

    kind: str
    state: str
    done: bool
    place: str
    open: tuple[FalsifierStatus, ...]
    """The falsifiers that keep it from being done."""


def readiness(contracts: Sequence[Contract], statuses: Sequence[ContractStatus]) -> Readiness:
    """Return what has become possible in a registry, and what still waits."""
    known = {each.id: each for status in statuses for each in status.falsifiers}
    edges: dict[str, list[str]] = {}
    first: dict[str, str] = {}
    for contract in contracts:
        for falsifier in contract.falsifiers:
            for number, name in enumerate(falsifier.unblocks):
                edges.setdefault(name, []).append(falsifier.id)
                path = (*falsifier.path, "unblocks", number)
                first.setdefault(name, str(contract.span(path)))
    targets = dict(_targets(contracts, statuses, known))
    found = [
        _entry(name, targets.get(name), tuple(dict.fromkeys(by)), known, first[name])
        for name, by in edges.items()
        if not (name in targets and targets[name].done)
    ]
    ready = sorted((each for each in found if not each.missing), key=lambda each: each.id)
    ready.sort(key=lambda each: each.since, reverse=True)
    waiting = sorted(each for each in found if each.missing)
    return Readiness(tuple(ready), tuple(waiting), sum(map(len, edges.values())))


def _entry(
    name: str,
    target: _Target | None,
    by: tuple[str, ...],
    known: Mapping[str, FalsifierStatus],
    where: str,
) -> Ready:
    missing = tuple(each for each in by if known[each].state is not State.DISCHARGED)
    days = [began(view) for each in by if (view := known[each].receipt)]
    since = max((day.isoformat() for day in days if day), default="")
    if target is None:
        advice = "a text has no state: whoever wrote it knows whether it is done"
        return Ready(name, "text", "", where, by, missing, since, (), advice)
    command = renewal(target.open)
    advice = "" if command else _advice(target)
    return Ready(name, target.kind, target.state, target.place, by, missing, since, command, advice)


def renewal(falsifiers: Iterable[FalsifierStatus]) -> tuple[str, ...]:
    """Return the command that runs those of the falsifiers that can be run; empty for none.

    Where nothing can be run and a number from outside is waited for, the one that enters it.
    """
    every = list(falsifiers)
    runs = [each for each in every if each.state not in _NOTHING_RUNS and not each.awaits]
    if not runs:
        waiting = next((each for each in every if each.awaits), None)
        if waiting is None:
            return ()
        numbers = (f"'{each}'" for each in waiting.awaits)
        said = ("--source", "WHERE", "--by", "WHO", "--record")
        return ("pv", "measure", short_id(waiting.id), *numbers, *said)
    live = ("--live",) if any(each.live for each in runs) else ()
    return ("pv", "discharge", *(short_id(each.id) for each in runs), *live, "--record")


def _advice(target: _Target) -> str:
    names = ", ".join(short_id(each.id) for each in target.open)
    return f"bind what {names} runs" if names else "name the falsifiers that decide it"


def _targets(
    contracts: Sequence[Contract],
    statuses: Sequence[ContractStatus],
    known: Mapping[str, FalsifierStatus],
) -> Iterator[tuple[str, _Target]]:
    """Yield everything of a registry that has a name, the contracts' own names last."""
    for contract, status in zip(contracts, statuses, strict=True):
        yield from _inner(contract, status, known)
    for contract, status in zip(contracts, statuses, strict=True):
        blocking = [each.id for each in status.falsifiers if each.blocking]
        target = _gated("contract", status.derived, contract.file, blocking, known)
        for name in dict.fromkeys((contract.id, contract.stem)):
            yield name, target


def _inner(
    contract: Contract, status: ContractStatus, known: Mapping[str, FalsifierStatus]
) -> Iterator[tuple[str, _Target]]:
    for model in contract.ship_models:
        for each in model.criteria:
            state = "NOT_APPLICABLE" if each.not_applicable else "OPEN"
            target = _gated("criterion", state, contract.span(each.path), each.gates, known)
            yield each.id, target._replace(done=target.done or bool(each.not_applicable))
    for stage, found in zip(contract.stages, status.stages, strict=True):
        place = contract.span(stage.path)
        yield stage.id, _gated("stage", found.derived, place, stage.gates, known)
    for hypothesis, answer in zip(contract.hypotheses, status.hypotheses, strict=True):
        deciding = tuple(known[f.id] for f in contract.falsifiers if hypothesis.id in f.decides)
        done = answer.derived is not HypothesisVerdict.UNTESTED
        place = contract.span(hypothesis.path)
        yield hypothesis.id, _Target("hypothesis", answer.derived, done, str(place), deciding)
    for falsifier, one in zip(contract.falsifiers, status.falsifiers, strict=True):
        place = contract.span(falsifier.path)
        yield falsifier.id, _gated("falsifier", one.state, place, [one.id], known)


def _gated(
    kind: str,
    state: str,
    place: object,
    gates: Sequence[str],
    known: Mapping[str, FalsifierStatus],
) -> _Target:
    """Return what is as far as its gates; a gate that does not exist keeps it from being done."""
    waiting = tuple(
        known[each] for each in gates if each in known and known[each].state is not State.DISCHARGED
    )
    done = bool(gates) and all(each in known for each in gates) and not waiting
    return _Target(kind, state, done, str(place), waiting)
