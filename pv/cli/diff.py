"""`pv diff`: what changed between two versions of contracts, and the bump that it asks for."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode

if TYPE_CHECKING:
    from pv.registry.sides import Comparison


class Format(StrEnum):
    """How the difference is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


def diff(
    sides: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[A [B [PATHS…]]]",
            help="Files, folders, revisions, or REV:path with a path below the registry root.",
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 1 where a version rose less than is asked.")
    ] = False,
    output_format: Annotated[
        Format, typer.Option("--format", help="For people, programs or pull requests.")
    ] = Format.TEXT,
) -> None:
    """Show what changed by meaning, and the bump that it asks for.

    With A alone, the registry on disk is compared with A; with neither, with the commit where the
    branch left the main one. Changed limits, equations and removed claims ask for MAJOR; new claims
    and status moves for MINOR; prose for PATCH.

    Exit codes: 0 compared · 1 with --exit-code, a bump is too small · 2 no such file or revision ·
    3 nothing was compared, or with --exit-code, something could not be judged.
    """
    from pv.output.diff import write_diff_json, write_diff_markdown, write_diff_text

    comparison = _compare(sides or [], root)
    write = {
        Format.TEXT: write_diff_text,
        Format.JSON: write_diff_json,
        Format.MARKDOWN: write_diff_markdown,
    }[output_format]
    write(comparison, sys.stdout)
    if not comparison.judged:
        sys.stderr.write("no contract on either side: nothing was compared\n")
        raise typer.Exit(ExitCode.NO_VERDICT)
    if exit_code and comparison.small:
        raise typer.Exit(ExitCode.FINDINGS)
    if exit_code and (comparison.unread or comparison.unknown):
        raise typer.Exit(ExitCode.NO_VERDICT)


def _compare(sides: list[str], root: Path | None) -> Comparison:
    from pv.errors import UsageError
    from pv.registry.sides import base_side, compare_sides, registry_side, side_of
    from pv.resources import find_root

    try:
        home = find_root(root)
    except UsageError:
        if root is not None or len(sides) < 2:
            raise
        home = Path.cwd()
    one, *others = sides or [""]
    before = side_of(one, home) if sides else base_side(home)
    after = side_of(others[0], home) if others else registry_side(home)
    return compare_sides(before, after, others[1:])
