"""What tells a changed file without reading it: size, times and inode."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import time
from collections.abc import Collection, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

import pv
from pv.bindings.places import SKIPPED_FOLDERS
from pv.resources import packaged
from pv.tables import digest_of

SETTLED_NS: Final = 2_000_000_000
"""A file that was written so shortly before it was read may be written again in the same tick."""
_PASSED: Final = "|".join(sorted(SKIPPED_FOLDERS))
_NAMES_PASSED: Final = re.compile(rf"(?<![\w.])(?:\.[\w-][\w.-]*|{_PASSED})/")


_INSTALLED: Final = ("site-packages", "dist-packages")
_TOLD: Final = (".dist-info", ".egg-info")
"""Endings of what installers leave beside a library: name and version stand before them."""


class Seen(NamedTuple):
    """One file, or a folder (its name ends with a slash), as found below a root."""

    name: str
    """Relative to the root."""
    stamp: str
    """Empty for a folder: that it is there says something too."""
    settled: bool
    """Whether the stamp would tell any later change."""


def stamp_of(place: str, *, follow: bool = True) -> str:
    """Return the stamp of the file that a path leads to; empty where it is too young, or gone.

    Without `follow` a link is a file of its own.
    """
    try:
        found = os.stat(place, follow_symlinks=follow)  # noqa: PTH116 - thrice as fast without a Path
    except (OSError, ValueError):
        return ""
    return _stamp(found) if _settled(found, time.time_ns()) else ""


@lru_cache(maxsize=1)
def tool_digest() -> str:
    """Return a digest of this program as installed: rules, reader, packed data, libraries."""
    package = Path(pv.__file__).resolve().parent
    folders = {package, package / "kernels", package / "falsifiers"}
    folders |= {packaged("schemas"), packaged("templates")}
    seen = [one for folder in sorted(folders) for one in stamps_below(str(folder.resolve()))]
    told = (part for one in seen for part in one[:2])
    return digest_of(sys.version, pv.__version__, *_libraries(), *told)


def _libraries() -> list[str]:
    """Return the names of what is installed beside this program, which tell the versions."""
    found: list[str] = []
    for place in sys.path:
        if place.endswith(_INSTALLED):
            with contextlib.suppress(OSError):
                names = os.listdir(place)  # noqa: PTH208 - names alone, and fast
                found += sorted(each for each in names if each.endswith(_TOLD))
    return found


def stamps_below(root: str, without: Collection[str] = ()) -> Iterator[Seen]:
    """Yield the files and folders below a root, sorted within folders; links are not followed.

    Folders that hold other people's or built code are passed by, and hidden ones; of those in
    `without`, named with a slash behind, what they hold.
    """
    waiting, now = [(root, "")], time.time_ns()
    while waiting:
        place, shown = waiting.pop()
        try:
            with os.scandir(place) as listed:
                entries = sorted(listed, key=_name)
        except OSError as error:
            yield Seen(shown, str(error.errno), settled=True)
            continue
        for entry in entries:
            name = shown + entry.name
            if not entry.is_dir(follow_symlinks=False):
                yield _seen(entry, name, now)
            elif entry.name[0] != "." and entry.name not in SKIPPED_FOLDERS:
                yield Seen(f"{name}/", "", settled=True)
                if f"{name}/" not in without:
                    waiting.append((entry.path, f"{name}/"))


def speaks_of_passed_folders(text: str) -> bool:
    """Tell whether a text names a hidden folder, or one of built or foreign code."""
    return "/" in text and _NAMES_PASSED.search(text) is not None


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


def _seen(entry: os.DirEntry[str], name: str, now: int) -> Seen:
    try:
        found = entry.stat(follow_symlinks=False)
        if entry.is_symlink():
            return Seen(name, f"{_stamp(found)} {_end_of(entry)}", settled=False)
    except OSError as error:
        return Seen(name, str(error.errno), settled=False)
    return Seen(name, _stamp(found), _settled(found, now))


def _end_of(link: os.DirEntry[str]) -> str:
    """Return where a link leads, and the stamp of what is there."""
    target = os.readlink(link.path)  # noqa: PTH115 - no Path is at hand
    try:
        return f"{target} {_stamp(link.stat())}"
    except OSError as error:
        return f"{target} {error.errno}"


def _stamp(found: os.stat_result) -> str:
    """Return size, times, inode and kind as one text.

    The time of the last change of its inode is part of it: that one nobody can set back.
    """
    return (
        f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino} {found.st_dev}"
        f" {found.st_mode}"
    )


def _settled(found: os.stat_result, now: int) -> bool:
    return now - max(found.st_mtime_ns, found.st_ctime_ns) >= SETTLED_NS
