"""Paths that contracts name, opened only inside the registry root, and the sources behind them."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path, PurePosixPath

from pv.bindings.interface import Refusal

SOURCE_LIMIT = 4 * 1024 * 1024
"""Bytes; a larger file is not a test source."""

SKIPPED_FOLDERS = frozenset({"target", "node_modules", "venv", "__pycache__"})
"""Folders of other people's and of built code; hidden ones are passed by as well."""

_COMPARED = 500
"""Names that are compared letter by letter with a missing one."""


def inside(root: Path, text: str) -> Path | Refusal:
    """Return the existing path below `root` that `text` names, or why it is not opened.

    Refused are absolute paths, `..`, backslashes, control characters and links that leave the root.
    """
    if not text or any(ord(character) < 32 for character in text):
        return Refusal("the path is empty or holds control characters")
    if "\\" in text or text.startswith(("/", "~")):
        return Refusal(f"{text} is not a path relative to the registry root")
    if ".." in PurePosixPath(text).parts:
        return Refusal(f"{text} climbs with `..`, expected a path below the registry root")
    try:
        found = (root / text).resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return Refusal(f"no file {text}")
    if not found.is_relative_to(root.resolve()):
        return Refusal(f"{text} leads out of the registry root")
    return root / text


def read_source(file: Path) -> str | Refusal:
    """Return the text of a source file, or why it is not read."""
    try:
        state = file.stat()
        if not stat.S_ISREG(state.st_mode):
            return Refusal(f"{file.name} is not a regular file")
        if state.st_size > SOURCE_LIMIT:
            return Refusal(
                f"{file.name} has {state.st_size} bytes, at most {SOURCE_LIMIT} are read"
            )
        return file.read_bytes().decode("utf-8", errors="replace")
    except OSError as error:
        return Refusal(f"{file.name} cannot be read: {error.strerror or type(error).__name__}")


def nearest(name: str, candidates: Iterable[str]) -> str:
    """Return the candidate most like `name`, or an empty text where none is close.

    The last `::` segment decides, so that a moved test is found under its new path. Of many
    candidates only those of like length that begin most alike are compared letter by letter.
    """
    wanted = _tail(name)
    slack = max(3, len(wanted) // 3)
    pool: dict[str, str] = {}
    for candidate in sorted(candidates):
        tail = _tail(candidate)
        if abs(len(tail) - len(wanted)) <= slack:
            pool.setdefault(tail, candidate)
    likely = sorted(pool, key=lambda tail: (-_common(tail, wanted), tail))
    close = difflib.get_close_matches(wanted, likely[:_COMPARED], n=1, cutoff=0.6)
    return pool[close[0]] if close else ""


def nearest_file(root: Path, path: str) -> str:
    """Return the file below `root` most like a missing one, folder by folder; empty without one."""
    parts = PurePosixPath(path).parts
    at, found = root, PurePosixPath()
    for depth, part in enumerate(parts, 1):
        known = _entries(at, files=depth == len(parts), suffix=PurePosixPath(part).suffix)
        meant = part if part in known.values() else known.get(nearest(_stem(part), known), "")
        if not meant:
            return ""
        at, found = at / meant, found / meant
    return "" if isinstance(inside(root, str(found)), Refusal) else str(found)


def _entries(folder: Path, *, files: bool, suffix: str) -> dict[str, str]:
    """Return the files of a folder, or its folders: what tells each apart, to its name."""
    try:
        names = sorted(each.name for each in folder.iterdir() if each.is_dir() != files)
    except OSError:
        return {}
    names = [each for each in names if PurePosixPath(each).suffix == suffix]
    return {_stem(each): each for each in names if not each.startswith(".")}


def _stem(name: str) -> str:
    return PurePosixPath(name).stem.removeprefix("test_").removesuffix("_test")


def _common(one: str, other: str) -> int:
    """Return how many characters two names begin with in common."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _tail(name: str) -> str:
    return name.rsplit("::", 1)[-1]
