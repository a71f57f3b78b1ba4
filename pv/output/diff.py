"""What two sides of contracts differ in, for people, for programs and for pull requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from pv import __version__
from pv.output.escape import escape
from pv.output.fold import folded
from pv.output.interface import Stream, counted
from pv.registry.change import Change
from pv.registry.difference import Difference
from pv.registry.sides import Comparison
from pv.registry.versions import Bump, parse_version, raised

SCHEMA_VERSION: Final = "1.0"


def write_diff_text(comparison: Comparison, stream: Stream) -> None:
    """Write every difference with the bump that each change asks for, and one line of sum."""
    for difference in comparison.differences:
        if difference.changes or difference.before.version != difference.after.version:
            stream.write(escape(_title(difference)) + "\n")
            for change in _weightiest_first(difference):
                stream.write(folded(f"  {change.bump.name:<5}  {escape(str(change))}", 9) + "\n")
            stream.write(f"  {verdict(difference)}\n")
    for word, contracts in (("added", comparison.added), ("removed", comparison.removed)):
        for contract in contracts:
            version = contract.version or "no version"
            stream.write(escape(f"{contract.file}  {contract.id} {version}: {word}") + "\n")
    for file, reason in comparison.unread.items():
        stream.write(folded(escape(f"NOT COMPARED {file}: {reason}")) + "\n")
    stream.write(folded(summary(comparison)) + "\n")


def write_diff_markdown(comparison: Comparison, stream: Stream) -> None:
    """Write a table for each contract that differs."""
    stream.write(f"### {_cell(comparison.before)} → {_cell(comparison.after)}\n\n")
    for difference in comparison.differences:
        if not difference.changes:
            continue
        stream.write(f"**{_cell(_title(difference))}**\n\n| asks for | change |\n| --- | --- |\n")
        for change in _weightiest_first(difference):
            stream.write(f"| {change.bump.name} | {_cell(str(change))} |\n")
        stream.write(f"\n{_cell(verdict(difference))}\n\n")
    for word, contracts in (("added", comparison.added), ("removed", comparison.removed)):
        for contract in contracts:
            stream.write(f"- {word}: {_cell(contract.file)}\n")
    for file, reason in comparison.unread.items():
        stream.write(f"- not compared: {_cell(file)}: {_cell(reason)}\n")
    gap = "\n" if comparison.added or comparison.removed or comparison.unread else ""
    stream.write(f"{gap}{summary(comparison)}\n")


def write_diff_json(comparison: Comparison, stream: Stream) -> None:
    """Write the comparison as one document, ASCII only."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "before": comparison.before,
        "after": comparison.after,
        "differences": [_data(one) for one in comparison.differences if one.changes],
        "same": sum(not one.changes for one in comparison.differences),
        "added": [one.file for one in comparison.added],
        "removed": [one.file for one in comparison.removed],
        "not_compared": dict(comparison.unread),
    }
    json.dump(data, stream, indent=2, allow_nan=False)
    stream.write("\n")


def verdict(difference: Difference) -> str:
    """Return what is asked for beside what is declared, with the version that would do."""
    asked, declared = difference.asked, difference.declared
    version = parse_version(difference.before.version or "")
    if declared is None or version is None:
        return f"asks for {asked.name}, declares nothing known: a version is no SemVer"
    if difference.enough:
        return f"asks for {asked.name}, declares {declared.name}: enough"
    least = raised(version, max(asked, Bump.PATCH))
    return f"asks for {asked.name}, declares {declared.name}: too small, expected {least} or more"


def summary(comparison: Comparison) -> str:
    """Return one line with the sum of a comparison."""
    differing = sum(bool(one.changes) for one in comparison.differences)
    parts = [
        f"{counted(differing, 'contract')} changed",
        f"{len(comparison.differences) - differing:,} the same",
        f"{len(comparison.added):,} added",
        f"{len(comparison.removed):,} removed",
        f"{counted(len(comparison.small), 'bump')} too small",
    ]
    if comparison.unread or comparison.unknown:
        parts.append(f"{len(comparison.unread) + len(comparison.unknown):,} not judged")
    return " · ".join(parts)


def _title(difference: Difference) -> str:
    before, after = difference.before, difference.after
    file = before.file if before.file == after.file else f"{before.file} → {after.file}"
    return f"{file}  {after.id} {before.version or 'none'} → {after.version or 'none'}"


def _weightiest_first(difference: Difference) -> Iterator[Change]:
    for bump in (Bump.MAJOR, Bump.MINOR, Bump.PATCH):
        yield from difference.because(bump)


def _cell(text: str) -> str:
    """Return text that stands as it is in Markdown, also in a cell of a table."""
    shown = "".join(f"\\{c}" if c in "\\`*_[]<>|#" else c for c in escape(text))
    return shown.replace("&", "&amp;")


def _data(difference: Difference) -> dict[str, Any]:
    declared = difference.declared
    return {
        "file": difference.after.file,
        "contract": difference.after.id,
        "before": difference.before.version,
        "after": difference.after.version,
        "asked": difference.asked.name.lower(),
        "declared": None if declared is None else declared.name.lower(),
        "enough": difference.enough,
        "changes": [
            {
                "part": one.part,
                "verb": one.verb.value,
                "name": one.name,
                "detail": one.detail,
                "bump": one.bump.name.lower(),
            }
            for one in difference.changes
        ],
    }
