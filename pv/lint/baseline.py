"""The findings that a registry lives with for now: a file of fingerprints that can only shrink."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.errors import UsageError
from pv.files import replace_file
from pv.lint.catalogue import is_judged
from pv.lint.fingerprint import VERSION, fingerprints
from pv.lint.options import Options
from pv.lint.suppress import KEPT
from pv.model.finding import Finding

FILE: Final = "pv-baseline.json"
"""Its name in the root of a registry, where no other is given."""
SCHEMA_VERSION: Final = 1
_KEYS: Final = ("fingerprint", "rule", "contract")


class Entry(NamedTuple):
    """One known finding: what it is recognised by, and what helps people to find it."""

    fingerprint: str
    rule: str
    contract: str


class Difference(NamedTuple):
    """What a baseline and the findings of today do not have in common."""

    added: tuple[Entry, ...]
    """Findings that the baseline does not hold."""
    stale: tuple[Entry, ...]
    """Entries that no finding has any more."""
    unjudged: tuple[Entry, ...]
    """Entries of rules that this run does not ask: nothing can be said about them."""


def entries_of(findings: Iterable[Finding]) -> tuple[Entry, ...]:
    """Return the entries of findings, sorted; faults of YAML and of suppressions have none."""
    every = sorted(findings, key=Finding.sort_key)
    found = (
        Entry(name, one.rule, one.contract)
        for one, name in zip(every, fingerprints(every), strict=True)
        if not one.rule.startswith(KEPT)
    )
    return tuple(sorted(found, key=_order))


def compare(baseline: Iterable[Entry], findings: Iterable[Finding], options: Options) -> Difference:
    """Return what is in one and not in the other; an extra copy of a known finding is added."""
    old = {one.fingerprint: one for one in baseline}
    new = {one.fingerprint: one for one in entries_of(findings)}
    gone = [one for name, one in old.items() if name not in new]
    return Difference(
        tuple(one for name, one in new.items() if name not in old),
        tuple(one for one in gone if is_judged(one.rule, options)),
        tuple(one for one in gone if not is_judged(one.rule, options)),
    )


def load(path: Path) -> tuple[Entry, ...]:
    """Return the entries of a baseline file; raises UsageError for one that cannot be relied on."""
    try:
        data = json.loads(path.read_bytes())
    except FileNotFoundError:
        advice = "pv baseline write makes it"
        raise UsageError(f"no baseline {path}, expected a file", advice=advice) from None
    except OSError as fault:
        raise UsageError(f"{path}: cannot be read ({fault.strerror})") from None
    except (ValueError, RecursionError):
        raise _fault(path, "no JSON document") from None
    if not isinstance(data, dict):
        raise _fault(path, "expected a mapping")
    if (data.get("schema_version"), data.get("fingerprints")) != (SCHEMA_VERSION, VERSION):
        expected = f"schema_version {SCHEMA_VERSION}, fingerprints {VERSION}"
        raise _fault(path, f"of another version, expected {expected}")
    rows = data.get("findings")
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise _fault(path, f"expected findings, a list of {', '.join(_KEYS)}")
    entries = tuple(Entry(*(row[key] for key in _KEYS)) for row in rows)
    if len({one.fingerprint for one in entries}) != len(entries):
        raise _fault(path, "one fingerprint stands there twice")
    return entries


def save(path: Path, entries: Iterable[Entry]) -> None:
    """Write a baseline file, whole or not at all: sorted, a line for each entry."""
    rows = ",\n".join(f"    {json.dumps(one._asdict())}" for one in sorted(entries, key=_order))
    body = f"[\n{rows}\n  ]" if rows else "[]"
    head = f'  "schema_version": {SCHEMA_VERSION},\n  "fingerprints": {json.dumps(VERSION)},\n'
    text = f'{{\n{head}  "findings": {body}\n}}\n'
    try:
        replace_file(path, text.encode("ascii"), mode=0o644)
    except OSError as fault:
        raise UsageError(f"{path}: cannot be written ({fault.strerror})") from fault


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry.contract, entry.rule, entry.fingerprint


def _is_row(row: Any) -> bool:
    return (
        isinstance(row, Mapping)
        and set(row) == set(_KEYS)
        and all(isinstance(value, str) for value in row.values())
    )


def _fault(path: Path, what: str) -> UsageError:
    return UsageError(
        f"{path}: is no baseline: {what}",
        advice="take it from git again, or write a new one: pv baseline write --force",
    )
