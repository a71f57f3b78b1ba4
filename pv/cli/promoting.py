"""What `pv promote` and `pv demote` share: whom names mean, what is printed, what is written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import document
from pv.errors import UsageError
from pv.model.contract import short_id
from pv.output.fold import hung
from pv.output.interface import counted

if TYPE_CHECKING:
    from pv.model.lifecycle import Lifecycle
    from pv.promotion.carry_out import Plan, Subject
    from pv.promotion.edition import Edition
    from pv.promotion.moves import Answer, Refusal


def asked_for(
    every: Sequence[Subject], names: Sequence[str], *, everything: bool
) -> Iterator[tuple[Subject, str | None]]:
    """Yield the contracts that are asked for, with the name where one was given."""
    from pv.promotion.carry_out import chosen

    if everything == bool(names):
        raise UsageError(
            "name contracts or falsifiers, or give --all"
            if not names
            else "names and --all were given, expected one of them"
        )
    if everything:
        for subject in every:
            yield subject, None
    else:
        yield from chosen(every, names)


def plans(
    root: Path,
    asked: Sequence[tuple[Subject, str | None]],
    answer: Callable[[Subject, str | None], Sequence[Answer]],
    notes: Sequence[str],
    references: Sequence[str] = (),
    lifecycle: Lifecycle | None = None,
) -> list[Plan]:
    """Return one plan a contract: several names in one contract are one edition of it.

    With a lifecycle each plan also says what the evidence forbids.
    """
    from pv.promotion.carry_out import plan
    from pv.promotion.moves import Move, Repoint, forbidden

    answers: dict[str, list[Answer]] = {}
    subjects = {}
    beyond: dict[str, list[Refusal]] = {}
    for subject, name in asked:
        claims = subject.named(name) if name else subject.claims
        found_beyond = (forbidden(each, lifecycle) for each in claims) if lifecycle else ()
        beyond.setdefault(subject.contract.file, []).extend(each for each in found_beyond if each)
        subjects[subject.contract.file] = subject
        mine = answers.setdefault(subject.contract.file, [])
        mine += [each for each in answer(subject, name) if each not in mine]
    found = []
    for file, subject in subjects.items():
        moving = any(isinstance(each, Move | Repoint) for each in answers[file])
        told = (notes, references) if moving else ((), ())
        found.append(plan(root, subject, answers[file], *told, forbidden=beyond[file]))
    return found


def finish(
    root: Path,
    found: Sequence[Plan],
    unread: Sequence[str],
    *,
    dry: bool,
    diff: bool,
    as_json: bool,
) -> None:
    """Write what is planned, or only show it, and exit with what came of it."""
    from pv.promotion.carry_out import carry_out

    changes = [each.change for each in found if each.change is not None]
    if not (dry or diff):
        carry_out(root, changes)
    code = _code(found, unread)
    if as_json:
        typer.echo(json.dumps(_data(found, unread, code, written=not (dry or diff)), indent=2))
    elif diff:
        sys.stdout.write("".join(change.diff for change in changes))
    else:
        typer.echo("".join(f"{line}\n" for line in _lines(found, unread)), nl=False)
        typer.echo(_end(found, code, dry=dry))
    raise typer.Exit(code)


def write_edition(root: Path, name: str, edit: Callable[[Edition], None], *, diff: bool) -> None:
    """Edit the one contract that a name means, or print the edit; say what it came to."""
    from pv.promotion.carry_out import carry_out, edited, file_of

    change = edited(root, file_of(root, name), edit)
    if diff:
        sys.stdout.write(change.diff)
        return
    carry_out(root, [change])
    added = sum(line.startswith("+") for line in change.diff.splitlines()[2:])
    typer.echo(f"{change.file}: edited, {counted(added, 'line')} new or changed")


def _code(found: Sequence[Plan], unread: Sequence[str]) -> ExitCode:
    if any(each.refusals for each in found):
        return ExitCode.FINDINGS
    return ExitCode.OK if found and not unread else ExitCode.NO_VERDICT


def _lines(found: Sequence[Plan], unread: Sequence[str]) -> Iterator[str]:
    for each in found:
        if not (each.moves or each.repoints or each.refusals or each.forbidden):
            continue
        old = each.contract.version or "no version"
        versions = f"{old} → {each.version}" if each.version != old else old
        yield f"{each.contract.file} {versions}"
        for move in each.moves:
            yield hung("  moves   ", move.text)
        if each.repoints:
            named = ", ".join(short_id(one.claim.id) for one in each.repoints)
            yield hung("  points  ", f"{named}: at the receipts that bear the claim now")
        for refusal in each.refusals:
            before = refusal.claim.claimed or "no status"
            text = f"{refusal.claim.id}: {before} → {refusal.wanted}: {refusal.reason}"
            yield hung("  refused ", text)
        for refusal in each.forbidden:
            text = f"{refusal.claim.id}: {refusal.wanted}: {refusal.reason}"
            yield hung("  forbids ", text)
        for name in each.outdated:
            text = f"{name}: its run read this file, so the edit makes its receipt stale; then"
            text += f" pv discharge {short_id(name)} --record"
            yield hung("  stale   ", text)
    for file in unread:
        yield f"NOT JUDGED {file}: it cannot be read; pv validate {file}"


def _end(found: Sequence[Plan], code: ExitCode, *, dry: bool) -> str:
    moves = sum(len(each.moves) for each in found)
    refusals = sum(len(each.refusals) for each in found)
    repoints = sum(len(each.repoints) for each in found)
    done = "would move" if dry else "moved"
    refused = f", {refusals} refused" if refusals else ""
    repointed = f", {'would point' if dry else 'pointed'} {repoints} anew" if repoints else ""
    if not (moves or refusals or repoints):
        return f"nothing to move: contracts {len(found)} (exit {code:d})"
    sides = f"; {_sides(found)}" if dry else ""
    return f"{done} {moves}{repointed}{refused}{sides}; contracts {len(found)} (exit {code:d})"


def _sides(found: Sequence[Plan]) -> str:
    """Say how many of the claims that were asked about say less, and more, than the evidence."""
    from pv.model.status import Standing

    claims = [each.claim for plan in found for each in plan.moves]
    claims += [each.claim for plan in found for each in plan.refusals]
    under = sum(each.standing is Standing.BEHIND for each in claims)
    over = sum(each.standing is Standing.AHEAD for each in claims)
    return f"under-reported {under}, over-reported {over}"


def _data(
    found: Sequence[Plan], unread: Sequence[str], code: ExitCode, *, written: bool
) -> dict[str, object]:
    return document(
        exit_code=int(code),
        written=written,
        unread=list(unread),
        contracts=[
            {
                "file": each.contract.file,
                "version": {"before": each.contract.version, "after": each.version},
                "moves": [
                    {
                        "kind": move.claim.kind,
                        "id": move.claim.id,
                        "before": move.claim.claimed,
                        "after": move.after,
                        "reasons": list(move.claim.reasons),
                    }
                    for move in each.moves
                ],
                "pointers": [
                    {
                        "id": one.claim.id,
                        "before": list(one.before),
                        "after": list(one.claim.receipts),
                    }
                    for one in each.repoints
                ],
                "refusals": [_refused(refusal) for refusal in each.refusals],
                "forbidden": [_refused(refusal) for refusal in each.forbidden],
                "outdated": list(each.outdated),
            }
            for each in found
        ],
    )


def _refused(refusal: Refusal) -> dict[str, object]:
    return {
        "kind": refusal.claim.kind,
        "id": refusal.claim.id,
        "before": refusal.claim.claimed,
        "wanted": refusal.wanted,
        "reason": refusal.reason,
    }
