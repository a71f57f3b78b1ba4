"""What Rust's test runner writes with `--format json`, and nextest with `libtest-json`.

One JSON object a line. nextest puts crate and binary before the name: `crate::binary$module::test`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pv.errors import BadInputError
from pv.evidence.foreign.case import MOST, Case, Ending, Results, counted

_ENDINGS: Final = {
    "ok": Ending.PASSED,
    "failed": Ending.FAILED,
    "ignored": Ending.SKIPPED,
    "timeout": Ending.ERRORED,
}
_MESSAGE: Final = 300


def read_cargo(data: bytes, path: Path) -> Results:
    """Return the results of a file of JSON lines; those of the compiler are passed over.

    Raises BadInputError with the line of what is no JSON, and for a run that was cut off: a suite
    that began and did not end.
    """
    cases: list[Case] = []
    running = 0
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip().startswith(b"{"):
            continue  # what tests and tools print between the events
        event = _object(line, f"{path}:{number}")
        kind, what = event.get("type"), event.get("event")
        if kind == "suite":
            running = running + 1 if what == "started" else max(running - 1, 0)
        elif kind == "test" and what != "started":
            cases.append(_case(event, f"{path}:{number}"))
        if len(cases) > MOST:
            raise BadInputError(f"{path}:{number}: more tests than {MOST}")
    if running > 0:
        raise BadInputError(f"{path}: {running} suites began and did not end, expected a whole run")
    return Results("cargo", counted(cases, path))


def _object(line: bytes, place: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        raise BadInputError(f"{place}: no JSON, expected one event of a test a line") from None
    return found if isinstance(found, dict) else {}


def _case(event: dict[str, Any], place: str) -> Case:
    name, what = event.get("name"), event.get("event")
    if not isinstance(name, str) or not name or not isinstance(what, str) or what not in _ENDINGS:
        raise BadInputError(f"{place}: a test named {name!r} with event {what!r}, expected ok,…")
    binary, dollar, inner = name.partition("$")
    said = str(event.get("stdout", "") or event.get("message", ""))[-_MESSAGE:]
    suite, test = (binary, inner) if dollar else ("", name)
    return Case(test, _ENDINGS[what], suite, said)
