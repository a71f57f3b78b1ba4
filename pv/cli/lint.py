"""`pv lint`: every rule over the registry, a line for each gate, and one verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.fixing import Diff, Fix, UnsafeFixes, fix_first
from pv.cli.options import Formats, Outputs, Statistics, destinations
from pv.cli.settings import Base, Baseline, Select, Strict, StrictTestBinding, settings_of


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
    """Judge contracts together: references, versions, moves, bindings, evidence, arithmetic.

    Exit codes: 0 every gate that judged something passed · 1 a gate failed · 2 a path does not
    exist · 3 no contract was found, so nothing was judged · 4 a rule crashed.
    """
    from pv.lint.config import Flags
    from pv.lint.engine import lint as run
    from pv.lint.intake import take
    from pv.lint.kept import Texts
    from pv.output.formats import deliver_all
    from pv.output.judged import file_report
    from pv.output.lint import report_of_lint

    flags = Flags(strict, strict_test_binding, base, baseline, tuple(select or ()))
    applied = settings_of(paths or [], root, flags)
    options = applied.options
    places = destinations(context, formats, outputs, applied.format)
    if fix or diff or unsafe_fixes:
        fix_first(paths or [], root, options, fix=fix, unsafe=unsafe_fixes, diff=diff)
    intake = take(paths or [], root, None if no_cache else options)
    found = run(intake.root, intake.judged, options, shown=intake.asked, keeper=intake.session)
    intake.save()
    if found.settled.stale:
        sys.stderr.write(f"{len(found.settled.stale):,} stale in the baseline: pv baseline check\n")
    if not found.files:
        where = ", ".join(paths or [str(intake.root / "contracts")])
        sys.stderr.write(f"no contract found under {where}: nothing was judged\n")
    asked = intake.asked
    shown = [one for one in intake.judged if asked is None or one.document.file in asked]
    report = report_of_lint(
        found,
        [file_report(one) for one in shown],
        Texts(shown),
        strict=options.strict,
        statistics=statistics,
    )
    deliver_all(report, places, sys.stdout)
    if found.crashes:
        raise found.crashes[0]
    raise typer.Exit(report.outcome.exit_code)
