"""`pv validate`: judge the form of contract files, each alone."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.output.names import Format


def validate(
    paths: Annotated[
        list[str],
        typer.Argument(help="Contract files, folders of them, or patterns.", metavar="PATH..."),
    ],
    format: Annotated[Format, typer.Option(help="For people or for programs.")] = Format.TEXT,  # noqa: A002 - the option is called --format
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail too.")] = False,
) -> None:
    """Judge the form of contracts, each file alone.

    Exit codes: 0 no error · 1 errors found · 2 a path does not exist · 3 no file was judged.
    """
    from pv.output.formats import deliver
    from pv.output.interface import Outcome
    from pv.output.judged import report_of
    from pv.registry.discover import discover
    from pv.yamlfile.judge import judge_file

    files = discover(paths)
    report = report_of((judge_file(one.path, one.display) for one in files), strict=strict)
    if report.outcome is Outcome.NOTHING_JUDGED:
        sys.stderr.write(f"no contract found under {', '.join(paths)}: nothing was judged\n")
    deliver(report, format, sys.stdout)
    codes = {Outcome.PASS: ExitCode.OK, Outcome.FAIL: ExitCode.FINDINGS}
    raise typer.Exit(codes.get(report.outcome, ExitCode.NO_VERDICT))
