"""Receipt files: written so that nothing acknowledged is lost, read so that nothing damaged passes.

A file's name is the first 16 hexadecimal digits of the sha256 of its bytes. It is written under a
temporary name in the same folder, flushed to disk, renamed, and the folder flushed, before the
write is acknowledged. Readers ignore temporary files and name every damaged record.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final, TypeAlias

from pv.errors import BadInputError, PvError
from pv.evidence.canonical import canonical_bytes
from pv.evidence.folders import LOCAL, REGISTRY, fits
from pv.evidence.statement import PREDICATE_TYPE, STATEMENT_TYPE, Stored
from pv.files import own_folder

SHOWN: Final = 16
"""Hexadecimal digits of the digest in a file's name."""
LARGEST: Final = 16 << 20
_NAME: Final = re.compile(r"[0-9a-f]{16}\.json")
ENVELOPE: Final = r"[0-9a-f]{16}\.[0-9a-f]{64}\.dsse\.json"
"""Pattern of the names of signatures, which lie beside receipts and are none."""
_ENVELOPE: Final = re.compile(ENVELOPE)
_MISNAMED: Final = "name is not 16 hexadecimal digits and .json"
_TEMPORARY: Final = ".tmp-"

Reader: TypeAlias = "Callable[[Path, Path, str], Stored | Damaged]"
"""From root, file and falsifier to what the file holds."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """A receipt file that cannot be relied on, and why."""

    path: str
    reason: str
    unread: bool = False
    """Whether the machine refused to read it, which it may not do again."""


def folder_of(root: Path, falsifier: str, *, record: bool) -> Path:
    """Return where receipts of a falsifier lie. Raises BadInputError for an id that is no name."""
    if not fits(falsifier):
        raise BadInputError(
            f"falsifier id {falsifier[:80]!r}: expected letters, digits, '.', '_' and '-', at most"
            " 128, so that its receipts have a folder"
        )
    return root.joinpath(*(REGISTRY if record else LOCAL), falsifier)


def write(
    root: Path, falsifier: str, statement: Mapping[str, Any], *, record: bool, since: str = ""
) -> str:
    """Write a statement and return its path relative to the root.

    Where the folder already holds a receipt of the same identity (equal apart from its `run`
    section) nothing is written and that one's path is returned; with `since`, a day, only where
    that one is of this day or a later one, so that a run renews a shelf life. Raises BadInputError
    where the disk refuses; what was there before is untouched then.
    """
    folder, wanted = folder_of(root, falsifier, record=record), identity(statement)
    for stored in read_folder(root, falsifier, record=record):
        if isinstance(stored, Stored) and identity(stored.statement) == wanted:
            run = stored.statement["predicate"].get("run")
            if not since or str((run or {}).get("started", "")) >= since:
                return stored.path
    data = canonical_bytes(statement) + b"\n"
    name = hashlib.sha256(data).hexdigest()[:SHOWN] + ".json"
    try:
        if not record:
            own_folder(root, *LOCAL[1:])
        folder.mkdir(parents=True, exist_ok=True)
        write_durably(folder, name, data)
    except OSError as error:
        place = (folder / name).relative_to(root)
        raise UnwritableError(
            f"receipt {place} cannot be written: {error.strerror}",
            advice="free or unlock the place and run again; nothing was recorded",
        ) from None
    return (folder / name).relative_to(root).as_posix()


class UnwritableError(PvError):
    """The disk refuses a receipt."""

    exit_code = 3


def write_durably(folder: Path, name: str, data: bytes) -> None:
    """Write a file into a folder that is there, whole or not at all. Raises OSError."""
    temporary = folder / f"{_TEMPORARY}{name}-{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    for each in (folder, folder.parent):  # the parent, because the folder may be new
        handle = os.open(each, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def identity(statement: Mapping[str, Any]) -> str:
    """Return what makes two receipts the same: everything but the `run` section (time, duration).

    The digest in a file's name is over all bytes and shows tampering; this one tells repeats.
    """
    predicate = {k: v for k, v in dict(statement.get("predicate", {})).items() if k != "run"}
    return hashlib.sha256(canonical_bytes({**statement, "predicate": predicate})).hexdigest()


def read_folder(
    root: Path, falsifier: str, *, record: bool, read: Reader | None = None
) -> Iterator[Stored | Damaged]:
    """Yield the receipts of a falsifier by name; damaged ones are yielded too, never left out.

    `read` is asked for each file in place of `read_file`.
    """
    if not fits(falsifier):
        return
    base = "/".join(REGISTRY if record else LOCAL)
    place = f"{root}/{base}/{falsifier}"
    try:
        names = sorted(os.listdir(place))  # noqa: PTH208 - names alone, and fast
    except (FileNotFoundError, NotADirectoryError):
        return
    if _may_lead_out(root, place):
        yield Damaged(f"{base}/{falsifier}", "leads out of the registry")
        return
    reader = read or read_file
    for name in names:
        if not name.startswith(_TEMPORARY) and not _ENVELOPE.fullmatch(name):
            yield reader(root, Path(f"{place}/{name}"), falsifier)


def _may_lead_out(root: Path, folder: str) -> bool:
    """Tell whether a folder of receipts is a link, or below one, that leaves the registry."""
    above = folder.rpartition("/")[0]
    if not any(map(os.path.islink, (folder, above, above.rpartition("/")[0]))):
        return False
    return not Path(folder).resolve().is_relative_to(root.resolve())


def has_local(root: Path, falsifier: str) -> bool:
    """Tell whether .pv/receipts holds a sound receipt of a falsifier, fresh or stale."""
    return any(isinstance(each, Stored) for each in read_folder(root, falsifier, record=False))


def local_folders(root: Path) -> frozenset[str]:
    """Return the names of what .pv/receipts holds: one a falsifier."""
    try:
        return frozenset(os.listdir(root.joinpath(*LOCAL)))  # noqa: PTH208 - names alone, and fast
    except OSError:
        return frozenset()


def folders(root: Path, *, local: bool) -> tuple[str, ...]:
    """Return the folders that hold receipts, one a falsifier, relative to the root."""
    found: list[str] = []
    for base in (REGISTRY, LOCAL) if local else (REGISTRY,):
        shown = "/".join(base)
        if (place := root.joinpath(*base)).is_dir():
            with os.scandir(place) as listed:
                found += [f"{shown}/{each.name}" for each in listed if each.is_dir()]
    return tuple(sorted(found))


def read_file(root: Path, path: Path, falsifier: str) -> Stored | Damaged:
    """Return the receipt that a file holds, or why it cannot be relied on."""
    shown = path.relative_to(root).as_posix()
    if not _NAME.fullmatch(path.name):
        return Damaged(shown, _MISNAMED)
    try:
        data = _bytes_of(path)
    except OSError as error:
        return Damaged(shown, f"cannot be read: {error.strerror}", unread=True)
    if data is None:
        return Damaged(shown, f"is a link, no plain file, or larger than {LARGEST} bytes")
    return _held(shown, falsifier, data)


def is_envelope(file: str) -> bool:
    """Tell whether a path names a signature, which lies beside receipts and is none."""
    return _ENVELOPE.fullmatch(PurePosixPath(file).name) is not None


def checked(shown: str, falsifier: str, data: bytes) -> Stored | Damaged:
    """Return the receipt that the bytes of a file hold, or why they cannot be relied on."""
    if not _NAME.fullmatch(shown.rpartition("/")[2]):
        return Damaged(shown, _MISNAMED)
    return _held(shown, falsifier, data)


def _held(shown: str, falsifier: str, data: bytes) -> Stored | Damaged:
    """Return what the bytes of a file of a fitting name hold."""
    name = PurePosixPath(shown)
    found = hashlib.sha256(data).hexdigest()[:SHOWN]
    if found != name.stem:
        return Damaged(shown, f"digest differs: its name says {name.stem}, its bytes {found}")
    try:
        statement = json.loads(data)
        fault = _shape_fault(statement, falsifier)
    except (ValueError, RecursionError):
        return Damaged(shown, "is not JSON")
    return Damaged(shown, fault) if fault else Stored(shown, name.stem, statement)


def _bytes_of(path: Path) -> bytes | None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            return None
        return file.read(LARGEST + 1)


def _shape_fault(statement: Any, falsifier: str) -> str:
    """Return what a statement lacks; an unchanged file need not be one."""
    if not isinstance(statement, dict) or statement.get("_type") != STATEMENT_TYPE:
        return f"is no {STATEMENT_TYPE}"
    predicate = statement.get("predicate")
    if statement.get("predicateType") != PREDICATE_TYPE or not isinstance(predicate, dict):
        return f"has no predicate of type {PREDICATE_TYPE}"
    if predicate.get("falsifier") != falsifier:
        return f"is about {predicate.get('falsifier')!r}, not {falsifier!r}"
    return ""
