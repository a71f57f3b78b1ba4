"""Where a command may write: never over what somebody made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from pv.errors import UsageError

_NEVER_OURS: Final = frozenset({".yaml", ".yml", ".gguf", ".py", ".toml"})
"""Endings of files that nothing writes which asks for a destination."""


def check_destination(
    option: str, path: Path, inputs: Iterable[Path] = (), *, whole: bool = True
) -> None:
    """Raise UsageError where a file cannot be written, or would take the place of an input.

    One file by two names (links of both kinds) is one file. It is asked before anything is run.
    A pipe or a device can be written to, but not be replaced as a `whole`.
    """
    if not path.parent.is_dir():
        raise UsageError(
            f"{option} {path}: no folder {str(path.parent)!r}, expected one that exists",
            advice="make the folder first",
        )
    if path.is_dir():
        raise UsageError(f"{option} {path}: is a folder, expected the name of a file")
    if not path.exists():
        return
    if whole and not path.is_file():
        raise UsageError(f"{option} {path}: is a pipe or a device, expected the name of a file")
    taken = next((each for each in inputs if each.exists() and path.samefile(each)), None)
    if taken is not None or path.suffix.lower() in _NEVER_OURS:
        what = f"the file that is read ({taken})" if taken else "no earlier output"
        raise UsageError(
            f"{option} {path}: is {what}, and would be lost", advice="name a file of its own"
        )
