"""Where compiled kernels are kept between runs, and why a folder is not trusted with them.

Numba keeps compiled code as pickle: whoever can write it can run code as the user. So it is kept in
a folder of the user alone, outside every registry, whose name holds what the code was made from.
Where there is no such folder, a fresh one serves the run and goes with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
import stat
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

import pv
from pv.tensors.user_folders import cache_folder

_LIBRARIES: Final = ("numba", "llvmlite", "numpy")
_KEPT: Final = 8
"""Folders of compiled kernels that are kept, one for each state of the kernels."""


class KernelCache(NamedTuple):
    """The folder, or why none is used."""

    folder: Path | None
    refused: str = ""


def kernel_cache(root: Path) -> KernelCache:
    """Return the folder for compiled kernels, made where it is missing, or why none can be used."""
    base = cache_folder() / "kernels"
    folder = base / _made_from()
    new = not folder.exists()
    try:
        for each in (base.parent, base, folder):
            each.mkdir(mode=0o700, exist_ok=True, parents=each is base.parent)
    except OSError as error:
        return KernelCache(None, f"{folder} cannot be made: {error.strerror}")
    if folder.resolve().is_relative_to(root.resolve()):
        return KernelCache(None, f"{folder} lies in the registry, whose files others may bring")
    for each, forbidden in ((base.parent, 0o022), (base, 0o077), (folder, 0o077)):
        if fault := _fault(each, forbidden):
            return KernelCache(None, fault)
    if new:
        _forget(base)
    return KernelCache(folder)


def _forget(base: Path) -> None:
    """Remove what earlier kernels left; the newest stay, for there may be several checkouts."""
    import shutil  # noqa: PLC0415 - after an edit of a kernel only

    with contextlib.suppress(OSError):  # another run may do the same
        folders = [(each.stat().st_mtime, each) for each in base.iterdir() if each.is_dir()]
        for _, each in sorted(folders, reverse=True)[_KEPT:]:
            shutil.rmtree(each, ignore_errors=True)


def _fault(folder: Path, forbidden: int) -> str:
    """Return why somebody else could have written into a folder."""
    status = folder.lstat()
    if stat.S_ISLNK(status.st_mode) or not stat.S_ISDIR(status.st_mode):
        return f"{folder} is a link or no folder"
    if status.st_uid != os.geteuid():
        return f"{folder} belongs to user {status.st_uid}, expected {os.geteuid()}"
    if status.st_mode & forbidden:
        return f"{folder} has mode {stat.S_IMODE(status.st_mode):04o}, expected 0700"
    return ""


def _made_from() -> str:
    """Return a digest of everything that compiled code depends on."""
    digest = hashlib.sha256(repr((platform.python_version(), _processor())).encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {_version(name)}\0".encode())
    for path in sorted((Path(pv.__file__).parent / "kernels").resolve().rglob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:32]


def _version(package: str) -> str:
    """Return the names of a package's records of installation; nothing of it is imported."""
    found = find_spec(package)
    if found is None or found.origin is None:
        return "none"
    records = Path(found.origin).parent.parent.glob(f"{package}-*.dist-info")
    return " ".join(sorted(each.name for each in records)) or "unknown"


def _processor() -> str:
    """Return what this processor can do, as the system lists it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return "".join(line for line in lines[:30] if line.startswith(("model name", "flags")))
