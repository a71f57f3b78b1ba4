"""`pv note`: add lines to the changelog entry of a contract's present version."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode


def note(
    contract: Annotated[str, typer.Argument(help="Stem, id or file of the contract.")],
    lines: Annotated[list[str], typer.Argument(help="Lines for the changelog.")],
    diff: Annotated[bool, typer.Option("--diff", help="Only print the edit.")] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Add lines to the changelog entry of the present version."""
    from pv.cli.promoting import write_edition
    from pv.promotion.carry_out import today
    from pv.resources import find_root

    write_edition(
        find_root(root), contract, lambda edition: edition.note(lines, today()), diff=diff
    )
    raise typer.Exit(ExitCode.OK)
