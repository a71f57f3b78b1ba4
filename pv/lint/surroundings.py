"""Everything beside a contract that its findings depend on, as one digest.

Rules look at sources, receipts, kernels, harnesses, the lifecycle and git. Their files are told by
size, times and inode; folders that hold other people's or built code are passed by, and a contract
whose text names one of them is never kept (`speaks_of_passed_folders`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from pathlib import Path
from typing import Final

import pv
from pv.bindings.places import SKIPPED_FOLDERS
from pv.lint.cache import digest_of
from pv.lint.options import Options
from pv.registry.base import find_base
from pv.resources import packaged

_PASSED: Final = "|".join(sorted(SKIPPED_FOLDERS))
_NAMES_PASSED: Final = re.compile(rf"(?<![\w.])(?:\.[\w-][\w.-]*|{_PASSED})/")
_SECONDS: Final = 20


def speaks_of_passed_folders(text: str) -> bool:
    """Tell whether a text names a hidden folder, or one of built or foreign code."""
    return _NAMES_PASSED.search(text) is not None


@lru_cache(maxsize=1)
def tool_digest() -> str:
    """Return a digest of this program as installed: rules, reader, packed data and versions."""
    package = Path(pv.__file__).resolve().parent
    folders = {package, package / "kernels", package / "falsifiers", packaged("schemas")}
    stamps = [stamp for folder in sorted(folders) for stamp in _stamps(folder.resolve())]
    return digest_of(sys.version, pv.__version__, *stamps)


def surroundings_of(root: Path, options: Options, contracts: frozenset[str]) -> str:
    """Return the digest of what a run sees beside the text of its contracts.

    `contracts` are the files, relative to the root, whose content is looked at otherwise.
    """
    others = [stamp for stamp in _stamps(root) if stamp.partition("\0")[0] not in contracts]
    base = repr(find_base(root, options.base))  # a branch of another name is another base
    asked = (options_text(options), options.day.isoformat(), str(root), base)
    return digest_of(tool_digest(), *asked, _revisions(root, options), *others)


def options_text(options: Options) -> str:
    """Return the options that rules can see, the same in every process."""
    shown = {each.name: getattr(options, each.name) for each in fields(options)}
    for name in ("strict", "baseline", "base_place", "selected"):
        del shown[name]  # they count findings that are there already, or say where a value is from
    return repr({name: _ordered(value) for name, value in shown.items()})


def _ordered(value: object) -> object:
    if isinstance(value, Mapping):
        return sorted(value.items())
    return sorted(value) if isinstance(value, frozenset) else value


def _stamps(folder: Path) -> Iterator[str]:
    """Yield names of folders, and `name NUL size times inode` of files, sorted within folders."""
    waiting = [(str(folder), "")]
    while waiting:
        place, shown = waiting.pop()
        try:
            entries = sorted(os.scandir(place), key=lambda entry: entry.name)
        except OSError as error:
            yield f"{shown}\0{error.errno}"
            continue
        for entry in entries:
            name = f"{shown}{entry.name}"
            hidden = entry.name.startswith(".")
            if entry.is_dir(follow_symlinks=False):
                if not hidden and entry.name not in SKIPPED_FOLDERS:
                    yield f"{name}/"  # an empty folder says something too
                    waiting.append((entry.path, f"{name}/"))
                continue
            yield f"{name}\0{_stamp(entry)}"


def _stamp(entry: os.DirEntry[str]) -> str:
    try:
        found = entry.stat(follow_symlinks=False)
        target = str(Path(entry.path).readlink()) if entry.is_symlink() else ""
    except OSError as error:
        return str(error.errno)
    return (
        f"{found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
        f" {found.st_mode} {target}"
    )


def _revisions(root: Path, options: Options) -> str:
    """Return what git says the present and the base revision are; its complaint counts as well."""
    asked = ["--git-dir", "--show-prefix", "--is-shallow-repository", "--all", "HEAD"]
    base = [f"{options.base}^{{commit}}"] if options.base is not None else []
    command = ["git", "--no-optional-locks", "-C", str(root), "rev-parse", *asked, *base]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return type(error).__name__
    return (done.stdout + done.stderr).decode("utf-8", "backslashreplace")
