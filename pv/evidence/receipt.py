"""Writing a receipt for an outcome; reading the receipts of a contract with what moved since."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import pv
from pv.errors import BadInputError
from pv.evidence import store
from pv.evidence.answers import doubt, doubtful, doubts
from pv.evidence.canonical import entry_digest
from pv.evidence.history import History
from pv.evidence.statement import (
    ENTRY,
    MODEL,
    SOURCE,
    statement_of,
    subjects,
    subjects_of,
    view_of,
)
from pv.evidence.store import Damaged, Reader
from pv.evidence.superseded import superseded
from pv.model.contract import Contract, Falsifier
from pv.model.receipt import ModelIdentity, Outcome, ReceiptView
from pv.shelf import dated

_PACKAGE = Path(pv.__file__).resolve().parent


def write_receipt(
    root: Path,
    contract: Contract,
    falsifier: Falsifier,
    outcome: Outcome,
    commit: str | None,
    *,
    record: bool,
) -> str:
    """Write the receipt of an outcome, into the registry or locally; return its path.

    `commit` is the one in which the present question first stood, None where it is not committed.
    """
    started = datetime.now(UTC) - timedelta(seconds=outcome.seconds)
    statement = statement_of(
        contract,
        falsifier,
        outcome,
        expect_commit=commit,
        started=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    since = "" if contract.shelf_life is None else statement["predicate"]["run"]["started"][:10]
    return store.write(root, falsifier.id, statement, record=record, since=since)


@dataclass(frozen=True, slots=True)
class Repeat:
    """A receipt over the same claim, the same sources and the same model as a run."""

    path: str
    predicate: Mapping[str, Any]


def repeats(
    root: Path,
    contract: Contract,
    falsifier: Falsifier,
    sources: Mapping[str, str],
    model: ModelIdentity | None,
) -> tuple[Repeat, ...]:
    """Return the receipts that a run with these sources and this model repeats.

    Receipts that cannot be relied on are left out: they are named where evidence is read.
    """
    wanted = subjects(contract, falsifier, sources, model)
    found: list[Repeat] = []
    for record in (True, False):
        for each in store.read_folder(root, falsifier.id, record=record):
            if isinstance(each, Damaged):
                continue
            try:
                if subjects_of(each.statement) == wanted:
                    view_of(each, stale=(), local=not record)
                    found.append(Repeat(each.path, each.statement["predicate"]))
            except BadInputError:
                continue
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Evidence:
    """The receipts of one contract, and the files that cannot be relied on."""

    receipts: tuple[ReceiptView, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    sources: frozenset[str] = frozenset()
    """Names of the sources that were hashed again."""


def load(
    root: Path,
    contract: Contract,
    *,
    local: bool,
    fresh_sources: bool = True,
    history: History | None = None,
    today: date | None = None,
    read: Reader | None = None,
    sources: Sources | None = None,
) -> Evidence:
    """Return all receipts of a contract's falsifiers, each with the subjects that moved since.

    With `local` receipts under `.pv/receipts` count too. Without `fresh_sources` the project's
    sources are not looked at: the answer is then what the records say, later ones of earlier ones.
    With `today` a receipt that is past its shelf life is stale; else only the day is told on which
    that ends. `read` is that of an index, where one is at hand; `sources` have been hashed for
    other contracts.
    """
    receipts: list[ReceiptView] = []
    damaged: list[Damaged] = []
    looked_at: set[str] = set()
    history, sources = history or History(root), sources or Sources(root)
    for falsifier in contract.falsifiers:
        for record in (True, False) if local else (True,):
            for each in store.read_folder(root, falsifier.id, record=record, read=read):
                if isinstance(each, Damaged):
                    if each.unread:
                        doubtful()
                    damaged.append(each)
                    continue
                try:
                    named = subjects_of(each.statement)
                    resting = [name for name in named if name.startswith(SOURCE)]
                    looked_at.update(resting if fresh_sources else ())
                    moved = _moved(contract, falsifier, named, sources if fresh_sources else None)
                    view = view_of(each, stale=tuple(moved), local=not record)
                except BadInputError as error:
                    damaged.append(Damaged(each.path, error.message))
                    continue
                late = view.post_hoc or history.came_with_its_limits(contract, each.path)
                view = replace(view, post_hoc=late)
                receipts.append(dated(view, contract.shelf_life, today))
    names = frozenset(each.removeprefix(SOURCE) for each in looked_at)
    told = receipts if fresh_sources else superseded(receipts)
    return Evidence(tuple(told), tuple(damaged), names)


def _moved(
    contract: Contract, falsifier: Falsifier, named: Mapping[str, str], sources: Sources | None
) -> list[str]:
    """Return the names of the subjects whose digest is not today's, or that are gone."""
    moved: list[str] = []
    if named.get(f"{ENTRY}{falsifier.id}") != entry_digest(contract, falsifier):
        moved.append(f"{ENTRY}{falsifier.id}")
    accepted = {
        f"{MODEL}{each.name}": each.sha256
        for each in (falsifier.models.accept if falsifier.models else ())
        if each.recorded
    }
    for name, digest in named.items():
        gone = name.startswith(MODEL) and accepted.get(name) != digest
        if name.startswith(SOURCE):
            source = name.removeprefix(SOURCE)
            doubt(source)
            gone = sources is not None and sources.digest(source) != digest
        if gone:
            moved.append(name)
    return moved


class Sources:
    """Today's digests of the sources of a registry, each found once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._digests: dict[str, str | None] = {}
        self._unread: set[str] = set()

    def digest(self, name: str) -> str | None:
        """Return the digest of a source; None where it is gone or cannot be read."""
        if name not in self._digests:
            with doubts() as raised:
                self._digests[name] = _digest_of_source(self._root, name)
                self._unread.update([name] if raised() else [])
        if name in self._unread:
            doubtful()
        return self._digests[name]


def _digest_of_source(root: Path, name: str) -> str | None:
    """Return today's digest of a source, by the rule that a run loads it by; None: it is gone.

    A file of the registry comes first. The package's own is meant where the registry has none of
    that name, or where both are one file. What the other of the two says is no evidence.
    """
    parts = Path(name).parts
    if not parts:
        return None
    packaged = _PACKAGE / Path(*parts[1:]) if parts[0] == "pv" else _PACKAGE / name
    own = root / name
    return digest_of_file(own if own.exists() or not packaged.is_file() else packaged)


def digest_of_file(path: Path) -> str | None:
    """Return today's digest of a file; None where there is none that can be read."""
    stamp = _stamp(path)
    found = _file_digest(path, stamp)
    if stamp is not None and found is None:
        doubtful()  # it may be read the next time
    return found


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


@lru_cache(maxsize=4096)
def _file_digest(path: Path, stamp: tuple[int, int] | None) -> str | None:
    """Return a file's sha256; within one process an unchanged file is read once."""
    if stamp is None:
        return None
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None
