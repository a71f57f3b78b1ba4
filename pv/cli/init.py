"""`pv init`: a first registry with one contract that validates and a falsifier that runs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where the registry goes.", metavar="[DIR]")
    ] = Path(),
) -> None:
    """Write a minimal registry: a contract and its harness.

    It prints the commands to try next.

    Exit codes: 0 written · 2 a file is in the way, nothing was written.
    """
    from pv.registry.scaffold import write_registry

    for written in write_registry(folder):
        sys.stdout.write(f"wrote {written}\n")
    change = f"cd {folder}\n  " if folder != Path() else ""
    sys.stdout.write(
        f"next:\n  {change}pv validate contracts\n  pv lint\n  pv discharge EXAMPLE-001\n"
    )
    raise typer.Exit(ExitCode.OK)
