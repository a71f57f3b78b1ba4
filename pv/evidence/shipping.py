"""Where the models of a registry stand on their way to shipping, now and in past revisions."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NamedTuple

from pv.errors import UsageError
from pv.evidence.derive import Derived, Freshness, derive_all
from pv.evidence.history import History
from pv.model.contract import Contract, ShipModel
from pv.model.status import ContractStatus, FalsifierStatus
from pv.model.verdict import Level, State
from pv.registry.git import ask, name_problem
from pv.ship import ShipStanding, standing


@dataclass(frozen=True, slots=True)
class Shipment:
    """One model to ship, with the states that its criteria rest on."""

    contract: Contract
    model: ShipModel
    state_of: Callable[[str], State]
    origin_of: Callable[[str], str]
    """Where the number comes from that holds a falsifier from outside; empty where none does."""

    @property
    def standing(self) -> ShipStanding:
        """Where it stands by its receipts. Raises UsageError for numbers that are none."""
        return standing(self.contract, self.model, self.state_of, self.origin_of)

    def forecast(self, discharged: frozenset[str]) -> ShipStanding:
        """Where it would stand if these falsifiers were DISCHARGED: a forecast, never a state."""
        return standing(
            self.contract,
            self.model,
            lambda gate: State.DISCHARGED if gate in discharged else self.state_of(gate),
            self.origin_of,
        )


class Fleet(NamedTuple):
    """All models to ship of a registry."""

    shipments: tuple[Shipment, ...]
    statuses: tuple[ContractStatus, ...]
    unread: tuple[str, ...]
    """Contract files that cannot be read: what they hold is not in any figure."""


def fleet(
    root: Path,
    *,
    local: bool = False,
    freshness: Freshness = "judged",
    history: History | None = None,
    today: date | None = None,
) -> Fleet:
    """Return the models to ship of a registry, in the order of files and of each file."""
    derived = derive_all(root, local=local, freshness=freshness, history=history, today=today)
    return fleet_of(derived)


def fleet_of(derived: Derived) -> Fleet:
    """Return the models to ship of a registry that was read already."""
    origins = {
        each.id: origin
        for status in derived.statuses
        if status.summary.foreign
        for each in status.falsifiers
        if (origin := _origin(each))
    }

    def origin_of(gate: str) -> str:
        return origins.get(gate, "")

    shipments = tuple(
        Shipment(contract, model, states_on(derived.statuses, model.model), origin_of)
        for contract in derived.contracts
        for model in contract.ship_models
    )
    return Fleet(shipments, derived.statuses, tuple(each.file for each in derived.unread))


def _origin(falsifier: FalsifierStatus) -> str:
    """Return who says the number that holds a falsifier from outside; empty where none does."""
    receipt = falsifier.receipt
    held = falsifier.state is State.PARTIAL_ALGORITHM_LEVEL
    if receipt is None or receipt.level is not Level.FOREIGN or receipt.post_hoc or not held:
        return ""
    origin = receipt.statement["predicate"]["origin"]
    return f"{origin['by']}, {origin['source']}"


def states_on(statuses: Sequence[ContractStatus], model: str) -> Callable[[str], State]:
    """Return the state of a falsifier id as it counts for a model to ship.

    Where the falsifier judges that very model its state there counts, else its overall state; an
    unknown id is PROPOSED.
    """
    states: dict[str, State] = {}
    for status in statuses:
        summary = status.summary
        states.update(zip(summary.falsifiers, summary.states, strict=True))
        for falsifier in status.falsifiers if summary.live else ():
            there = {each.name: each.state for each in falsifier.models}
            states[falsifier.id] = there.get(model, falsifier.state)
    return lambda gate: states.get(gate, State.PROPOSED)


class PastFleet(NamedTuple):
    """The models to ship as a revision had them."""

    commit: str
    date: str
    """Date of the commit, ISO 8601."""
    fleet: Fleet


def fleet_at(root: Path, revision: str) -> PastFleet:
    """Return the models to ship as a git revision had them, by the receipts that it had.

    States are as recorded: what was fresh when it was recorded counts, up to its shelf life on the
    day of the commit. Raises UsageError where the revision cannot be read.
    """
    if problem := name_problem(revision):
        raise UsageError(problem)
    found = ask(root, "log", "-1", "--format=%H %cI", revision, "--")
    if found.problem or not found.text.strip():
        raise UsageError(
            f"no revision {revision}: {found.problem or 'git names none'}",
            advice="in a shallow clone: git fetch --unshallow",
        )
    commit, written = found.text.split()
    with _unpacked(root, commit) as folder:
        day = datetime.fromisoformat(written).astimezone(UTC).date()
        past = fleet(folder, freshness="as recorded", history=History(root), today=day)
        return PastFleet(commit, written, past)


def past_commits(root: Path, limit: int) -> list[str]:
    """Return the latest commits that touched contracts or their receipts, oldest first."""
    answer = ask(root, "log", f"--max-count={limit}", "--format=%H", "--", "contracts")
    if answer.problem:
        raise UsageError(f"no history: {answer.problem}")
    return answer.text.split()[::-1]


@contextmanager
def _unpacked(root: Path, commit: str) -> Iterator[Path]:
    """Yield a temporary folder with the registry as it stood in a commit; nothing of it runs."""
    archive = ask(root, "archive", "--format=tar", commit, "--", ".")
    if archive.problem:
        raise UsageError(f"revision {commit[:12]} cannot be read: {archive.problem}")
    with tempfile.TemporaryDirectory(prefix="pv-revision-") as name:
        with tarfile.open(fileobj=io.BytesIO(archive.output)) as tar:
            members = [each for each in tar if each.isfile() or each.isdir()]
            tar.extractall(name, members=members, filter="data")
        yield Path(name)
