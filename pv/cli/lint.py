"""`pv lint`: every rule over the registry, a line for each gate, and one verdict."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode


class Format(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"


def lint(
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
    format: Annotated[  # noqa: A002 - the option is called --format
        Format, typer.Option(help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Judge contracts together: references, versions, moves, bindings, evidence, arithmetic.

    Exit codes: 0 every gate that judged something passed · 1 a gate failed · 2 a path does not
    exist · 3 no contract was found, so nothing was judged · 4 a rule crashed.
    """
    import gc

    from pv.lint.engine import Outcome
    from pv.lint.engine import lint as run
    from pv.lint.intake import take
    from pv.lint.options import Options
    from pv.output.lint import write_lint_json, write_lint_text

    gc.set_threshold(100_000, 50, 100)  # nodes and records hold no cycles; scans are pure cost
    intake = take(paths or [], root)
    options = Options(strict=strict, strict_test_binding=strict_test_binding, base=base)
    report = run(intake.root, intake.judged, options, shown=intake.asked)
    if not report.files:
        where = ", ".join(paths or [str(intake.root / "contracts")])
        sys.stderr.write(f"no contract found under {where}: nothing was judged\n")
    if format is Format.JSON:
        write_lint_json(report, sys.stdout)
    else:
        texts = {one.document.file: one.document.text for one in intake.judged}
        write_lint_text(report, texts, sys.stdout)
    if report.crashes:
        raise report.crashes[0]
    codes = {Outcome.PASS: ExitCode.OK, Outcome.FAIL: ExitCode.FINDINGS}
    raise typer.Exit(codes.get(report.outcome, ExitCode.NO_VERDICT))
