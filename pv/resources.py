"""Where the project's data is: the registry root, and the files packed with `pv` itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pv.errors import UsageError

_PACKAGE = Path(__file__).parent


def find_root(explicit: Path | None = None, start: Path | None = None) -> Path:
    """Return the registry root: `explicit`, or the nearest folder upwards with `contracts/`.

    Raises UsageError where there is none.
    """
    if explicit is not None:
        if not explicit.is_dir():
            raise UsageError(f"no folder {explicit}, expected the root of a registry")
        return explicit.resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "contracts").is_dir():
            return folder
    raise UsageError(
        f"no contracts/ in {here} or above it, expected a registry",
        advice="run `pv init`, change into a registry, or give --root",
    )


def root_of(paths: Sequence[str], root: Path | None = None) -> Path:
    """Return the root that paths belong to: given, around the first path, or its folder."""
    if root is not None or not paths:
        return find_root(root)
    first = Path(paths[0])
    start = first if first.is_dir() else first.parent
    try:
        return find_root(start=start)
    except UsageError:
        return start.resolve()


def packaged(kind: str) -> Path:
    """Return the folder `schemas` or `templates`: packed in a wheel, beside `pv/` in a checkout."""
    packed = _PACKAGE / "_data" / kind
    return packed if packed.is_dir() else _PACKAGE.parent / kind


def schema_file(root: Path | None, name: str) -> Path:
    """Return a file of `schemas/`: the registry's own where it has one, else the packaged one."""
    if root is not None and (own := root / "schemas" / name).is_file():
        return own
    return packaged("schemas") / name
