"""Logs of runs that came to no verdict: one a falsifier, the newest in place of the last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from pv.files import OWN
from pv.model.receipt import ReceiptView

_HEAD: Final = 400
"""Characters of the first line that are read; a harness may print without an end."""


class Log(NamedTuple):
    """The last run of a falsifier that came to no verdict."""

    path: str
    """Relative to the root."""
    head: str
    """Verdict and headline, such as `ERROR: ended by SIGSEGV`."""
    day: str
    """When it was written, YYYY-MM-DD in UTC."""


def keep_log(root: Path, falsifier: str, head: str, text: str) -> str:
    """Keep what a failed harness printed below a first line; return the path under the root."""
    file = _file(root, falsifier)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{head}\n\n{text}", encoding="utf-8")
    return file.relative_to(root).as_posix()


def last_log(root: Path, falsifier: str, receipts: Iterable[ReceiptView]) -> Log | None:
    """Return the log of a falsifier; None where it has none, or a receipt that is newer."""
    file = _file(root, falsifier)
    try:
        with file.open(encoding="utf-8", errors="replace") as lines:
            head = lines.readline(_HEAD).strip()
        written = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    except OSError:
        return None
    if any(_made(root, each) > written for each in receipts):
        return None
    return Log(file.relative_to(root).as_posix(), head, written.date().isoformat())


def _made(root: Path, receipt: ReceiptView) -> datetime:
    """Return when a receipt was made; one that says nothing readable is older than any log.

    Receipts tell whole seconds. The file of a local one, which git does not write, is exact.
    """
    try:
        if receipt.local:
            return datetime.fromtimestamp((root / receipt.path).stat().st_mtime, UTC)
        told = datetime.fromisoformat(str(receipt.statement["predicate"]["run"]["started"]))
    except (OSError, LookupError, TypeError, ValueError):
        return datetime.min.replace(tzinfo=UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _file(root: Path, falsifier: str) -> Path:
    return root / OWN / "logs" / f"{Path(falsifier).name}.txt"
