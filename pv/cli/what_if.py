"""`pv what-if`: what the SHIP percentage would be if something were discharged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.evidence.shipping import Fleet


def what_if(
    ids: Annotated[list[str], typer.Argument(help="Falsifiers or criteria by id.")],
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Forecast the percentage if something were discharged."""
    from pv.evidence.shipping import fleet
    from pv.report.ship_data import data_of
    from pv.report.ship_text import forecast_text
    from pv.resources import find_root

    found = fleet(find_root(root))
    discharged = frozenset(gate for name in ids for gate in _gates(found, name))
    pairs = [(each.standing, each.forecast(discharged)) for each in found.shipments]
    code = ExitCode.OK if pairs else ExitCode.NO_VERDICT
    if output_format is Format.JSON:
        rows = [{"now": data_of(now), "forecast": data_of(then)} for now, then in pairs]
        whole = document(exit_code=int(code), if_discharged=sorted(discharged), models=rows)
        typer.echo(json.dumps(whole, indent=2, ensure_ascii=False))
    elif not pairs:
        typer.echo("no contract of kind ship: there is no percentage (exit 3)")
    else:
        typer.echo(forecast_text(pairs), nl=False)
    raise typer.Exit(code)


def _gates(found: Fleet, name: str) -> list[str]:
    """Return the falsifiers that a name means: itself, or those that gate a criterion."""
    from pv.registry.named import named, place_of

    known = [(each, status.file) for status in found.statuses for each in status.summary.falsifiers]
    criteria = (each for one in found.shipments for each in one.model.criteria)
    criterion = next((each for each in criteria if each.id.upper() == name.upper()), None)
    if named(name, (each for each, _ in known)):
        return [known[place_of(name, known)][0]]
    if criterion is not None:
        return list(criterion.gates)
    raise UsageError(
        f"{name!r} is no falsifier and no criterion of this registry",
        advice="pv ship lists the criteria, pv status the falsifiers",
    )
