"""What has become possible, and what runs out, as text of at most 80 columns and as data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pv.model.contract import short_id
from pv.model.status import FalsifierStatus
from pv.output.escape import escape
from pv.output.fold import hung
from pv.readiness import Readiness, Ready, renewal
from pv.shelf import Due


def ready_text(found: Readiness) -> str:
    """Return each thing that has become possible, with what made it so and what to do."""
    return "".join(f"{line}\n" for each in found.ready for line in _ready(each))


def _ready(each: Ready) -> Iterator[str]:
    state = f"  {each.state}" if each.state else ""
    yield hung("", f"{escape(short_id(each.id))}  {each.kind}{state}  {escape(each.place)}")
    on = f" on {each.since}" if each.since else ""
    yield hung("  ", f"possible{on} by {', '.join(escape(short_id(one)) for one in each.by)}")
    yield hung("  do: ", escape(" ".join(each.command) or each.advice))


def ready_data(found: Readiness) -> dict[str, Any]:
    """Return what has become possible and what waits as plain data."""
    return {
        "edges": found.edges,
        "ready": [_entry(each) for each in found.ready],
        "waiting": [_entry(each) for each in found.waiting],
    }


def _entry(each: Ready) -> dict[str, Any]:
    command = " ".join(each.command) or None
    return {**each._asdict(), "by": [*each.by], "missing": [*each.missing], "command": command}


def due_text(rows: Sequence[Due], falsifiers: Mapping[str, FalsifierStatus]) -> str:
    """Return a line for each receipt that runs out, and the command that renews it."""
    lines: list[str] = []
    for each in rows:
        model = f" on {each.model}" if each.model else ""
        left = _left(each.days)
        name = escape(f"{short_id(each.falsifier)}{model}")
        lines.append(hung("", f"{each.until}  {left}  {name}  {escape(each.contract)}"))
        lines.append(hung("  do: ", escape(_command(each, falsifiers))))
    return "".join(f"{line}\n" for line in lines)


def _left(days: int) -> str:
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'' if abs(days) == 1 else 's'}"
    return f"in {count}" if days > 0 else f"{count} ago"


def _command(each: Due, falsifiers: Mapping[str, FalsifierStatus]) -> str:
    return " ".join(renewal([falsifiers[each.falsifier]]))


def due_data(
    rows: Sequence[Due], falsifiers: Mapping[str, FalsifierStatus]
) -> list[dict[str, Any]]:
    """Return what runs out as plain data."""
    return [{**each._asdict(), "command": _command(each, falsifiers)} for each in rows]
