"""`pv validate`: judge the form of contract files, each alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.options import Formats, Outputs, Statistics, destinations
from pv.cli.settings import Baseline, Select, settings_of


def validate(
    context: typer.Context,
    paths: Annotated[
        list[str],
        typer.Argument(help="Contract files, folders of them, or patterns.", metavar="PATH..."),
    ],
    formats: Formats = None,
    outputs: Outputs = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
    baseline: Baseline = None,
    select: Select = None,
    statistics: Statistics = False,
) -> None:
    """Judge the form of contracts, each file alone.

    What `pv config` shows applies here too: format, strict, baseline, select, severity, ignore.

    Exit codes: 0 no error · 1 errors found · 2 a path does not exist · 3 no file was judged.
    """
    from pv.lint.config import Flags
    from pv.output.formats import deliver_all
    from pv.output.interface import Outcome
    from pv.output.judged import report_of
    from pv.registry.discover import discover
    from pv.yamlfile.judge import judge_file

    flags = Flags(strict, baseline=baseline, select=tuple(select or ()))
    applied = settings_of(paths, None, flags)
    places = destinations(context, formats, outputs, applied.format, [*map(Path, paths)])
    files = discover(paths)
    judged = (judge_file(one.path, one.display) for one in files)
    report = report_of(judged, applied.options, statistics=statistics)
    if report.outcome is Outcome.NOTHING_JUDGED:
        sys.stderr.write(f"no contract found under {', '.join(paths)}: nothing was judged\n")
    deliver_all(report, places, sys.stdout)
    raise typer.Exit(report.outcome.exit_code)
