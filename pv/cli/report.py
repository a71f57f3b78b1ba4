"""`pv report`: everything of a registry in one HTML file that needs nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.destination import check_destination
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
        int | None,
        typer.Option(
            min=0,
            help="Draw the ship curve over so many commits, 0 for none; else over 12 where there"
            " are at most 200 contracts.",
        ),
    ] = None,
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
    from pv.resources import find_root

    home = find_root(root)
    if output is not None and output.parent.is_dir():  # else the folder is made
        check_destination("--output", output)
    text, contracts = _page(home, local=local, since=since, history=history)
    if not text:
        typer.echo(f"no contract under {home / 'contracts'}: nothing was written", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)
    target = output or home / OWN / "report" / "index.html"
    if output is None:
        own_folder(home)
    _write(target, text.encode())
    typer.echo(f"{target}: {len(text.encode()) / 1000:.0f} kB, {contracts} contracts")


def _page(home: Path, *, local: bool, since: str | None, history: int | None) -> tuple[str, str]:
    """Return the page and how many contracts it tells of; of a registry that is as it was, again.

    What a revision's name means may change with nothing else, so such a page is made each time.
    """
    from pv.evidence.answers import Answer, Answers

    answers = Answers(home, ("report", str(local), str(history)))
    if since is None and (found := answers.recall()):
        return found.text, found.note
    from pv.report.layout import lay_out
    from pv.report.page import content

    with answers.found_out():
        told = content(home, local=local, since=since, history=history)
    if not told.view.contracts:
        return "", ""
    text, contracts = lay_out(told), told.view.totals.contracts
    if since is None:
        answers.keep(Answer(text, ExitCode.OK, contracts))
    return text, contracts


def _write(target: Path, data: bytes) -> None:
    """Write a page; one that is there already is left alone, so that its stamps are the same."""
    from pv.files import replace_file

    try:
        if target.is_file() and target.read_bytes() == data:
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_file(target, data)
    except OSError as fault:
        raise UsageError(f"{target}: cannot be written: {fault.strerror}") from None
