"""The `pv` command: registers the commands and turns errors into texts and exit codes."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from pv import __version__
from pv.cli import models
from pv.cli.discharge import discharge
from pv.cli.exitcodes import ExitCode
from pv.cli.init import init
from pv.cli.kernels import kernels
from pv.cli.lint import lint
from pv.cli.render import render
from pv.cli.rule import rule
from pv.cli.status import status
from pv.cli.validate import validate
from pv.errors import PvError

app = typer.Typer(
    name="pv",
    help="Contracts, their falsifiers, and the receipts that every status is derived from.",
    epilog="Exit codes: 0 ok · 1 findings or refuted · 2 usage · 3 no verdict · 4 internal error.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"pv {__version__}")
        raise typer.Exit(ExitCode.OK)


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Hold the options that stand before any command."""


app.command("validate")(validate)
app.command("init")(init)
app.command("discharge")(discharge)
app.command("status")(status)
app.command("lint")(lint)
app.command("rule")(rule)
app.command("render")(render)
app.command("kernels")(kernels)
app.add_typer(models.app, name="models")


def _internal_error(error: BaseException) -> int:
    """Write the traceback to a file and say where; a user never sees a traceback on the screen."""
    import tempfile
    import traceback

    handle, name = tempfile.mkstemp(prefix="pv-internal-error-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    sys.stderr.write(
        f"internal error: {type(error).__name__}: {error}\n"
        f"  this is a defect of pv {__version__}, not of your files; details in {Path(name)}\n"
    )
    return ExitCode.INTERNAL


def run() -> None:
    """Run the command line and exit with the code that says what happened."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character shows its escape.
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    except PvError as error:
        sys.stderr.write(error.explain() + "\n")
        sys.exit(error.exit_code)
    except Exception as error:  # noqa: BLE001 - the outermost frame: everything else is our own bug
        sys.exit(_internal_error(error))
