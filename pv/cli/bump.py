"""`pv bump`: raise a contract's version by what its change since the last commit asks for."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import UsageError


class Part(StrEnum):
    """The part of a version that is raised."""

    MAJOR = "major"
    MINOR = "minor"
    PATCH = "patch"


def bump(
    contract: Annotated[str, typer.Argument(help="Stem, id or file of the contract.")],
    note: Annotated[list[str], typer.Option(help="A line for the changelog; at least one.")],
    part: Annotated[
        Part | None, typer.Option(help="major, minor or patch; else what the change asks for.")
    ] = None,
    diff: Annotated[bool, typer.Option("--diff", help="Only print the edit.")] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Raise a version by what its change asks for.

    The change is that since the last commit; the new version gets its changelog entry.
    """
    from pv.cli.promoting import write_edition
    from pv.promotion.carry_out import committed, today
    from pv.promotion.edition import Edition
    from pv.registry.difference import compare
    from pv.registry.versions import Bump
    from pv.resources import find_root

    home = find_root(root)

    def edit(edition: Edition) -> None:
        base = committed(home, edition.contract.file)
        asked = Bump[part.name] if part else None
        if asked is None and base is not None:
            asked = compare(base, edition.contract).asked
        if asked is None or asked <= Bump.NONE:
            why = "is not in the last commit" if base is None else "has not changed since it"
            raise UsageError(f"{edition.contract.file} {why}, expected --part to raise it by")
        edition.bump(asked, base)
        edition.note(note, today())

    write_edition(home, contract, edit, diff=diff)
    raise typer.Exit(ExitCode.OK)
