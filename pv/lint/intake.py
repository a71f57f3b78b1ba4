"""The files of a run, read and judged alone, or known from an earlier run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from pv.lint.crew import LEAST
from pv.lint.incremental import Session
from pv.lint.options import Options
from pv.lint.surroundings import Surroundings
from pv.lint.survey import Survey, survey
from pv.yamlfile.judge import Judged, judge_file


class Intake(NamedTuple):
    """Files that were read: those asked for, among the whole registry."""

    root: Path
    judged: tuple[Judged, ...]
    asked: frozenset[str] | None
    """Names of the files asked for; None for the whole registry."""
    session: Session | None = None
    """What is known from earlier runs, or found out by a crew."""

    def save(self) -> None:
        """Keep what the run found out, for the next one."""
        if self.session is not None:
            self.session.save()


def take(paths: Sequence[str], root: Path | None, keep_for: Options | None = None) -> Intake:
    """Read the registry, and the files at `paths` where some are named, as `survey` finds them.

    With `keep_for`, the options of the run, files that did not change since an earlier run of
    these options are not read again.
    """
    found = survey(paths, root)
    if keep_for is None or not found.is_registry:
        return read(found)
    return read(found, Surroundings(found.root, found.files, keep_for))


def read_by_crew(found: Survey, options: Options) -> Intake:
    """Read all files, by a crew where they are many; nothing is known before or kept."""
    if len(found.files) < LEAST or not found.is_registry:
        return read(found)
    return read(found, Surroundings(found.root, found.files, options), keep=False)


def read(found: Survey, surroundings: Surroundings | None = None, *, keep: bool = True) -> Intake:
    """Read files; with surroundings, those alone that changed since they were seen before.

    Without `keep` all of them, and the surroundings are but where a crew is at work.
    """
    if surroundings is not None:
        session = Session(surroundings, asked=found.asked, keep=keep)
        return Intake(found.root, session.judged, found.asked, session)
    judged = tuple(judge_file(one.path, one.display) for one in found.files)
    return Intake(found.root, judged, found.asked)
