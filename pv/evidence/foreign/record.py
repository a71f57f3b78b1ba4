"""Foreign evidence from results of tests: at most partial, marked as what it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from pv.bindings.resolve import Resolver
from pv.errors import UsageError
from pv.evidence.foreign.blocks import read_blocks
from pv.evidence.foreign.cargo_json import read_cargo
from pv.evidence.foreign.case import Case, Ending, Results, take
from pv.evidence.foreign.junit import read_junit
from pv.evidence.foreign.matching import Answer, match
from pv.evidence.history import History
from pv.evidence.outside import Origin, Told, record_told
from pv.model.contract import Contract
from pv.model.receipt import Comparison
from pv.model.verdict import Verdict

_LISTED: Final = 200
"""Results that a receipt names one by one."""


_QUOTED: Final = 80
"""Characters of a message that stand in a headline."""


class Imported(NamedTuple):
    """What became of the results that answer one falsifier."""

    falsifier: str
    verdict: Verdict | None
    """None where they answer neither yes nor no, so that nothing was recorded."""
    headline: str
    path: str = ""


class Import(NamedTuple):
    """What became of a file."""

    kind: str
    tests: int
    imported: tuple[Imported, ...]
    unmapped: tuple[str, ...]
    """Names of tests that answer no falsifier of this registry."""


def read_results(path: Path) -> Results:
    """Return the results that a file tells, by its form.

    Raises BadInputError for a file that is none of JUnit XML, cargo's JSON and a contract.
    """
    data = take(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return read_blocks(data, path)
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return read_junit(data, path) if start == b"<" else read_cargo(data, path)


def import_results(
    root: Path,
    contracts: Sequence[Contract],
    results: Results,
    path: Path,
    *,
    by: str,
    source: str,
    on: date | None,
    record: bool,
) -> Import:
    """Record what results say of falsifiers as foreign evidence.

    One failed test refutes; passed ones hold where none was skipped or errored, which would leave
    a part of the question open. `on` is the day of the run where the file does not say it.
    """
    day = results.on or on or datetime.now(UTC).date()
    if day > datetime.now(UTC).date():
        raise UsageError(f"{path} is of {day.isoformat()}, expected no day after today")
    origin = Origin(source or path.name, by or f"results in {results.kind} form", day, path)
    answers, rest = match(contracts, results.cases, Resolver(root))
    history = History(root)
    imported = [_record(root, each, origin, history, record=record) for each in answers]
    unmapped = tuple(dict.fromkeys(each.shown for each in rest))
    return Import(results.kind, len(results.cases), tuple(imported), unmapped)


def _record(
    root: Path, answer: Answer, origin: Origin, history: History, *, record: bool
) -> Imported:
    counts = Counter(each.ending for each in answer.cases)
    failed = counts[Ending.FAILED]
    told = ", ".join(f"{counts[each]} {each}" for each in Ending if counts[each])
    open_ = counts[Ending.ERRORED] + counts[Ending.SKIPPED]
    said = next((each.message for each in answer.cases if each.message), "")
    quoted = f' ("{said[:_QUOTED]}")' if said else ""
    if not failed and (open_ or not counts[Ending.PASSED]):
        return Imported(answer.falsifier.id, None, f"{told}{quoted}: neither held nor refuted")
    reason = "a test that fails contradicts what it tests"
    compared = Comparison("failed tests", "==", 0, None, failed, not failed, failed, None, reason)
    verdict = Verdict.REFUTED if failed else Verdict.HELD
    headline = f"{told} elsewhere{quoted}, by {origin.by} from {origin.source}"
    commit = history.expect_commit(answer.contract, answer.falsifier)
    given = [_given(each) for each in answer.cases[:_LISTED]]
    statement = Told(verdict, headline, [asdict(compared)], given)
    path = record_told(
        root, answer.contract, answer.falsifier, statement, origin, commit=commit, record=record
    )
    return Imported(answer.falsifier.id, verdict, headline, path)


def _given(case: Case) -> dict[str, str]:
    told = {"test": case.shown, "ended": case.ending.value, "said": case.message}
    return {key: value for key, value in told.items() if value}
