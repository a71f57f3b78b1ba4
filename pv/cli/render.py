"""`pv render`: the Markdown reports, from the records."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode


def render(
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is stale.")
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the standard pages, default docs/.")
    ] = None,
) -> None:
    """Write the standard pages and sections from the receipts.

    Status report, spec and changelog sections, and the SHIP percentage.
    """
    from pv.output.fold import folded
    from pv.report.build import registry_view
    from pv.report.pages import pages, write
    from pv.resources import find_root

    home = find_root(root)
    base = _base(home, output)
    view = registry_view(home, local=local, base=str(base))
    if not view.contracts:
        typer.echo(f"no contract under {home / 'contracts'}: nothing was rendered", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)
    found = pages(home, view, base)
    stale = [page for page in found if page.stale]
    for page in stale:
        if check:
            typer.echo(f"stale  {page.path}")
        else:
            write(home, page)
    for model in view.ship:
        typer.echo(folded(model.headline))
    if check and stale:
        said = f"FAIL: {len(stale)} of {len(found)} files differ from the records; run pv render"
        typer.echo(folded(said))
        raise typer.Exit(ExitCode.FINDINGS)
    typer.echo(f"{len(found)} files, {len(stale)} changed; report: {base / 'status.md'}")


def _base(home: Path, output: Path | None) -> PurePosixPath:
    """Return the folder of the standard pages relative to the registry root."""
    if output is None:
        return PurePosixPath("docs")
    return PurePosixPath(os.path.relpath(output.resolve(), home))
