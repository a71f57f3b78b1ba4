"""Sources of tests that another program runs: files are hashed before it starts."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from pv.errors import BadInputError

_LEFT_OUT: Final = frozenset({"target", "node_modules", "__pycache__"})
_OF_A_CRATE: Final = (".rs", ".toml", ".lock")
_DEPENDENCIES: Final = ("dependencies", "dev-dependencies", "build-dependencies")
_MOST_FILES: Final = 20_000


def hashed(root: Path, files: Iterable[Path]) -> dict[str, str]:
    """Return project path to sha256 of files below the root; others are no sources."""
    found: dict[str, str] = {}
    home = root.resolve()
    for file in files:
        real = file.resolve()
        if real.is_file() and real.is_relative_to(home):
            found[real.relative_to(home).as_posix()] = hashlib.sha256(real.read_bytes()).hexdigest()
    return dict(sorted(found.items()))


def crate_files(root: Path, manifest: Path) -> list[Path]:
    """Return what a crate is built from: its files, those of crates beside it, the workspace's.

    Crates are followed through `path = …`; what comes from a registry is pinned by the lock file.
    Raises BadInputError for a manifest that cannot be read.
    """
    found: list[Path] = []
    waiting, seen = [manifest.resolve()], set[Path]()
    while waiting:
        each = waiting.pop()
        if each in seen or not each.is_relative_to(root.resolve()):
            continue
        seen.add(each)
        data = _manifest(each)
        if "package" in data:
            found += _files_below(each.parent)
        waiting += [each.parent / path / "Cargo.toml" for path in _paths(data)]
        waiting += [
            one / "Cargo.toml" for member in _members(data) for one in _globbed(each, member)
        ]
    for folder in (manifest.resolve().parent, *manifest.resolve().parents):
        if not folder.is_relative_to(root.resolve()):
            break
        config = folder / ".cargo" / "config.toml"
        found += [
            folder / "Cargo.toml",
            folder / "Cargo.lock",
            folder / "rust-toolchain.toml",
            config,
        ]
    return found


def _manifest(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadInputError(f"{path.name} of {path.parent.name} cannot be read: {error}") from None


def _paths(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of crates that a manifest depends on."""
    tables = [data, data.get("workspace", {}), *data.get("target", {}).values()]
    for table in tables:
        for kind in _DEPENDENCIES:
            for each in table.get(kind, {}).values():
                if isinstance(each, Mapping) and isinstance(each.get("path"), str):
                    yield each["path"]


def _members(data: Mapping[str, Any]) -> list[str]:
    """Return the members of a workspace without a package of its own."""
    return [] if "package" in data else list(data.get("workspace", {}).get("members", []))


def _globbed(manifest: Path, member: str) -> list[Path]:
    return sorted(manifest.parent.glob(member)) if not Path(member).is_absolute() else []


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(
            each for each in folders if each not in _LEFT_OUT and not each.startswith(".")
        )
        found += [Path(place) / each for each in sorted(files) if each.endswith(_OF_A_CRATE)]
        if len(found) > _MOST_FILES:
            raise BadInputError(f"crate {folder.name} has more than {_MOST_FILES} files")
    return found
