"""A first registry from the packaged template; nothing that exists is ever overwritten."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from pv.errors import UsageError
from pv.resources import packaged

_FILES: Final = ("contracts/example-v1.yaml", "falsifiers/example.py")
_TODAY: Final = "TODAY"
"""Stands in the template where the day of writing belongs."""


def write_registry(folder: Path, today: date | None = None) -> tuple[Path, ...]:
    """Write the files of a minimal registry below `folder` and return their paths.

    Raises UsageError, before anything is written, where one of them exists, and where the
    folder cannot be written.
    """
    template = packaged("templates") / "init"
    targets = [folder / name for name in _FILES]
    for target in targets:
        if target.exists() or target.is_symlink():
            raise UsageError(
                f"{target} exists, expected a folder without it; nothing was written",
                advice="give another folder, or move the file away",
            )
    day = (today or date.today()).isoformat()
    for name, target in zip(_FILES, targets, strict=True):
        text = (template / name).read_text(encoding="utf-8").replace(_TODAY, day)
        _write(target, text)
    return tuple(targets)


def _write(target: Path, text: str) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as fault:
        raise UsageError(
            f"cannot write {target} ({fault.strerror}), expected a folder to write in",
            advice="give another folder",
        ) from fault
