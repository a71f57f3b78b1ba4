"""Numbers from outside: recorded with who says so and where it stands, judged by the contract.

A falsifier that `awaits` a number declares metric, unit and limit. What is entered has to name just
these; the limit is then held against the recorded value, as it is for a run. Nothing ran here, so
what held is PARTIAL at most, and what did not is REFUTED.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv import __version__
from pv.compare import explain, is_finite, judge
from pv.errors import MissingError, UsageError
from pv.evidence import store
from pv.evidence.canonical import entry_digest, expect_digest, plain, question_digest
from pv.evidence.statement import ENTRY, FILE, PREDICATE_TYPE, STATEMENT_TYPE
from pv.model.contract import BindingKind, Contract, Expectation, Falsifier, short_id
from pv.model.receipt import Comparison
from pv.model.verdict import Level, Verdict

_GIVEN: Final = re.compile(r"\s*([A-Za-z_][\w.\-]*)\s*=\s*(\S+)(?:\s+(\S(?:.*\S)?))?\s*")
_MOST: Final = 1 << 30
"""Bytes of a file that is hashed."""


class Given(NamedTuple):
    """A number as it was entered."""

    metric: str
    value: float
    unit: str


class Origin(NamedTuple):
    """Who says a number, and where it stands."""

    source: str
    by: str
    on: date
    """Day of the measurement: a shelf life counts from it."""
    file: Path | None = None
    """A file that shows it; its digest is recorded, nothing of it is read."""


class Entered(NamedTuple):
    """What became of a number that was entered."""

    verdict: Verdict
    headline: str
    path: str


def read_given(text: str) -> Given:
    """Return the number of `METRIC=NUMBER UNIT`. Raises UsageError for anything else."""
    found = _GIVEN.fullmatch(text)
    try:
        value = float(found[2]) if found else None
    except ValueError:
        value = None
    if found is None or value is None or not is_finite(value):
        raise UsageError(f"{text!r}: expected METRIC=NUMBER UNIT, such as 'val_loss=2.1 nats'")
    return Given(found[1], value, found[3] or "")


def enter(
    root: Path,
    contract: Contract,
    falsifier: Falsifier,
    given: Sequence[Given],
    origin: Origin,
    *,
    commit: str | None,
    record: bool,
) -> Entered:
    """Judge numbers by the limits of a falsifier, and record them with their origin.

    `commit` is the one in which the present limits first stood. Raises UsageError where the
    falsifier awaits no number, or for another metric or unit than it awaits.
    """
    if falsifier.binding.kind is not BindingKind.AWAITS:
        raise UsageError(
            f"{falsifier.id} awaits no number: it has {falsifier.binding.kind}, expected `awaits`",
            advice=f"pv discharge {short_id(falsifier.id)}, or declare awaits in {contract.file}",
        )
    values = _bound(falsifier, given)
    comparisons = tuple(judge(each, values[each.metric]) for each in falsifier.expect)
    held = all(each.met for each in comparisons)
    first = next((each for each in comparisons if not each.met), comparisons[0])
    headline = f"{_said(first, falsifier.expect)}, by {origin.by} from {origin.source}"
    verdict = Verdict.HELD if held else Verdict.REFUTED
    told = Told(
        verdict,
        headline,
        [plain(asdict(each)) for each in comparisons],
        [each._asdict() for each in given],
    )
    path = record_told(root, contract, falsifier, told, origin, commit=commit, record=record)
    return Entered(verdict, headline, path)


class Told(NamedTuple):
    """What somebody else found."""

    verdict: Verdict
    headline: str
    comparisons: Sequence[Mapping[str, Any]]
    given: Sequence[Mapping[str, Any]]
    """What it was found from, as it was entered."""


def record_told(
    root: Path,
    contract: Contract,
    falsifier: Falsifier,
    told: Told,
    origin: Origin,
    *,
    commit: str | None,
    record: bool,
) -> str:
    """Write the receipt of something that did not run here, and return its path."""
    statement = {
        "_type": STATEMENT_TYPE,
        "predicateType": PREDICATE_TYPE,
        "subject": _subjects(contract, falsifier, origin),
        "predicate": {
            **_empty(),
            "falsifier": falsifier.id,
            "contract": contract.id,
            "contract_version": contract.version,
            "verdict": told.verdict.value,
            "level": Level.FOREIGN.value,
            "headline": told.headline,
            "comparisons": list(told.comparisons),
            "origin": {"source": origin.source, "by": origin.by},
            "given": list(told.given),
            "expect_digest": expect_digest(falsifier.expect),
            "question_digest": question_digest(falsifier),
            "expect_commit": commit,
            "post_hoc": commit is None,
            "tool_version": __version__,
            "run": {"started": f"{origin.on.isoformat()}T00:00:00Z", "seconds": 0.0},
        },
    }
    since = origin.on.isoformat()
    return store.write(root, falsifier.id, statement, record=record, since=since)


def _bound(falsifier: Falsifier, given: Sequence[Given]) -> dict[str, float]:
    """Return the values by metric: each awaited one once, in its unit, and no other."""
    wanted = {each.metric: each.unit for each in falsifier.expect}
    listed = ", ".join(f"{name} in {unit}" for name, unit in wanted.items())
    found: dict[str, float] = {}
    for each in given:
        if each.metric not in wanted:
            what = f"{falsifier.id} does not ask for {each.metric}"
            raise UsageError(f"{what}, expected {listed or 'a metric: it has no expect'}")
        if each.unit != wanted[each.metric]:
            unit = each.unit or "no unit"
            raise UsageError(f"{each.metric} is given in {unit}, expected {wanted[each.metric]}")
        if each.metric in found:
            raise UsageError(f"{each.metric} was given twice, expected one number")
        found[each.metric] = each.value
    missing = [name for name in wanted if name not in found]
    if missing or not wanted:
        what = f"{', '.join(missing) or 'expect'} is missing for {falsifier.id}"
        raise UsageError(f"{what}, expected {listed or 'limits with metric and unit'}")
    return found


def _said(comparison: Comparison, expect: Sequence[Expectation]) -> str:
    unit = next(each.unit for each in expect if each.metric == comparison.metric)
    return f"{explain(comparison)} {unit}"


def _subjects(contract: Contract, falsifier: Falsifier, origin: Origin) -> list[dict[str, Any]]:
    named = {f"{ENTRY}{falsifier.id}": entry_digest(contract, falsifier)}
    if origin.file is not None:
        named[f"{FILE}{origin.file.name}"] = _digest(origin.file)
    return [{"name": name, "digest": {"sha256": found}} for name, found in named.items()]


def _digest(file: Path) -> str:
    try:
        if not file.is_file() or file.stat().st_size > _MOST:
            raise MissingError(f"{file}: expected a file of at most {_MOST} bytes")
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise MissingError(f"{file} cannot be read: {error.strerror}") from None


def _empty() -> dict[str, Any]:
    """Return the parts of a predicate that only a run of ours has."""
    lists = ("guards", "controls", "companions", "command")
    rest: dict[str, Any] = {
        "model": None,
        "device": "",
        "measurements": None,
        "parameters": {},
        "environment": {},
    }
    return {**{name: [] for name in lists}, **rest}


def utc_day(text: str | None) -> date:
    """Return the day of a measurement; today (UTC) where none is given.

    Raises UsageError for what is no day, or one that has not come.
    """
    today = datetime.now(UTC).date()
    if text is None:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--on is {text!r}, expected a day as YYYY-MM-DD") from None
    if day > today:
        raise UsageError(f"--on is {text}, expected no day after today ({today})")
    return day
