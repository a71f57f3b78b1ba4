"""Which files are contracts: from files, folders and patterns to a sorted list without doubles."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final, NamedTuple, TypeAlias

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
        for folder, names in _expand(str(argument)):
            if folder not in folders:
                shown = PurePath(_display(Path(folder), base)).as_posix()
                folders[folder] = os.path.realpath(folder), "" if shown == "." else f"{shown}/"
            real, prefix = folders[folder]
            for name, linked in names:
                path = f"{folder}/{name}" if folder else name
                identity = os.path.realpath(path) if linked else f"{real}/{name}"
                display = f"{prefix}{name}" if name != ".." else _display(Path(path), base)
                found.setdefault(identity, ContractFile(path, display))
    return tuple(sorted(found.values(), key=lambda one: one.display))


def contracts_of(root: Path) -> tuple[ContractFile, ...]:
    """Return the contracts of a registry, named relative to its root."""
    folder = root / "contracts"
    return discover([folder], relative_to=root) if folder.is_dir() else ()


_Listed: TypeAlias = tuple[str, list[tuple[str, bool]]]
"""A folder, empty for the current one, with names in it and whether each is a link."""


def _expand(argument: str) -> Iterator[_Listed]:
    path = Path(argument)
    if argument and path.is_dir():
        yield from _walk(path)
    elif argument and (path.exists() or path.is_symlink()):
        yield _alone(path)
    elif _PATTERN & set(argument):
        # A pattern may match folders too, and each stands for what is below it.
        anchor = Path(path.anchor) if path.anchor else Path()
        pattern = str(path.relative_to(path.anchor)) if path.anchor else argument
        for match in sorted(anchor.glob(pattern)):
            if not _hidden(match, argument):
                yield from _walk(match) if match.is_dir() else (_alone(match),)
    else:
        raise UsageError(
            f"no file or folder {argument!r}, expected a contract or a folder of contracts",
            advice="check the name; `pv validate contracts` judges a whole folder",
        )


def _alone(path: Path) -> _Listed:
    folder, name = os.path.split(path)
    return folder, [(name, path.is_symlink())]


def _hidden(match: Path, pattern: str) -> bool:
    """Tell whether a pattern reached a name that starts with a dot without saying so itself."""
    said = [part for part in pattern.split("/") if part.startswith(".")]
    hidden = (part for part in match.parts if part.startswith(".") and part != "..")
    return any(not any(fnmatchcase(part, one) for one in said) for part in hidden)


def _walk(folder: Path) -> Iterator[_Listed]:
    """Yield the contract files below a folder; links to folders are not followed.

    A folder without contracts that has the name of one stands among them, and so does such a link.
    """
    waiting = ["" if folder == Path() else str(folder)]
    while waiting:
        place = waiting.pop()
        folders: list[str] = []
        names: list[tuple[str, bool]] = []
        left_out = _VOCABULARY[1] if f"/{place}".endswith(_VOCABULARY[0]) else ""
        for entry in _entries(place or "."):
            name, linked = entry.name, entry.is_symlink()
            if name[0] == ".":
                continue
            if _is_folder(entry):
                below = f"{place}/{name}" if place else name
                if name.endswith(SUFFIXES) and (linked or not any(_walk(Path(below)))):
                    names.append((name, linked))  # in place of a contract: its reader says so
                elif name != EVIDENCE and not linked:
                    folders.append(below)
            elif name.endswith(SUFFIXES) and name != left_out:
                names.append((name, linked))
        if names:
            yield place, names
        waiting += reversed(folders)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # links that lead back to themselves
        return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as listed:
            return sorted(listed, key=lambda entry: entry.name)
    except OSError as fault:
        raise UsageError(
            f"cannot list {folder!r} ({fault.strerror}), expected a folder of contracts",
            advice="give yourself permission to read it, or name the files",
        ) from None


def _display(path: Path, base: Path) -> str:
    """Return the path below `base` with forward slashes, else as it was given."""
    absolute = Path(os.path.normpath(Path.cwd() / path))
    try:
        return absolute.relative_to(Path(os.path.normpath(base.absolute()))).as_posix()
    except ValueError:
        return path.as_posix()
