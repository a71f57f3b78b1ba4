"""`pv can-ship`: one exit code for a release job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.days import Today, day_of
from pv.cli.exitcodes import ExitCode


def can_ship(
    model: Annotated[str, typer.Argument(help="The model by id.")],
    today: Today = None,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Say by its exit code whether a model can ship by receipts.

    Exit codes: 0 it can · 1 it cannot · 2 no such model · 3 nothing was judged.
    """
    from pv.cli.ship import asked_for
    from pv.evidence.shipping import fleet
    from pv.report.ship_text import text_of
    from pv.resources import find_root

    found = fleet(find_root(root), today=day_of(today))
    (shipment,) = asked_for(found, [model])
    standing = shipment.standing
    if standing.percent is None or found.unread:
        code = ExitCode.NO_VERDICT
    else:
        code = ExitCode.FINDINGS if standing.open else ExitCode.OK
    typer.echo(text_of([standing]), nl=False)
    word = {ExitCode.OK: "can ship", ExitCode.FINDINGS: "cannot ship"}.get(code, "no verdict")
    typer.echo(f"{word}: {model} (exit {code:d})")
    raise typer.Exit(code)
