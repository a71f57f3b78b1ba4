"""What the machine was doing, and which foreign libraries and files answered a child."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_ORACLES: Final = ("libggml",)
"""Beginnings of the file names of libraries that a verdict rests on as on a source."""
_CLOCK: Final = Path("/sys/devices/system/cpu/cpu0/cpufreq")


def surroundings() -> dict[str, Any]:
    """Return load over the last minute, processors, and the clock of the first in MHz if known."""
    return {
        "load": _load(),
        "processors": os.cpu_count() or 1,
        "mhz": _clock("scaling_cur_freq"),
        "highest_mhz": _clock("cpuinfo_max_freq"),
    }


def libraries(maps: Path = Path("/proc/self/maps")) -> dict[str, str]:
    """Return file name to sha256 of every oracle library that this process has loaded."""
    try:
        lines = maps.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return {}
    mapped = {Path(line.split(maxsplit=5)[5]) for line in lines if len(line.split(maxsplit=5)) > 5}
    loaded = sorted(each for each in mapped if each.name.startswith(_ORACLES))
    return {each.name: _digest(each) for each in loaded}


def contents(named: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """Return for every variable the name of the file or program it leads to, and its sha256.

    None stands for the sha256 of what is no file.
    """
    found = {name: Path(shutil.which(value) or value) for name, value in named.items()}
    return {
        name: {"file": path.name, "sha256": _digest(path) if path.is_file() else None}
        for name, path in found.items()
    }


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "unreadable"


def _load() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _clock(name: str) -> float | None:
    try:
        return int((_CLOCK / name).read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
