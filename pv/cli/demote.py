"""`pv demote`: take back claims that their receipts do not bear, with the reason."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.text_or_json import Format, OutputFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.promotion.carry_out import Subject
    from pv.promotion.moves import Answer


def demote(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Contracts (with all they hold), falsifiers, stages, hypotheses."),
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Why, for the changelog; a dry run needs none.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every contract of the registry.")
    ] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would move.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Only print the edit.")] = False,
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Take back claims that their receipts do not bear."""
    from pv.cli.promoting import asked_for, finish, plans
    from pv.errors import UsageError
    from pv.model.status import Standing
    from pv.promotion.carry_out import subjects
    from pv.promotion.moves import following
    from pv.resources import find_root

    if reason is None and not (dry or diff):
        raise UsageError(
            "--reason is missing, expected why the claim is taken back",
            advice="add --reason WHY, or --dry-run to see what would move",
        )
    if reason is not None and not reason.strip():
        raise UsageError("--reason is empty, expected why the claim is taken back")
    home = find_root(root)
    every, unread, lifecycle = subjects(home)

    def answer(subject: Subject, name: str | None) -> Sequence[Answer]:
        mine = subject.named(name) if name else subject.claims
        return following(mine, lifecycle, Standing.AHEAD)

    asked = list(asked_for(every, names or (), everything=everything))
    found = plans(home, asked, answer, [reason] if reason else [])
    as_json = output_format is Format.JSON
    finish(home, found, unread if everything else (), dry=dry, diff=diff, as_json=as_json)
