"""Which files are contracts: from files, folders and patterns to a sorted list without doubles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final, NamedTuple

from pv.errors import UsageError

SUFFIXES: Final = (".yaml", ".yml")
EVIDENCE: Final = "evidence"
"""Folder of receipts beside the contracts; nothing in it is a contract."""
_VOCABULARY: Final = ("/schemas", "lifecycle.yaml")
"""Folder and name of the statuses that a registry knows, which are no contract either."""
_PATTERN: Final = frozenset("*?[")


class ContractFile(NamedTuple):
    """One file to judge: where it is, and the name that people see."""

    place: str
    display: str

    @property
    def path(self) -> Path:
        """Where the file is; made when asked for, as ten thousand of them take their time."""
        return Path(self.place)


def discover(
    arguments: Iterable[str | Path], *, relative_to: Path | None = None
) -> tuple[ContractFile, ...]:
    """Return the files that the arguments name, each once, sorted by the name people see.

    A folder stands for all `*.yaml` and `*.yml` below it, without folders that start with a dot,
    without `evidence` and without `schemas/lifecycle.yaml`. A pattern that the shell left alone is
    expanded, and may match nothing.
    Raises UsageError for a file or folder that does not exist.
    """
    base = relative_to or Path.cwd()
    found: dict[str, ContractFile] = {}
    folders: dict[str, tuple[str, str]] = {}
    for argument in arguments:
        for path in _expand(str(argument)):
            folder, name = os.path.split(path)
            if folder not in folders:
                shown = PurePath(_display(Path(folder), base)).as_posix()
                folders[folder] = os.path.realpath(folder), "" if shown == "." else f"{shown}/"
            real, prefix = folders[folder]
            linked = os.path.islink(path)  # noqa: PTH114 - thrice as fast without a Path
            identity = os.path.realpath(path) if linked else f"{real}/{name}"
            display = f"{prefix}{name}" if name != ".." else _display(Path(path), base)
            found.setdefault(identity, ContractFile(path, display))
    return tuple(sorted(found.values(), key=lambda one: one.display))


def contracts_of(root: Path) -> tuple[ContractFile, ...]:
    """Return the contracts of a registry, named relative to its root."""
    folder = root / "contracts"
    return discover([folder], relative_to=root) if folder.is_dir() else ()


def _expand(argument: str) -> Iterator[str]:
    path = Path(argument)
    if argument and path.is_dir():
        yield from _walk(path)
    elif argument and (path.exists() or path.is_symlink()):
        yield str(path)
    elif _PATTERN & set(argument):
        # A pattern may match folders too, and each stands for what is below it.
        anchor = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(path.anchor)) if path.anchor else argument
        for match in sorted(anchor.glob(pattern)):
            if not _hidden(match, argument):
                yield from _walk(match) if match.is_dir() else (str(match),)
    else:
        raise UsageError(
            f"no file or folder {argument!r}, expected a contract or a folder of contracts",
            advice="check the name; `pv validate contracts` judges a whole folder",
        )


def _hidden(match: Path, pattern: str) -> bool:
    """Tell whether a pattern reached a name that starts with a dot without saying so itself."""
    said = [part for part in pattern.split("/") if part.startswith(".")]
    hidden = (part for part in match.parts if part.startswith(".") and part != "..")
    return any(not any(fnmatchcase(part, one) for one in said) for part in hidden)


def _walk(folder: Path) -> Iterator[str]:
    """Yield the contract files below a folder; links to folders are not followed."""
    for place, folders, files in os.walk(folder, onerror=_unlistable):
        folders[:] = sorted(one for one in folders if one != EVIDENCE and one[0] != ".")
        left_out = _VOCABULARY[1] if f"/{place}".endswith(_VOCABULARY[0]) else ""
        for name in sorted(files):
            if name.endswith(SUFFIXES) and not name.startswith(".") and name != left_out:
                yield name if place == "." else f"{place}/{name}"


def _unlistable(fault: OSError) -> None:
    raise UsageError(
        f"cannot list {fault.filename!r} ({fault.strerror}), expected a folder of contracts",
        advice="give yourself permission to read it, or name the files",
    )


def _display(path: Path, base: Path) -> str:
    """Return the path below `base` with forward slashes, else as it was given."""
    absolute = Path(os.path.normpath(Path.cwd() / path))
    try:
        return absolute.relative_to(Path(os.path.normpath(base.absolute()))).as_posix()
    except ValueError:
        return path.as_posix()
