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
from pv.evidence.answers import doubt, doubtful
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


def load(
    root: Path,
    contract: Contract,
    *,
    local: bool,
    fresh_sources: bool = True,
    history: History | None = None,
    today: date | None = None,
    read: Reader | None = None,
) -> Evidence:
    """Return all receipts of a contract's falsifiers, each with the subjects that moved since.

    With `local` receipts under `.pv/receipts` count too. Without `fresh_sources` the project's
    sources are not looked at: the answer is then what the records say. With `today` a receipt that
    is past its shelf life is stale; else only the day is told on which that ends. `read` is that of
    an index, where one is at hand.
    """
    receipts: list[ReceiptView] = []
    damaged: list[Damaged] = []
    history = history or History(root)
    for falsifier in contract.falsifiers:
        for record in (True, False) if local else (True,):
            for each in store.read_folder(root, falsifier.id, record=record, read=read):
                if isinstance(each, Damaged):
                    if each.unread:
                        doubtful()
                    damaged.append(each)
                    continue
                try:
                    moved = _moved(root, contract, falsifier, each.statement, fresh_sources)
                    view = view_of(each, stale=tuple(moved), local=not record)
                except BadInputError as error:
                    damaged.append(Damaged(each.path, error.message))
                    continue
                late = view.post_hoc or history.came_with_its_limits(contract, each.path)
                view = replace(view, post_hoc=late)
                receipts.append(dated(view, contract.shelf_life, today))
    return Evidence(tuple(receipts), tuple(damaged))


def _moved(
    root: Path,
    contract: Contract,
    falsifier: Falsifier,
    statement: Mapping[str, Any],
    fresh_sources: bool,
) -> list[str]:
    """Return the names of the subjects whose digest is not today's, or that are gone."""
    moved, named = [], subjects_of(statement)
    if named.get(f"{ENTRY}{falsifier.id}") != entry_digest(contract, falsifier):
        moved.append(f"{ENTRY}{falsifier.id}")
    accepted = {
        f"{MODEL}{each.name}": each.sha256
        for each in (falsifier.models.accept if falsifier.models else ())
        if each.recorded
    }
    for name, digest in named.items():
        gone = name.startswith(MODEL) and accepted.get(name) != digest
        source = name.removeprefix(SOURCE)
        changed = fresh_sources and source != name and digest != _digest_of(root, source)
        if source != name:
            doubt(source)
        if gone or changed:
            moved.append(name)
    return moved


def _digest_of(root: Path, name: str) -> str | None:
    """Return today's digest of a source, by the rule that a run loads it by; None: it is gone.

    A file of the registry comes first. The package's own is meant where the registry has none of
    that name, or where both are one file. What the other of the two says is no evidence.
    """
    parts = Path(name).parts
    packaged = _PACKAGE / Path(*parts[1:]) if parts[0] == "pv" else _PACKAGE / name
    own = root / name
    found = own if own.exists() or not packaged.is_file() else packaged
    return _file_digest(found, _stamp(found))


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
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
