"""What a receipt says: an in-toto Statement v1 about one verdict.

Subjects are what the verdict rests on, each with its sha256: the falsifier as the contract states
it, every project source that the run imported or read, and the model. The predicate holds what was
judged and what came out. Only its `run` section (time, duration) differs between two equal runs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pv import __version__
from pv.errors import BadInputError
from pv.evidence.canonical import entry_digest, expect_digest, plain, question_digest
from pv.model.contract import Contract, Falsifier
from pv.model.receipt import ModelIdentity, Outcome, ReceiptView
from pv.model.verdict import WITH_RECEIPT, Level, Verdict

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "pv/discharge/v1"
ENTRY: Final = "falsifier:"
SOURCE: Final = "source:"
MODEL: Final = "model:"
FILE: Final = "file:"
"""A file that shows a number from outside; nothing of it is read again."""
_LOAD: Final = "surroundings"


@dataclass(frozen=True, slots=True)
class Stored:
    """A receipt file that is what its name says."""

    path: str
    """Relative to the registry root."""
    id: str
    statement: Mapping[str, Any]
    consistent: bool = False
    """Whether it was found already that the statement does not contradict itself."""


def statement_of(
    contract: Contract,
    falsifier: Falsifier,
    outcome: Outcome,
    *,
    expect_commit: str | None,
    started: str,
) -> dict[str, Any]:
    """Return the statement of an outcome.

    `expect_commit` is the commit in which the present limits, parameters and controls first stood,
    None where they are not committed: such a receipt is post-hoc. Raises ValueError for a verdict
    that leaves no receipt.
    """
    if outcome.verdict not in WITH_RECEIPT:
        raise ValueError(f"{outcome.verdict} leaves no receipt")
    return {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": _subjects(contract, falsifier, outcome),
        "predicate": {
            **_judgement(outcome),
            "contract": contract.id,
            "contract_version": contract.version,
            "expect_digest": expect_digest(falsifier.expect),
            "question_digest": question_digest(falsifier),
            "expect_commit": expect_commit,
            "post_hoc": expect_commit is None,
            "tool_version": __version__,
            "run": {"started": started, "seconds": round(outcome.seconds, 3), **_load(outcome)}
            | ({"retries": outcome.retries} if outcome.retries else {}),
        },
    }


def _subjects(contract: Contract, falsifier: Falsifier, outcome: Outcome) -> list[dict[str, Any]]:
    named = subjects(contract, falsifier, outcome.sources, outcome.model)
    return [{"name": name, "digest": {"sha256": found}} for name, found in named.items()]


def subjects(
    contract: Contract,
    falsifier: Falsifier,
    sources: Mapping[str, str],
    model: ModelIdentity | None,
) -> dict[str, str]:
    """Return name to sha256 of everything that a verdict rests on."""
    named = {f"{ENTRY}{falsifier.id}": entry_digest(contract, falsifier)}
    named |= {f"{SOURCE}{name}": found for name, found in sorted(sources.items())}
    if model:
        named[f"{MODEL}{model.name}"] = model.sha256
    return named


def _judgement(outcome: Outcome) -> dict[str, Any]:
    """Return everything about the outcome that two equal runs have in common."""
    data = dataclasses.asdict(outcome)
    kept = (
        "falsifier verdict level headline device model comparisons guards controls companions"
        " measurements parameters environment command"
    )
    environment = {key: data["environment"][key] for key in data["environment"] if key != _LOAD}
    return {name: plain(data[name]) for name in kept.split()} | {"environment": plain(environment)}


def _load(outcome: Outcome) -> dict[str, Any]:
    """Return what the machine was doing: it stands with the time, as no two runs share it."""
    found = outcome.environment.get(_LOAD)
    return {_LOAD: plain(found)} if found else {}


def view_of(stored: Stored, *, stale: tuple[str, ...], local: bool) -> ReceiptView:
    """Return a stored statement as the derivation of states sees it.

    Raises BadInputError where verdict, level or model are not what they can be, or where the
    verdict does not follow from what the statement says was measured.
    """
    predicate = stored.statement["predicate"]
    try:
        model = predicate["model"]
        view = ReceiptView(
            id=stored.id,
            path=stored.path,
            falsifier=predicate["falsifier"],
            verdict=Verdict(predicate["verdict"]),
            level=Level(predicate["level"]),
            model=ModelIdentity(**model) if model else None,
            post_hoc=bool(predicate["post_hoc"]),
            stale=stale,
            local=local,
            statement=stored.statement,
        )
        fault = "" if stored.consistent else _contradiction(stored.statement)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInputError(f"predicate is incomplete: {error}") from None
    if fault:
        raise BadInputError(f"contradicts itself: {fault}")
    return view


def _contradiction(statement: Mapping[str, Any]) -> str:
    """Return where a statement is at odds with itself: what no run of ours can have written.

    This finds an edited verdict, not a forger who edits the measurements as well: that takes a
    signature, or another run. Raises KeyError or TypeError where something is missing.
    """
    predicate = statement["predicate"]
    named = subjects_of(statement)
    foreign = predicate["level"] == Level.FOREIGN
    if foreign and not all(predicate["origin"][each] for each in ("source", "by")):
        return "it is FOREIGN and names no source"
    if not foreign and not any(name.startswith(SOURCE) for name in named):
        return "it rests on no source"
    model = predicate["model"]
    if model and named.get(f"{MODEL}{model['name']}") != model["sha256"]:
        return f"its model {model['name']} is not among its subjects"
    follows = _verdict_of(predicate)
    if follows != predicate["verdict"]:
        return f"its verdict is {predicate['verdict']}, and {follows} follows from its comparisons"
    return ""


def _verdict_of(predicate: Mapping[str, Any]) -> Verdict:
    """Return the verdict that recorded comparisons, guards and controls lead to."""
    sound = all(
        each["finite"] and each["red"] == each["expected_red"] for each in predicate["controls"]
    )
    tripped = any(each["applies"] and each["tripped"] for each in predicate["guards"])
    if tripped or not sound or not predicate["comparisons"]:
        return Verdict.INCONCLUSIVE
    if any(each["note"] for each in predicate["comparisons"] if not each["met"]):
        return Verdict.INCONCLUSIVE  # a comparison that could not be made
    met = all(each["met"] for each in predicate["comparisons"])
    return Verdict.HELD if met else Verdict.REFUTED


def started_of(statement: Mapping[str, Any]) -> str:
    """Return when a run began, UTC, in a form that sorts by time; empty where nothing says it."""
    run = statement["predicate"].get("run")
    return str(run.get("started", "")) if isinstance(run, Mapping) else ""


def subjects_of(statement: Mapping[str, Any]) -> dict[str, str]:
    """Return name to sha256 of all subjects. Raises BadInputError where they are damaged."""
    try:
        named = {each["name"]: each["digest"]["sha256"] for each in statement["subject"]}
    except (KeyError, TypeError) as error:
        raise BadInputError(f"subjects are incomplete: {error}") from None
    if not all(isinstance(each, str) for each in named):
        raise BadInputError("subjects are incomplete: a name is no text")
    return named
