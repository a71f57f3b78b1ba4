"""`pv promote`: let claims follow the evidence that is there, and never run ahead of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.text_or_json import Format, OutputFormat
from pv.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.model.lifecycle import Lifecycle
    from pv.promotion.carry_out import Subject
    from pv.promotion.moves import Answer


def promote(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Contracts (with all they hold), falsifiers, stages, hypotheses."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every contract of the registry.")
    ] = False,
    to: Annotated[
        str | None, typer.Option(help="The status word; else as far as the receipts allow.")
    ] = None,
    note: Annotated[
        list[str] | None, typer.Option(help="A line for the changelog, before the moves.")
    ] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(help="A reference to add: section=60, pull_request=7, file=…, or any text."),
    ] = None,
    dry: Annotated[
        bool,
        typer.Option("--dry-run", help="Only say what the evidence allows and forbids, and why."),
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Only print the edit.")] = False,
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Move statuses as far as their receipts allow.

    One edit a contract: status, evidence, version, date, changelog, references and summary; no
    other byte changes. Claims that stay are pointed at the receipts that bear them now. Where a run
    read the contract itself, the edit makes its receipt stale: that is said, and no pointer to it
    is written.
    """
    from pv.cli.promoting import asked_for, finish, plans
    from pv.promotion.carry_out import subjects
    from pv.resources import find_root

    if to is not None and everything:
        raise UsageError("--to goes with a name, expected no --all beside it")
    home = find_root(root)
    every, unread, lifecycle = subjects(home)

    asked = list(asked_for(every, names or (), everything=everything))
    answer = partial(_answer, to, lifecycle)
    beyond = lifecycle if dry else None
    found = plans(home, asked, answer, note or (), reference or (), beyond)
    as_json = output_format is Format.JSON
    finish(home, found, unread if everything else (), dry=dry, diff=diff, as_json=as_json)


def _answer(
    to: str | None, lifecycle: Lifecycle, subject: Subject, name: str | None
) -> Sequence[Answer]:
    """Return how far the claims that a name means move, and which of them stay."""
    from pv.model.status import Standing
    from pv.promotion.moves import Move, Refusal, following, repoints, to_word

    mine = subject.named(name) if name else subject.claims
    found: list[Answer] = []
    if to is not None:
        found.append(to_word(subject.contract, mine[0], to, subject.status, lifecycle))
        mine = mine[1:] if isinstance(found[0], Move) else ()
    found += following(mine, lifecycle, Standing.BEHIND)
    for claim in mine if to is None else ():
        if claim.standing is Standing.AHEAD:
            reason = f"it claims more than its receipts: {'; '.join(claim.reasons)}; pv demote"
            found.append(Refusal(claim, claim.derived, reason))
    return [*found, *repoints(subject.contract, mine)]
