"""The history of a contract, from every form in which it is written, as one list.

Four forms exist: a list of entries (ours); a mapping from versions to changes; a list of texts
`v1.2.0 (2026-05-07): …`, which YAML often reads as mappings of one key; and paragraphs
`v1.2.0 AMENDMENT (2026-05-07): …` inside the description.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from pv.model.contract import ChangelogEntry, Path
from pv.yamlfile.wording import shown

_LINE: Final = re.compile(
    r"\s*\**v?(?P<version>\d+\.\d+(?:\.\d+)?[\w.+-]*)\**"
    r"\s*[-—–:,]?\s*(?:\(?(?P<date>\d{4}-\d{2}-\d{2})\)?)?\s*[-—–:]*\s*(?P<text>.*)",
    re.DOTALL,
)
_AMENDMENT: Final = re.compile(
    r"^[ \t]*\**v(?P<version>\d+\.\d+\.\d+) AMENDMENT \((?P<date>\d{4}-\d{2}-\d{2})[^)\n]*\):?\**"
    r"[ \t]*(?P<text>.*)",
    re.MULTILINE,
)
_TEXT_KEYS: Final = ("changes", "change", "summary", "description", "notes", "text")

Unread = Callable[[Path, str], None]
"""Called with the place of an entry from which no version can be read, and what it holds."""


def read_changelog(value: Any, path: Path, unread: Unread) -> tuple[ChangelogEntry, ...]:
    """Return the entries of a changelog in the order of the file."""
    if isinstance(value, dict):
        pairs = [(str(key), item, (*path, str(key))) for key, item in value.items()]
        found = [_versioned(version, item, place, unread) for version, item, place in pairs]
    elif isinstance(value, list):
        found = [_entry(item, (*path, index), unread) for index, item in enumerate(value)]
    elif isinstance(value, str):
        lines = [line.strip(" -*\t") for line in value.splitlines() if line.strip(" -*\t")]
        found = _lines(lines, path, unread)
    else:
        unread(path, _shape(value))
        found = []
    return tuple(entry for entry in found if entry is not None)


def read_amendments(description: str) -> tuple[ChangelogEntry, ...]:
    """Return the entries that stand as amendment paragraphs in a description."""
    path = ("metadata", "description")
    return tuple(
        ChangelogEntry(match["version"], match["date"], (match["text"].strip(),), path)
        for match in _AMENDMENT.finditer(description)
    )


def _entry(item: Any, path: Path, unread: Unread) -> ChangelogEntry | None:
    if isinstance(item, str):
        return _line(item, path, unread)
    if not isinstance(item, dict):
        unread(path, _shape(item))
        return None
    if "version" in item:
        return _record(item, path, unread)
    if len(item) == 1:
        ((version, changes),) = item.items()
        return _versioned(str(version), changes, path, unread)
    unread(path, "a mapping without version")
    return None


def _record(item: dict[str, Any], path: Path, unread: Unread) -> ChangelogEntry | None:
    version = item["version"]
    if not isinstance(version, str):
        unread((*path, "version"), f"{version!r} as version")
        return None
    day = item.get("date")
    changes = next((item[key] for key in _TEXT_KEYS if key in item), None)
    return ChangelogEntry(version, day if isinstance(day, str) else None, _texts(changes), path)


def _versioned(head: str, changes: Any, path: Path, unread: Unread) -> ChangelogEntry | None:
    """Return the entry of `1.2.0: …`; the head may hold a date, or words of the text."""
    match = _LINE.fullmatch(head)
    if match is None:
        unread(path, shown(head))
        return None
    if isinstance(changes, dict):
        day = changes.get("date")
        inner = next((changes[key] for key in _TEXT_KEYS if key in changes), None)
        return ChangelogEntry(
            match["version"], day if isinstance(day, str) else match["date"], _texts(inner), path
        )
    rest = (match["text"].strip(),) if match["text"].strip() else ()
    return ChangelogEntry(match["version"], match["date"], (*rest, *_texts(changes)), path)


def _line(text: str, path: Path, unread: Unread) -> ChangelogEntry | None:
    match = _LINE.fullmatch(text)
    if match is None:
        unread(path, shown(text))
        return None
    return ChangelogEntry(match["version"], match["date"], (match["text"].strip(),), path)


def _lines(lines: list[str], path: Path, unread: Unread) -> list[ChangelogEntry | None]:
    """Return the entries of one text; a line without a version continues the entry above it."""
    found: list[ChangelogEntry | None] = []
    for line in lines:
        match = _LINE.fullmatch(line)
        last = found[-1] if found else None
        if match:
            entry = ChangelogEntry(match["version"], match["date"], (match["text"].strip(),), path)
            found.append(entry)
        elif last is not None:
            more = (*last.changes, line)
            found[-1] = ChangelogEntry(last.version, last.date, more, path)
        else:
            unread(path, shown(line))
    return found


def _texts(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list) else [] if value is None else [value]
    return tuple(_flat(item) for item in items)


def _flat(item: Any) -> str:
    """Return one change as text; a sentence that YAML split at a colon is joined again."""
    if isinstance(item, dict):
        return "; ".join(f"{key}: {value}" for key, value in item.items())
    return str(item)


def _shape(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, dict) else repr(value)
