"""Which files a run judges, and which are read only because others refer to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pv.errors import UsageError
from pv.registry.discover import ContractFile, contracts_of, discover
from pv.resources import find_root
from pv.yamlfile.judge import Judged, judge_file


class Intake(NamedTuple):
    """Files that were read: those asked for, among the whole registry."""

    root: Path
    judged: tuple[Judged, ...]
    asked: frozenset[str] | None
    """Names of the files asked for; None for the whole registry."""


def take(paths: Sequence[str], root: Path | None) -> Intake:
    """Read the registry, and the files at `paths` where some are named.

    The root is `root`, else the registry around the first path, else the folder of that path.
    Raises UsageError for a path that does not exist.
    """
    base = _root(paths, root)
    asked = discover(paths, relative_to=base) if paths else ()
    files: dict[str, ContractFile] = {one.display: one for one in (*contracts_of(base), *asked)}
    judged = tuple(judge_file(one.path, one.display) for one in files.values())
    return Intake(base, judged, frozenset(one.display for one in asked) if paths else None)


def _root(paths: Sequence[str], root: Path | None) -> Path:
    if root is not None or not paths:
        return find_root(root)
    first = Path(paths[0])
    start = first if first.is_dir() else first.parent
    try:
        return find_root(start=start)
    except UsageError:
        return start.resolve()
