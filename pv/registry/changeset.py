"""A change as a whole: which paths differ from a base revision, and what contracts differ in."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from pv.errors import UsageError
from pv.registry.change import Change, Verb
from pv.registry.git import ask, name_problem
from pv.registry.revision import read_revision
from pv.registry.sides import Comparison, compare_sides, registry_side, side_of

_TEST: Final = {
    ".py": re.compile(r"^\s*(?:async\s+)?def\s+test_\w+", re.MULTILINE),
    ".rs": re.compile(
        r"^\s*#\[(?:\w+::)*(?:test|rstest|test_case|wasm_bindgen_test)\b", re.MULTILINE
    ),
}
_MANY_FROM_ONE: Final = re.compile(r"parametrize|rstest|test_case|proptest|hypothesis")
_SUBMODULE: Final = "160000"


class PathState(StrEnum):
    """What became of a path since the base revision."""

    ADDED = "added"
    CHANGED = "changed"
    DELETED = "deleted"
    SAME = "unchanged"


@dataclass(frozen=True)
class ChangeSet:
    """What differs between a base revision and the files on disk, ignored files left out."""

    root: Path
    """Root of the registry."""
    top: Path
    """Root of the repository: paths are relative to it."""
    base: str
    states: Mapping[str, PathState]
    """Every path of either side."""

    @cached_property
    def comparison(self) -> Comparison:
        """Return what contracts differ in."""
        return compare_sides(side_of(self.base, self.root), registry_side(self.root))

    @cached_property
    def moves(self) -> tuple[Change, ...]:
        """Return all statuses that moved."""
        return tuple(
            change
            for difference in self.comparison.differences
            for change in difference.changes
            if change.verb is Verb.MOVED
        )

    def matching(self, words: str) -> tuple[str, ...]:
        """Return the paths that a text names: whole, by their end, or as all below a folder."""
        name = words.removeprefix("./").rstrip("/")
        exact = tuple(path for path in self.states if path == name or path.startswith(f"{name}/"))
        return exact or tuple(path for path in self.states if path.endswith(f"/{name}"))

    @cached_property
    def tests_added(self) -> tuple[int, bool]:
        """Return how many test functions came, and whether one of them may stand for several."""
        number, several = 0, False
        paths = [path for path, state in self.states.items() if state is not PathState.SAME]
        wanted = [path for path in paths if Path(path).suffix in _TEST]
        before = read_revision(self.top, self.base, wanted).texts
        for path in wanted:
            pattern = _TEST[Path(path).suffix]
            now = _text_of(self.top / path)
            came = len(pattern.findall(now)) - len(pattern.findall(before.get(path, "")))
            number += came
            several = several or (came > 0 and bool(_MANY_FROM_ONE.search(now)))
        return number, several


def read_change_set(root: Path, base: str) -> ChangeSet:
    """Return the change since a revision; raises UsageError where git cannot tell."""
    if problem := name_problem(base):
        raise UsageError(f"--base {base}: {problem}")
    top = ask(root, "rev-parse", "--show-toplevel")
    if top.problem:
        raise UsageError(f"--base {base}: {top.problem}", advice="run it inside a repository")
    folder = Path(top.text.rstrip("\n"))
    listed = ask(folder, "ls-tree", "-r", "-z", "--full-tree", base)
    if listed.problem:
        raise UsageError(f"--base {base}: no revision {base}")
    before = dict(_blob(row) for row in listed.fields if not row.startswith(_SUBMODULE))
    files = ask(folder, "ls-files", "-z", "--cached", "--others", "--exclude-standard").fields
    states = {path: _state(folder / path, before.get(path)) for path in sorted({*files, *before})}
    known = {path: state for path, state in states.items() if state is not None}
    return ChangeSet(root, folder, base, known)


def _blob(row: str) -> tuple[str, str]:
    """Return path and object id of a row `mode type id TAB path`."""
    head, _, path = row.partition("\t")
    return path, head.split(" ")[2]


def _state(path: Path, before: str | None) -> PathState | None:
    """Return the state of a path; None for one that is on neither side, or no file."""
    try:
        content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
    except OSError:
        return PathState.DELETED if before and not path.is_dir() else None
    if before is None:
        return PathState.ADDED
    same = before in {_object_id(content, before), _object_id(_unix(content), before)}
    return PathState.SAME if same else PathState.CHANGED


def _object_id(content: bytes, like: str) -> str:
    """Return the id that git gives to a content, by the hash that another id was made with."""
    data = b"blob %d\0" % len(content) + content
    if len(like) == 64:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()


def _unix(content: bytes) -> bytes:
    """Return a text as git stores it where it converts line ends."""
    return content.replace(b"\r\n", b"\n")


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
