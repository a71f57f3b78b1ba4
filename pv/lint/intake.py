"""Which files a run judges, and which are read only because others refer to them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pv.lint.incremental import Session
from pv.lint.options import Options
from pv.registry.discover import ContractFile, contracts_of, discover
from pv.resources import root_of
from pv.yamlfile.judge import Judged, judge_file


class Intake(NamedTuple):
    """Files that were read: those asked for, among the whole registry."""

    root: Path
    judged: tuple[Judged, ...]
    asked: frozenset[str] | None
    """Names of the files asked for; None for the whole registry."""
    session: Session | None = None
    """What is known from earlier runs; None where nothing was to be kept."""

    def save(self) -> None:
        """Keep what the run found out, for the next one."""
        if self.session is not None:
            self.session.save()


def take(paths: Sequence[str], root: Path | None, keep_for: Options | None = None) -> Intake:
    """Read the registry, and the files at `paths` where some are named.

    With `keep_for`, the options of the run, files that did not change since an earlier run of
    these options are not read again.
    The root is `root`, else the registry around the first path, else the folder of that path.
    Raises UsageError for a path that does not exist.
    """
    base = root_of(paths, root)
    asked = discover(paths, relative_to=base) if paths else ()
    files: dict[str, ContractFile] = {one.display: one for one in (*contracts_of(base), *asked)}
    names = frozenset(one.display for one in asked) if paths else None
    if keep_for is not None and (base / "contracts").is_dir():
        session = Session(base, tuple(files.values()), keep_for, asked=names)
        return Intake(base, session.judged, names, session)
    judged = tuple(judge_file(one.path, one.display) for one in files.values())
    return Intake(base, judged, names)
