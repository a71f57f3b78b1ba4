"""Files that are replaced as a whole: a reader sees the old content or the new one, no mixture."""

from __future__ import annotations

import os
import tempfile
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
