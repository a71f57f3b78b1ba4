"""The sha256 of a model file, computed once and remembered while the file stays as it is.

Remembered by path, size, time of change, inode and device. A file changed within the last seconds
is not remembered: a second change could leave the same time behind. A damaged memory is ignored.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import time
from pathlib import Path

from pv.errors import BadInputError, MissingError, UsageError
from pv.tensors.gguf_errors import shown_path
from pv.tensors.user_folders import cache_folder, real_path, write_atomically

_MOST_REMEMBERED = 256
_LARGEST_MEMORY = 1 << 20
_SETTLED_AFTER = 2.0
"""Seconds: coarser than the time stamps of any file system in use."""

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of_file(path: Path, *, afresh: bool = False) -> str:
    """Return the sha256 of a file in hex, from memory where the file has not changed.

    `afresh` reads the whole file in any case: a bit that rots changes no time stamp.

    Raises `MissingError` where there is no such file, `BadInputError` where it cannot be read or
    changes meanwhile.
    """
    path = real_path(path)
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):  # opening a pipe would wait for its writer
            raise BadInputError(f"{shown_path(path)}: expected a regular file")
        identity = _identity(before)
        memory = _read_memory()
        known = memory.get(str(path))
        if not afresh and known is not None and known["identity"] == identity:
            return str(known["sha256"])
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(file.fileno())
    except FileNotFoundError:
        raise MissingError(f"{shown_path(path)}: no such model file") from None
    except OSError as fault:
        raise BadInputError(f"{shown_path(path)}: cannot be read: {fault.strerror}") from None
    if _identity(after) != identity:
        raise BadInputError(
            f"{shown_path(path)}: changed while it was hashed",
            advice="let nothing write to a model file while it is used, then run again",
        )
    if time.time() - max(after.st_mtime, after.st_ctime) > _SETTLED_AFTER:
        _remember(str(path), identity, digest)
    return digest


def _identity(status: os.stat_result) -> list[int]:
    # The time of change too: an edit in place can put the time of modification back, not this one.
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return [status.st_size, *times, status.st_ino, status.st_dev]


def _memory_path() -> Path:
    return cache_folder() / "digests.json"


def _read_memory() -> dict[str, dict[str, object]]:
    """Return what is remembered; whatever is not exactly as written by us is left out."""
    path = _memory_path()
    try:
        if path.stat().st_size > _LARGEST_MEMORY:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: entry for key, entry in found.items() if _is_entry(entry)}


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"identity", "sha256"}:
        return False
    identity, digest = entry["identity"], entry["sha256"]
    numbers = isinstance(identity, list) and len(identity) == 5
    return (
        numbers
        and all(type(one) is int for one in identity)
        and isinstance(digest, str)
        and _SHA256.fullmatch(digest) is not None
    )


def _remember(path: str, identity: list[int], digest: str) -> None:
    memory = _read_memory()
    memory.pop(path, None)
    memory[path] = {"identity": identity, "sha256": digest}
    newest = dict(list(memory.items())[-_MOST_REMEMBERED:])
    try:
        write_atomically(_memory_path(), json.dumps(newest, indent=1))
    except UsageError:
        return  # a read-only home: the digest is right, only not remembered
