"""One look at a registry: the stamp of every file that states rest on, as found at one moment.

It is taken before anything is read. Whatever is written later has another stamp in the next look,
so that what is read now may be kept under the stamps of this one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Final

from pv import stamps
from pv.evidence.folders import LOCAL, REGISTRY
from pv.registry.discover import SUFFIXES
from pv.stamps import speaks_of_passed_folders, stamps_below

_CONTRACTS: Final = f"{REGISTRY[0]}/"
_RECORDS: Final = f"{'/'.join(REGISTRY)}/"


class Look:
    """The stamps below one root."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._stamps: dict[str, str] = {}
        self._unsure: set[str] = set()
        """Files that are too young for their stamp to tell a later change, and links."""
        for name, stamp, settled in stamps_below(str(root), without=(_RECORDS,)):
            self._stamps[name] = stamp
            if not settled:
                self._unsure.add(name)
        self._receipts = tuple(_Receipts(root.joinpath(*each)) for each in (REGISTRY, LOCAL))

    @cached_property
    def digest(self) -> str:
        """Digest of all stamps; empty where one of them would not tell a later change."""
        if not all(_steady_link(self.root, name) for name in self._unsure):
            return ""
        if any(each.young for each in self._receipts):
            return ""
        digest = blake2b(digest_size=24)
        for name, stamp in self._stamps.items():
            digest.update(f"{name}\0{stamp}\0".encode("utf-8", "surrogateescape"))
        for each in self._receipts:
            digest.update(each.digest)
        return digest.hexdigest()

    @cached_property
    def surroundings(self) -> str:
        """As `digest`, without receipts, and of contracts the names alone."""
        digest = blake2b(digest_size=24)
        for name, stamp in self._stamps.items():
            inside = name.startswith(_CONTRACTS) and name.endswith(SUFFIXES)
            if name in self._unsure and not inside and not _steady_link(self.root, name):
                return ""
            told = "" if inside else stamp
            digest.update(f"{name}\0{told}\0".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def stamp(self, name: str) -> str:
        """Return the stamp of a file; empty where there is none that tells every later change."""
        return "" if name in self._unsure else self._stamps.get(name, "")

    def receipts(self, falsifier: str, *, local: bool) -> str | None:
        """Return a text that tells the receipt files of a falsifier; None where one is too young.

        With `local` those of `.pv/receipts` too.
        """
        for each in self._receipts if local else self._receipts[:1]:
            if each.unsure or falsifier in each.young:
                return None
        told = self._receipts[0].told.get(falsifier, "")
        return f"{told}\n{self._receipts[1].told.get(falsifier, '')}" if local else told


class _Receipts:
    """Stamps of one shape of tree: very many folders with little in them."""

    def __init__(self, base: Path) -> None:
        self.told: dict[str, str] = {}
        """Folder to a text of the stamps in it."""
        self.young: set[str] = set()
        self.unsure = base.is_symlink() or base.parent.is_symlink()
        self._problem = ""
        latest = time.time_ns() - stamps.SETTLED_NS
        place = str(base)
        try:
            with os.scandir(place) as listed:
                folders = sorted((each.name, each.is_symlink()) for each in listed)
        except OSError as error:
            self._problem = str(error.errno)
            return
        for folder, linked in folders:
            self.told[folder] = self._files(f"{place}/{folder}", folder, latest)
            if linked:
                self.told[folder] += f"\0{os.path.realpath(f'{place}/{folder}')}"

    def _files(self, place: str, folder: str, latest: int) -> str:
        files: list[str] = []
        try:
            with os.scandir(place) as entries:
                for entry in entries:
                    one = entry.stat(follow_symlinks=False)
                    changed = one.st_ctime_ns  # nobody can set this one back
                    if changed > latest:
                        self.young.add(folder)
                    files.append(
                        f"{entry.name} {one.st_size} {one.st_mtime_ns} {changed} {one.st_ino}"
                        f" {one.st_mode}"
                    )
        except OSError as error:
            files.append(f"\0{error.errno}")
        return "\0".join(sorted(files) if len(files) > 1 else files)

    @property
    def digest(self) -> bytes:
        parts = (f"/{folder}\0{told}" for folder, told in self.told.items())
        whole = "\0".join([self._problem, *parts]).encode("utf-8", "surrogateescape")
        return blake2b(whole, digest_size=24).digest()


def _steady_link(root: Path, name: str) -> bool:
    """Tell whether a link leads to something below the root that is looked at by itself."""
    place = root / name
    if not place.is_symlink():
        return False
    target = place.resolve()
    if not target.is_relative_to(root):
        return False
    return target.exists() and not speaks_of_passed_folders(f"{target.relative_to(root)}/")


_TAKEN: Final[ContextVar[Look | None]] = ContextVar("_TAKEN", default=None)


@contextmanager
def during(look: Look) -> Iterator[None]:
    """Have everything inside that asks for a look at the same root take this one."""
    token = _TAKEN.set(look)
    try:
        yield
    finally:
        _TAKEN.reset(token)


def look_at(root: Path) -> Look:
    """Return the look that was taken for this command, else take one."""
    taken = _TAKEN.get()
    return taken if taken is not None and taken.root == root else Look(root)
