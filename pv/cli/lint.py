"""`pv lint`: every rule over the registry, a line for each gate, and one verdict."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.fixing import Diff, Fix, UnsafeFixes, fix_first
from pv.cli.options import Formats, Outputs, Statistics, destinations
from pv.cli.settings import Base, Baseline, Select, Strict, StrictTestBinding, settings_of

if TYPE_CHECKING:
    from pv.lint.engine import RuleCrashError
    from pv.lint.options import Options
    from pv.lint.survey import Survey
    from pv.output.interface import Report


def lint(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Contract files or folders; the whole registry where none is named."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    strict_test_binding: StrictTestBinding = False,
    strict: Strict = False,
    base: Base = None,
    baseline: Baseline = None,
    select: Select = None,
    formats: Formats = None,
    outputs: Outputs = None,
    statistics: Statistics = False,
    no_cache: Annotated[
        bool,
        typer.Option("--no-cache", help="Read every file again; nothing is taken from .pv/cache."),
    ] = False,
    fix: Fix = False,
    unsafe_fixes: UnsafeFixes = False,
    diff: Diff = False,
) -> None:
    """Judge contracts together, and with code, git and receipts.

    Rules look at references, versions, moves, bindings, evidence and arithmetic.

    Exit codes: 0 every gate that judged something passed · 1 a gate failed · 2 a path does not
    exist · 3 no contract was found, so nothing was judged · 4 a rule crashed.
    """
    from pv.lint.config import Flags
    from pv.lint.survey import survey
    from pv.output.formats import deliver_all

    flags = Flags(strict, strict_test_binding, base, baseline, tuple(select or ()))
    applied = settings_of(paths or [], root, flags)
    options = applied.options
    places = destinations(context, formats, outputs, applied.format, [*map(Path, paths or ())])
    if fix or diff or unsafe_fixes:
        fix_first(paths or [], root, options, fix=fix, unsafe=unsafe_fixes, diff=diff)
    found = survey(paths or [], root)
    report, crashes = _judge(found, options, keep=not no_cache and found.is_registry)
    if report.stale:
        sys.stderr.write(f"{report.stale:,} stale in the baseline: pv baseline check\n")
    if not report.files:
        where = ", ".join(paths or [str(found.root / "contracts")])
        sys.stderr.write(f"no contract found under {where}: nothing was judged\n")
    deliver_all(report._replace(statistics=statistics), places, sys.stdout)
    if crashes:
        raise crashes[0]
    raise typer.Exit(report.outcome.exit_code)


def _judge(
    found: Survey, options: Options, *, keep: bool
) -> tuple[Report, Sequence[RuleCrashError]]:
    """Return the report, of an earlier run where that saw just the same, and what crashed."""
    from pv.lint.memory import Memory
    from pv.lint.survey import FileTexts

    memory = Memory(found, options) if keep else None
    known = memory.recall() if memory else None
    if known is not None:
        from pv.output.kept import read_report

        return read_report(known, FileTexts(found.files)), ()
    from pv.lint.engine import lint as run
    from pv.lint.intake import read, read_by_crew
    from pv.lint.kept import Texts
    from pv.output.judged import file_report
    from pv.output.kept import kept_report
    from pv.output.lint import report_of_lint

    intake = read(found, memory.surroundings) if memory else read_by_crew(found, options)
    came = run(intake.root, intake.judged, options, shown=intake.asked, keeper=intake.session)
    intake.save()
    asked = intake.asked
    shown = [one for one in intake.judged if asked is None or one.document.file in asked]
    files = [file_report(one) for one in shown]
    report = report_of_lint(came, files, Texts(shown), strict=options.strict)
    if memory and intake.session and intake.session.complete:
        memory.keep(kept_report(report))
    return report, came.crashes
