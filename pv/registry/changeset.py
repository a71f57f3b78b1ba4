"""A change as a whole: which paths differ from a base revision, and what contracts differ in."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Final

from pv.errors import UsageError
from pv.model.contract import Contract, short_id
from pv.registry.change import Change, Verb
from pv.registry.git import ask, name_problem
from pv.registry.revision import read_revision
from pv.registry.sides import Comparison, compare_sides, registry_side, side_of

_TEST: Final = {
    ".py": re.compile(r"^\s*(?:async\s+)?def\s+(test_\w+)", re.MULTILINE),
    ".rs": re.compile(
        r"^\s*#\[(?:\w+::)*(?:test|rstest|test_case|wasm_bindgen_test)\b"
        r"(?:(?!\bfn\b)[^{};]){0,400}\bfn\s+(\w+)",
        re.MULTILINE,
    ),
}
"""How test functions stand in a source, with their names."""
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

    @cached_property
    def statuses(self) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return what everything with an id said of itself before, and says after the change."""
        comparison = self.comparison
        before = [one.before for one in comparison.differences]
        after = [one.after for one in comparison.differences]
        return _said_in([*before, *comparison.removed]), _said_in([*after, *comparison.added])

    def matching(self, words: str) -> tuple[str, ...]:
        """Return the paths that a text names: whole, by their end, or as all below a folder."""
        name = words.removeprefix("./").rstrip("/")
        below, endings = self._names
        return tuple(below.get(name) or endings.get(name) or ())

    @cached_property
    def _names(self) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
        """Return paths by their own name and those of the folders above, and by their ends."""
        below: dict[str, list[str]] = {}
        endings: dict[str, list[str]] = {}
        for path in self.states:
            parts = path.split("/")
            for number in range(1, len(parts) + 1):
                below.setdefault("/".join(parts[:number]), []).append(path)
                endings.setdefault("/".join(parts[number:]), []).append(path)
        return below, endings

    @cached_property
    def tests(self) -> tuple[int, int, bool]:
        """Return how many test functions came and went, and whether one may stand for several.

        One that has moved to another file is neither.
        """
        paths = [path for path, state in self.states.items() if state is not PathState.SAME]
        wanted = [path for path in paths if Path(path).suffix in _TEST]
        before = read_revision(self.top, self.base, wanted).texts
        earlier, later = Counter[str](), Counter[str]()
        several = False
        for path in wanted:
            now = _text_of(self.top / path)
            earlier.update(_tests_in(path, before.get(path, "")))
            later.update(_tests_in(path, now))
            several = several or bool(_MANY_FROM_ONE.search(now))
        return (later - earlier).total(), (earlier - later).total(), several

    def tests_of(self, path: str) -> tuple[int, bool]:
        """Return how many test functions a file holds, and whether one may stand for several."""
        text = _text_of(self.top / path) if Path(path).suffix in _TEST else ""
        return len(_tests_in(path, text)) if text else 0, bool(_MANY_FROM_ONE.search(text))

    @cached_property
    def tests_present(self) -> tuple[int, bool]:
        """Return how many test functions there are, and whether one may stand for several."""
        texts = {
            path: _text_of(self.top / path)
            for path, state in self.states.items()
            if state is not PathState.DELETED and Path(path).suffix in _TEST
        }
        number = sum(len(_tests_in(path, text)) for path, text in texts.items())
        return number, any(map(_MANY_FROM_ONE.search, texts.values()))


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


def _said_in(contracts: Iterable[Contract]) -> dict[str, str]:
    """Return statuses and verdicts by id and short id; the first of an id counts."""
    found: dict[str, str] = {}
    for one in contracts:
        pairs: list[tuple[str, str | None]] = [(one.id, one.status), (one.stem, one.status)]
        pairs += [(each.id, each.status) for each in one.falsifiers]
        pairs += [(each.id, each.status) for each in one.stages]
        pairs += [(each.id, each.verdict) for each in one.hypotheses]
        for name, word in pairs:
            found.setdefault(name, word or "")
            found.setdefault(short_id(name), word or "")
    return found


def _tests_in(path: str, text: str) -> list[str]:
    found: list[str] = _TEST[Path(path).suffix].findall(text)
    return found


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
