"""`pv ship`: how far each model is from shipping, its parts, and what would move it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.days import Today, day_of
from pv.cli.exitcodes import ExitCode
from pv.cli.remembered import remembered
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.evidence.shipping import Fleet, Shipment
    from pv.ship import ShipStanding


@remembered
def ship(
    models: Annotated[list[str] | None, typer.Argument(help="Models by id; else all.")] = None,
    at: Annotated[
        str | None, typer.Option(help="As a git revision had it, by the receipts it had.")
    ] = None,
    history: Annotated[
        bool, typer.Option("--history", help="One line for each commit that moved a figure.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, help="With --history: how many commits to look at.")
    ] = 100,
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit 1 where an asserted figure is not ours."),
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    today: Today = None,
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Compute the SHIP percentage, its parts, and what is next."""
    from pv.evidence.shipping import fleet, fleet_at
    from pv.resources import find_root

    home = find_root(root)
    if history:
        if at or local or strict or today:
            raise UsageError("--history goes with models and --limit, expected nothing else")
        raise typer.Exit(_history(home, models or (), limit, output_format is Format.JSON))
    if at and today:
        raise UsageError("--at is judged by the day of its commit, expected no --today beside it")
    day = day_of(today)
    found = fleet_at(home, at).fleet if at else fleet(home, local=local, today=day)
    shipments = asked_for(found, models or ())
    standings = [each.standing for each in shipments]
    gap = any(each.asserted_percent not in (None, each.percent) for each in standings)
    code = ExitCode.OK if standings and not found.unread else ExitCode.NO_VERDICT
    if strict and gap:
        code = ExitCode.FINDINGS
    if output_format is Format.JSON:
        typer.echo(json.dumps(_data(shipments, found.unread, code), indent=2, ensure_ascii=False))
    else:
        _tell(standings, found.unread, gap=strict and gap)
    raise typer.Exit(code)


def _tell(standings: Sequence[ShipStanding], unread: Sequence[str], *, gap: bool) -> None:
    from pv.report.ship_text import text_of

    nothing = "no contract of kind ship: there is no percentage\n"
    typer.echo(text_of(standings) or nothing, nl=False)
    for file in unread:
        typer.echo(f"NOT JUDGED {file}: it cannot be read, and no figure counts what it holds")
    if gap:
        typer.echo("FAIL: an asserted figure is not what the receipts give (exit 1)")


def asked_for(found: Fleet, names: Sequence[str]) -> tuple[Shipment, ...]:
    """Return the named models, or all. Raises UsageError for a name that is none."""
    known = {each.model.id: each for each in found.shipments}
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none: no contract is of kind ship"
            raise UsageError(f"no model {name!r} to ship, expected one of {listed}")
    return tuple(known[name] for name in names) or found.shipments


def _history(home: Path, names: Sequence[str], limit: int, as_json: bool) -> int:
    """Print each commit in which a figure moved; NO_VERDICT where none was found."""
    from pv.evidence.shipping import fleet_at, past_commits
    from pv.report.numbers import percent

    before: dict[str, object] = {}
    rows: list[dict[str, object]] = []
    for commit in past_commits(home, limit):
        past = fleet_at(home, commit)
        for each in past.fleet.shipments:
            now = each.standing.percent
            moved = each.model.id not in before or before[each.model.id] != now
            if moved and (not names or each.model.id in names):
                row = {"date": past.date, "commit": commit, "model": each.model.id}
                rows.append({**row, "percent": None if now is None else float(now)})
                if not as_json:
                    figure = percent(now)
                    typer.echo(f"{past.date[:10]}  {commit[:10]}  {each.model.id:<14}  {figure}")
            before[each.model.id] = now
    code = ExitCode.OK if rows else ExitCode.NO_VERDICT
    if as_json:
        data = document(exit_code=int(code), history=rows)
        typer.echo(json.dumps(data, indent=2))
    elif not rows:
        typer.echo("no commit has a model to ship: there is no history of a percentage")
    return code


def _data(
    shipments: Sequence[Shipment], unread: Sequence[str], code: ExitCode
) -> dict[str, object]:
    from pv.report.ship_data import data_of

    return document(
        exit_code=int(code),
        unread=list(unread),
        models=[data_of(each.standing) for each in shipments],
    )
