"""The `pv` command: registers the commands and turns errors into texts and exit codes."""

from __future__ import annotations

import errno
import os
import sys
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TextIO

import typer
from typer.core import TyperGroup

from pv import __version__
from pv.cli.exitcodes import ExitCode
from pv.cli.options import OrderedOptions
from pv.errors import PvError

if TYPE_CHECKING:
    from typer._click.core import Command, Context

COMMANDS: Final = (
    "validate",
    "init",
    "discharge",
    "explain",
    "status",
    "lint",
    "rule",
    "guard",
    "config",
    "baseline",
    "diff",
    "claims",
    "measure",
    "evidence",
    "index",
    "why",
    "promote",
    "demote",
    "bump",
    "note",
    "ship",
    "what-if",
    "can-ship",
    "render",
    "report",
    "pr-body",
    "kernels",
    "bench",
    "models",
    "trace",
    "bisect",
    "story",
)
"""In the order of the help text. Each is a module of this package, imported when it is asked for:
a function of the same name (`_` for `-`), or an `app` with commands of its own.
"""


_SURROUNDINGS: Final = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES, errno.EPERM}
)
"""What the machine answers where nothing more can be written: no defect of ours."""


_CLOSED_PIPE: Final = 128 + 13


class LazyCommands(TyperGroup):
    """The commands of `pv`; one that is not run is not imported."""

    def list_commands(self, ctx: Context) -> list[str]:  # noqa: ARG002 - the library's signature
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:  # noqa: ARG002 - as above
        """Return a command, or None for a word that is none."""
        if cmd_name not in COMMANDS:
            self.commands = {name: self._load(name) for name in COMMANDS}  # for its suggestions
            return None
        return self._load(cmd_name)

    @staticmethod
    def _load(cmd_name: str) -> Command:
        function = cmd_name.replace("-", "_")
        module = import_module(f"pv.cli.{function}")
        if hasattr(module, "app"):
            return typer.main.get_group(module.app)
        alone = typer.Typer(
            add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None
        )
        alone.command(cmd_name, cls=OrderedOptions)(getattr(module, function))
        return typer.main.get_command(alone)


app = typer.Typer(
    name="pv",
    cls=LazyCommands,
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


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _run_app() -> None:
    """Run the command, and write what is still buffered while its failure can be told."""
    try:
        app()
    finally:
        sys.stdout.flush()


def _discard_what_is_left() -> None:
    """Let what could not be written go: at the end of the process it would fail once more."""
    if isinstance(sys.stdout, TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def run() -> None:
    """Run the command line and exit with the code that says what happened."""
    # Where the caller closed a stream there is nobody to read it.
    sys.stdout, sys.stderr = sys.stdout or _nowhere(), sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal that cannot show a character shows its escape.
            stream.reconfigure(errors="backslashreplace")
    try:
        _run_app()
    except SystemExit as ending:
        # The reader went away (`pv … | head`): neither a finding nor a success, but what a shell
        # says of a program that a closed pipe ended.
        if ending.code == 1 and type(sys.stdout).__name__ == "PacifyFlushWrapper":
            sys.exit(_CLOSED_PIPE)
        raise
    except PvError as error:
        from pv.output.fold import paragraphs

        sys.stderr.write(paragraphs(error.explain()) + "\n")
        sys.exit(error.exit_code)
    except OSError as error:
        _discard_what_is_left()
        if error.errno == errno.EPIPE:
            sys.exit(_CLOSED_PIPE)
        if error.errno not in _SURROUNDINGS:
            sys.exit(_internal_error(error))
        sys.stderr.write(f"cannot write {error.filename or 'the output'}: {error.strerror}\n")
        sys.exit(ExitCode.USAGE)
    except Exception as error:  # noqa: BLE001 - the outermost frame: everything else is our own bug
        sys.exit(_internal_error(error))
