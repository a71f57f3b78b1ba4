"""Commands whose answer is taken from the last run where a registry is as it was then."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import wraps
from typing import Any, Final

import typer

from pv.cli.exitcodes import ExitCode

_MOVING: Final = ("at", "since")
"""Options that name a revision: what a name means is not told by stamps."""


def remembered(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that prints what it printed before, as long as it would print it again.

    The command says everything in its output and its exit code, and has the option `root`.
    """

    @wraps(command)
    def run(**options: Any) -> None:
        from pv.evidence.answers import Answer, Answers
        from pv.resources import find_root

        if any(options.get(each) for each in _MOVING):
            command(**options)
            return
        question = (command.__name__, *(f"{name}={options[name]!r}" for name in sorted(options)))
        answers = Answers(find_root(options["root"]), question)
        found = answers.recall()
        if found is None:
            with answers.found_out():
                text, complaint, code = _recorded(command, options)
            if not complaint:
                answers.keep(Answer(text, code))
        else:
            typer.echo(found.text, nl=False)
            code = found.code
        raise typer.Exit(code)

    return run


def _recorded(command: Callable[..., None], options: dict[str, Any]) -> tuple[str, str, int]:
    """Run a command and return what it wrote, its complaints, and its exit code."""
    out, err = io.StringIO(), io.StringIO()
    code = int(ExitCode.OK)
    try:
        with redirect_stdout(out), redirect_stderr(err):
            command(**options)
    except typer.Exit as ending:
        code = ending.exit_code
    finally:
        typer.echo(out.getvalue(), nl=False)
        typer.echo(err.getvalue(), nl=False, err=True)
    return out.getvalue(), err.getvalue(), code
