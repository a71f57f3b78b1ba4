"""Every receipt of a registry with its condition, and what a stale one is stale for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from pv.evidence.derive import Derived
from pv.evidence.history import History
from pv.evidence.receipt import load
from pv.evidence.statement import ENTRY, MODEL, SOURCE, Stored, started_of
from pv.evidence.store import LARGEST, Damaged, Reader, folders, read_folder
from pv.files import plain_bytes
from pv.model.contract import Contract
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus, FalsifierStatus
from pv.model.verdict import Level
from pv.registry.contracts import Loaded, load_contracts
from pv.registry.git import ask
from pv.shelf import OUTLIVED, utc_today


class Condition(StrEnum):
    """What an audit finds of one receipt."""

    VALID = "valid"
    """Its bytes are what its name says, and everything it rests on is as it was."""
    FOREIGN = "foreign"
    """Sound and up to date, of something that did not run here: it never discharges by itself."""
    STALE = "stale"
    """Sound, but something that it rests on has changed since."""
    DAMAGED = "damaged"
    """Not what its name says, or at odds with itself: it counts for nothing."""
    ORPHANED = "orphaned"
    """Of a falsifier that no contract of the registry has."""


@dataclass(frozen=True, slots=True)
class Audited:
    """One receipt file."""

    path: str
    falsifier: str
    condition: Condition
    moved: tuple[str, ...] = ()
    """Names of the subjects that changed since, of a stale one."""
    reason: str = ""
    """Of a damaged one: what is wrong with it."""
    receipt: ReceiptView | None = None


class Audit(NamedTuple):
    """All receipts of a registry, and the contracts that could not be read."""

    receipts: tuple[Audited, ...]
    unread: tuple[str, ...]


def audit(
    root: Path,
    *,
    local: bool = False,
    loaded: Sequence[Loaded] | None = None,
    read: Reader | None = None,
) -> Audit:
    """Read every receipt of a registry and hash everything again that it rests on.

    `loaded` are its contracts where they were read already. With the `read` of an index, receipts
    that it knows are not read again.
    """
    loaded = load_contracts(root) if loaded is None else loaded
    history = History(root)
    found: list[Audited] = []
    known: set[str] = set()
    for one in loaded:
        if one.contract is not None:
            found += audit_contract(root, one.contract, history, local=local, read=read)
            known |= {each.id for each in one.contract.falsifiers}
    for folder in folders(root, local=local):
        falsifier = folder.rpartition("/")[2]
        if falsifier not in known:
            found += _orphans(root, folder, falsifier)
    unread = tuple(one.file for one in loaded if one.contract is None)
    return Audit(tuple(sorted(found, key=lambda each: each.path)), unread)


class Listed(NamedTuple):
    """What a list tells of one receipt file."""

    path: str
    verdict: str
    """`none` of one that cannot be relied on."""
    condition: str
    detail: str
    """What is wrong with it, or what changed since."""


def listed(root: Path, derived: Derived, *, local: bool) -> list[Listed]:
    """Return what `audit` finds of a registry whose states were judged, as a list tells it."""
    told = derived.told(listed_text)
    found = [Listed(*row) for text in told if text for row in json.loads(text)]
    known = {name for each in derived.statuses for name in each.summary.falsifiers}
    for folder in folders(root, local=local):
        if (falsifier := folder.rpartition("/")[2]) not in known:
            found += map(_listed, _orphans(root, folder, falsifier))
    return sorted(found, key=lambda each: each.path)


def listed_text(status: ContractStatus) -> str:
    """Return what lists tell of the receipts of one contract, as JSON; nothing without any."""
    own: dict[str, FalsifierStatus] = {}
    for each in status.falsifiers:
        own.setdefault(each.id, each)
    found = [_audited(view) for each in own.values() for view in each.receipts]
    found += [_damaged(path, reason) for path, reason in status.damaged]
    return json.dumps(list(map(_listed, found))) if found else ""


def _listed(each: Audited) -> Listed:
    verdict = each.receipt.verdict.value if each.receipt else "none"
    return Listed(each.path, verdict, each.condition.value, each.reason or ", ".join(each.moved))


def audit_contract(
    root: Path, contract: Contract, history: History, *, local: bool, read: Reader | None = None
) -> Iterator[Audited]:
    """Yield the receipts of one contract; see `audit`."""
    day = utc_today()
    evidence = load(root, contract, local=local, history=history, today=day, read=read)
    yield from map(_audited, evidence.receipts)
    for each in evidence.damaged:
        yield _damaged(each.path, each.reason)


def _audited(view: ReceiptView) -> Audited:
    sound = Condition.FOREIGN if view.level is Level.FOREIGN else Condition.VALID
    condition = Condition.STALE if view.stale else sound
    return Audited(view.path, view.falsifier, condition, view.stale, receipt=view)


def _damaged(path: str, reason: str) -> Audited:
    return Audited(path, Path(path).parent.name, Condition.DAMAGED, reason=reason)


def _orphans(root: Path, folder: str, falsifier: str) -> Iterator[Audited]:
    for each in read_folder(root, falsifier, record=folder.startswith("contracts/")):
        if isinstance(each, Damaged):
            yield Audited(each.path, falsifier, Condition.DAMAGED, reason=each.reason)
        else:
            reason = "no contract has this falsifier"
            yield Audited(each.path, falsifier, Condition.ORPHANED, reason=reason)


def find(root: Path, name: str) -> Stored | Damaged | None:
    """Return the receipt that a digest, its beginning, or a path names; None where none does.

    Of several that begin so, None too: a name that is not one receipt's is no name.
    """
    stem = Path(name).stem
    found = [
        each
        for folder in folders(root, local=True)
        for each in read_folder(
            root, folder.rpartition("/")[2], record=folder.startswith("contracts/")
        )
        if Path(each.path).stem.startswith(stem)
    ]
    return found[0] if len(found) == 1 and stem else None


class Told(NamedTuple):
    """One verdict on record."""

    started: str
    """When its run began, UTC; empty where it does not say."""
    falsifier: str
    verdict: str
    level: str
    model: str
    condition: str
    id: str
    path: str


def timeline(receipts: Sequence[Audited]) -> list[Told]:
    """Return every verdict on record, oldest first; what is damaged or orphaned tells none."""
    found = [_told_when(each, each.receipt) for each in receipts if each.receipt is not None]
    return sorted(found)


def _told_when(each: Audited, receipt: ReceiptView) -> Told:
    model = receipt.model.name if receipt.model else ""
    return Told(
        started_of(receipt.statement),
        each.falsifier,
        receipt.verdict.value,
        receipt.level.value,
        model,
        each.condition.value,
        receipt.id,
        each.path,
    )


def digest_list(receipts: Sequence[Audited], root: Path) -> list[tuple[str, str]]:
    """Return sha256 and path of every receipt: kept elsewhere, it shows a missing file."""
    paths = [each.path for each in receipts if (root / each.path).is_file()]
    found = ((path, plain_bytes(root / path, LARGEST)) for path in paths)
    return [(hashlib.sha256(data).hexdigest(), path) for path, data in found if data is not None]


# Why a receipt is stale


class Since(NamedTuple):
    """One subject that moved, and the first commit that moved it since the receipt was added."""

    subject: str
    commit: str
    """Short hash, date and subject line; empty where the change is not committed or not known."""


def since(root: Path, contract: Contract, receipt: Audited, history: History) -> list[Since]:
    """Return for each moved subject of a stale receipt the commit that moved it."""
    added = history.added(receipt.path)
    return [
        Since(
            name,
            "time alone: a run renews it"
            if name.startswith(OUTLIVED)
            else _first_commit(root, added, _file_of(name, contract)),
        )
        for name in receipt.moved
    ]


def _file_of(subject: str, contract: Contract) -> str:
    if subject.startswith(SOURCE):
        return subject.removeprefix(SOURCE)
    return contract.file if subject.startswith((ENTRY, MODEL)) else ""


def _first_commit(root: Path, added: str | None, file: str) -> str:
    if not added or not file:
        return ""
    answer = ask(root, "log", "--reverse", "--format=%h %cs %s", f"{added}..HEAD", "--", file)
    return "" if answer.problem else next(iter(answer.text.splitlines()), "")


# Two receipts side by side


class Row(NamedTuple):
    """One line of a comparison; a side that has no such thing is empty."""

    name: str
    one: str
    other: str

    @property
    def same(self) -> bool:
        """Whether both sides say the same."""
        return self.one == self.other


def side_by_side(
    one: Mapping[str, object], other: Mapping[str, object]
) -> dict[str, tuple[Row, ...]]:
    """Return what two statements of one falsifier say, by heading: judged, measured, rested on."""
    left, right = _told(one), _told(other)
    return {
        heading: tuple(
            Row(name, left[heading].get(name, ""), right[heading].get(name, ""))
            for name in dict.fromkeys((*left[heading], *right[heading]))
        )
        for heading in left
    }


def _told(statement: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    predicate, subjects = statement["predicate"], statement["subject"]
    run = predicate["run"]
    judged = {
        **{key: str(predicate.get(key)) for key in ("verdict", "level", "device", "headline")},
        "started": str(run.get("started")),
        "seconds": str(run["seconds"]),
    }
    measured = {
        f"{each['metric']} {each['op']} {each['limit']}": _number(each["value"])
        for each in predicate["comparisons"]
    }
    environment = {key: str(value) for key, value in sorted(predicate["environment"].items())}
    rests = {each["name"]: str(each["digest"]["sha256"])[:16] for each in subjects}
    return {
        "judged": judged,
        "measured": measured,
        "environment": environment,
        "rests on": rests,
    }


def _number(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_number(each) for each in value[:8]) + (", …" if len(value) > 8 else "")
    return repr(value)
