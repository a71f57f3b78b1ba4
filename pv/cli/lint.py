"""`pv lint`: every rule over the registry, a line for each gate, and one verdict."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.options import Formats, Outputs, Statistics, destinations


def lint(
    context: typer.Context,
    paths: Annotated[
        list[str] | None,
        typer.Argument(help="Contract files or folders; the whole registry where none is named."),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    strict_test_binding: Annotated[
        bool,
        typer.Option("--strict-test-binding", help="Fail references to tests that do not resolve."),
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail a gate too.")] = False,
    base: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Git revision to compare statuses with; HEAD."),
    ] = None,
    formats: Formats = None,
    outputs: Outputs = None,
    statistics: Statistics = False,
) -> None:
    """Judge contracts together: references, versions, moves, bindings, evidence, arithmetic.

    Exit codes: 0 every gate that judged something passed · 1 a gate failed · 2 a path does not
    exist · 3 no contract was found, so nothing was judged · 4 a rule crashed.
    """
    import gc

    from pv.lint.engine import lint as run
    from pv.lint.intake import take
    from pv.lint.options import Options
    from pv.output.formats import deliver_all
    from pv.output.judged import file_report
    from pv.output.lint import report_of_lint

    gc.set_threshold(100_000, 50, 100)  # nodes and records hold no cycles; scans are pure cost
    places = destinations(context, formats, outputs)
    intake = take(paths or [], root)
    options = Options(strict=strict, strict_test_binding=strict_test_binding, base=base)
    found = run(intake.root, intake.judged, options, shown=intake.asked)
    if not found.files:
        where = ", ".join(paths or [str(intake.root / "contracts")])
        sys.stderr.write(f"no contract found under {where}: nothing was judged\n")
    asked = intake.asked
    shown = [one for one in intake.judged if asked is None or one.document.file in asked]
    report = report_of_lint(
        found,
        [file_report(one) for one in shown],
        {one.document.file: one.document.text for one in shown},
        strict=strict,
        statistics=statistics,
    )
    deliver_all(report, places, sys.stdout)
    if found.crashes:
        raise found.crashes[0]
    raise typer.Exit(report.outcome.exit_code)
