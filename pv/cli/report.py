"""`pv report`: everything of a registry in one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import UsageError


def report(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file, default .pv/report/index.html.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Tell what changed since this git revision.")
    ] = None,
    history: Annotated[
        int, typer.Option(min=0, help="Draw the ship curve over so many commits; 0 for none.")
    ] = 0,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Write the registry as one self-contained HTML page.

    Exit codes: 0 written, whatever it tells · 2 no such revision, or a file that cannot be
    written · 3 no contract was found.
    """
    from pv.files import OWN, own_folder
    from pv.report.page import content, lay_out
    from pv.resources import find_root

    home = find_root(root)
    told = content(home, local=local, since=since, history=history)
    if not told.view.contracts:
        typer.echo(f"no contract under {home / 'contracts'}: nothing was written", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)
    text = lay_out(told)
    target = output or home / OWN / "report" / "index.html"
    if output is None:
        own_folder(home)
    _write(target, text)
    typer.echo(
        f"{target}: {len(text.encode()) / 1000:.0f} kB, {told.view.totals.contracts} contracts"
    )


def _write(target: Path, text: str) -> None:
    from pv.files import replace_file

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, text.encode())
    except OSError as fault:
        raise UsageError(f"{target}: cannot be written: {fault.strerror}") from None
