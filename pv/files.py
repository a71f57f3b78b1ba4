"""Files that are replaced as a whole, and files that are read without ever waiting for them."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_MODE: Final = 0o644
"""Permissions of a file that was not there before."""


def replace_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file beside its place and move it there; what fails leaves the old one as it was.

    `mode` are its permissions; without it those of the file that is there. The folder must exist.
    Raises OSError.
    """
    if mode is None:
        mode = path.stat().st_mode & 0o7777 if path.exists() else _MODE
    import tempfile  # noqa: PLC0415 - ten milliseconds for what only reads

    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def plain_bytes(path: Path, most: int) -> bytes | None:
    """Return the content of a plain file; None for anything else, or for more than `most` bytes.

    A pipe, a socket or a device is no plain file, and nobody waits for it. Raises OSError.
    """
    if not stat.S_ISREG(path.stat().st_mode):
        return None  # a socket cannot even be opened
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > most:
            return None
        data = file.read(most + 1)
    return data if len(data) <= most else None


OWN: Final = ".pv"
"""Folder below a registry's root for what can be made again: caches, local receipts, logs."""


def own_folder(root: Path, *names: str) -> Path:
    """Make a folder below `.pv`, which git is told to pass by, and return it. Raises OSError."""
    folder = root.joinpath(OWN, *names)
    folder.mkdir(parents=True, exist_ok=True)
    ignore = root / OWN / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return folder
