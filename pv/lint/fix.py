"""Applies the fixes that findings carry, in passes, until none is left to apply.

All passes work on texts in memory. A fix is taken only if the file then reads as sound YAML whose
data differs at the finding's own place and nowhere else; a fix that would do more is refused. What
lies outside a fix keeps every byte. Nothing is written before the last pass is done.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path as FilePath
from typing import Final, TypeAlias

from pv.errors import UsageError
from pv.files import replace_file
from pv.lint.engine import Report
from pv.model.contract import Path
from pv.model.finding import Finding, Fix
from pv.yamlfile.intake import BOM
from pv.yamlfile.judge import Judged, judge_text
from pv.yamlfile.nodes import Plain, to_plain
from pv.yamlfile.read import Document, read_text
from pv.yamlfile.respell import offset_at

MAX_PASSES: Final = 10
"""Passes after which fixing stops, whatever is left: fixes that undo each other never end."""

_OPEN_END: Final = "\n\\ No newline at end of file\n"

Judge: TypeAlias = "Callable[[Sequence[Judged]], Report]"
"""Lints files; called once for each pass."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file before and after; texts without the byte order mark."""

    file: str
    before: Document
    after: str

    @property
    def diff(self) -> str:
        """The change as a unified diff."""
        before, after = _lines(self.before.text), _lines(self.after)
        found = unified_diff(before, after, f"a/{self.file}", f"b/{self.file}")
        return "".join(line if line[-1] == "\n" else f"{line}{_OPEN_END}" for line in found)


def _lines(text: str) -> list[str]:
    """Return the lines as `diff` and `patch` count them: only a line feed ends one."""
    *whole, last = text.split("\n")
    return [f"{line}\n" for line in whole] + ([last] if last else [])


@dataclass(frozen=True, slots=True)
class Mended:
    """What fixing came to: the changed files, how many fixes, and how things stand after it."""

    changes: tuple[Change, ...]
    fixed: int
    judged: tuple[Judged, ...]
    report: Report
    converged: bool
    """Whether it ended because there was nothing more to apply."""


def mend(judged: Sequence[Judged], lint: Judge, *, unsafe: bool) -> Mended:
    """Apply every safe fix, and the unsafe ones where asked for, until nothing changes."""
    before = {one.document.file: one.document for one in judged}
    current = tuple(judged)
    report, fixed = lint(current), 0
    for _ in range(MAX_PASSES):
        edits = _edits(report.findings, current, unsafe=unsafe)
        if not edits:
            break
        fixed += sum(number for _, number in edits.values())
        current = tuple(
            _judged_again(one, edits[one.document.file][0]) if one.document.file in edits else one
            for one in current
        )
        report = lint(current)
    left = _edits(report.findings, current, unsafe=unsafe)
    changes = tuple(
        Change(one.document.file, before[one.document.file], one.document.text)
        for one in current
        if one.document.text != before[one.document.file].text
    )
    return Mended(changes, fixed, current, report, not left)


def _judged_again(one: Judged, text: str) -> Judged:
    document = one.document
    return judge_text((BOM if document.bom else "") + text, document.file)


def _edits(
    findings: Sequence[Finding], judged: Sequence[Judged], *, unsafe: bool
) -> dict[str, tuple[str, int]]:
    """Return the new text of each file that one pass changes, and how many fixes it took."""
    wanted: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.fix is not None and (finding.fix.safe or unsafe):
            wanted.setdefault(finding.span.file, []).append(finding)
    edits = {}
    for one in judged:
        document = one.document
        if document.sound and (mine := wanted.get(document.file)):
            text, number = apply(document, mine)
            if text != document.text:
                edits[document.file] = text, number
    return edits


def apply(document: Document, findings: Sequence[Finding]) -> tuple[str, int]:
    """Return the text with the fixes of findings applied, and how many of them were.

    Fixes that overlap an earlier one wait for the next pass. Where all together do not give what
    they should, each is tried alone, and those that do not are left out.
    """
    edits = list(_disjoint(document, findings))
    text = _replaced(document.text, edits)
    if _holds(document, text, edits):
        return text, len(edits)
    kept: list[_Edit] = []
    for edit in edits:
        if _holds(document, _replaced(document.text, [*kept, edit]), [*kept, edit]):
            kept.append(edit)
    return _replaced(document.text, kept), len(kept)


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    new: str
    path: Path


def _disjoint(document: Document, findings: Sequence[Finding]) -> Iterator[_Edit]:
    """Yield the edits in the order of the text, without those that touch the one before."""
    edits = sorted(
        {_edit(document, each, each.fix) for each in findings if each.fix is not None},
        key=lambda one: (one.start, one.end, one.new),
    )
    reached = -1
    for edit in edits:
        if edit.start > reached:
            reached = edit.end
            yield edit


def _edit(document: Document, finding: Finding, fix: Fix) -> _Edit:
    start, end = offset_at(document.text, fix.span.start), offset_at(document.text, fix.span.end)
    return _Edit(start, end, fix.replacement, finding.path)


def _replaced(text: str, edits: Sequence[_Edit]) -> str:
    parts, position = [], 0
    for edit in edits:
        parts += [text[position : edit.start], edit.new]
        position = edit.end
    return "".join([*parts, text[position:]])


def _holds(document: Document, text: str, edits: Sequence[_Edit]) -> bool:
    """Tell whether the new text is sound and its data differs at the edits' own places alone."""
    new = read_text(text, document.file)
    if document.root is None or new.root is None or not new.sound:
        return False
    places = {edit.path[:depth] for edit in edits for depth in range(len(edit.path) + 1)}
    exact = {edit.path for edit in edits}
    return _differs_only_at(to_plain(document.root), to_plain(new.root), (), places, exact)


def _differs_only_at(
    before: Plain, after: Plain, path: Path, places: set[Path], exact: set[Path]
) -> bool:
    """Compare two trees; at a place that an edit is about, key or value may be another."""
    if path not in places:
        return repr(before) == repr(after)
    if isinstance(before, dict) and isinstance(after, dict):
        pairs = list(zip(before.items(), after.items(), strict=False))
        return len(before) == len(after) and all(
            _same_entry(old, new, path, places, exact) for old, new in pairs
        )
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(
            _differs_only_at(old, new, (*path, index), places, exact)
            for index, (old, new) in enumerate(zip(before, after, strict=True))
        )
    # A value that an edit is about: a text or number for whatever stood there.
    single = not isinstance(before, dict | list)
    return (path in exact or single) and not isinstance(after, dict | list)


def _same_entry(
    old: tuple[str, Plain], new: tuple[str, Plain], path: Path, places: set[Path], exact: set[Path]
) -> bool:
    here = (*path, old[0])
    if old[0] != new[0]:  # a key was renamed: what stands under it may be mended in the same pass
        inside = _below(places, here)
        return here in exact and _differs_only_at(old[1], new[1], here, inside, exact - {here})
    return _differs_only_at(old[1], new[1], here, places, exact)


def _below(places: set[Path], here: Path) -> set[Path]:
    """Return the places strictly below `here`, and `here` itself if there are any."""
    below = {place for place in places if place[: len(here)] == here and place != here}
    return below | {here} if below else set()


def write(changes: Sequence[Change], paths: Mapping[str, FilePath]) -> None:
    """Write the changed files, each as a whole or not at all.

    Raises UsageError for a file that is not as it was read any more, or cannot be written.
    """
    for change in changes:
        _write(paths[change.file], change)


def _write(path: FilePath, change: Change) -> None:
    target = FilePath(os.path.realpath(path))
    mark = BOM if change.before.bom else ""
    try:
        if target.read_bytes() != (mark + change.before.text).encode():
            raise UsageError(
                f"{change.file}: changed while it was being fixed, so nothing was written to it",
                advice="run it again",
            )
        replace_file(target, (mark + change.after).encode())
    except OSError as fault:
        raise UsageError(
            f"{change.file}: cannot be written ({fault.strerror})",
            advice="check permissions of file and folder, and free space",
        ) from fault
