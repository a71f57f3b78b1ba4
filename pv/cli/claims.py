"""`pv claims`: what a commit message or a pull request says, held against the change itself."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from pv.cli.exitcodes import ExitCode

_LARGEST: Final = 1 << 20
"""Characters of a text that are read."""


class Format(StrEnum):
    """How the verdicts are written."""

    TEXT = "text"
    JSON = "json"


def claims(
    base: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Revision before the change; else where main was left."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|-", help="The text to judge; else the messages of the commits since REV."
        ),
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    output_format: Annotated[
        Format, typer.Option("--format", help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Hold what a text says of a change against the change: versions, files, counts, status moves.

    The change is what differs between REV and the files on disk. Each claim that is found is borne
    out, contradicted, or cannot be judged.

    Exit codes: 0 no claim is contradicted · 1 one is · 2 no such revision or file · 3 nothing was
    judged.
    """
    from pv.output.claims import write_claims_json, write_claims_text
    from pv.registry.base import find_base
    from pv.registry.changeset import read_change_set
    from pv.registry.lifecycle import load_lifecycle
    from pv.registry.statements import Verdict, judge_text
    from pv.resources import find_root

    home = find_root(root)
    since = find_base(home, base)
    change = read_change_set(home, since.revision)
    said = _messages(home, since.revision) if text is None else _text(text)
    statements = judge_text(said, change, load_lifecycle(home))
    write = write_claims_json if output_format is Format.JSON else write_claims_text
    write(statements, since.name, sys.stdout)
    if since.note:
        sys.stderr.write(f"{since.note}\n")
    verdicts = {each.verdict for each in statements}
    if Verdict.CONTRADICTED in verdicts:
        raise typer.Exit(ExitCode.FINDINGS)
    if Verdict.BORNE_OUT not in verdicts:
        raise typer.Exit(ExitCode.NO_VERDICT)


def _messages(root: Path, base: str) -> str:
    """Return the messages of all commits since the base, oldest first."""
    from pv.registry.git import ask

    return ask(root, "log", "--reverse", "--format=%B", f"{base}..HEAD", "--").text[:_LARGEST]


def _text(name: str) -> str:
    from pv.errors import UsageError

    if name == "-":
        return sys.stdin.read(_LARGEST)
    try:
        with Path(name).open(encoding="utf-8", errors="replace") as stream:
            return stream.read(_LARGEST)
    except OSError as error:
        raise UsageError(f"--text {name}: {error.strerror}, expected a readable file") from error
