"""`pv explain`: the story of a falsifier in one screen."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import UsageError


def explain(
    falsifier: Annotated[str, typer.Argument(help="Falsifier by id or short form.")],
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Tell what a falsifier asks, what was measured, and its history.

    Local receipts (.pv/receipts) count too. It runs nothing.

    Exit codes: 0 told, whatever the verdict is · 2 no such falsifier.
    """
    from pv.discharge.logs import last_log
    from pv.discharge.outside import of_falsifier, shown
    from pv.discharge.plan import Request, command
    from pv.discharge.selection import is_pattern, select
    from pv.evidence.derive import derive
    from pv.output.explain_text import explain_text
    from pv.registry.contracts import load_contracts
    from pv.resources import find_root

    home = find_root(root)
    if is_pattern(falsifier):
        raise UsageError(f"{falsifier!r} is a pattern, expected the id of one falsifier")
    (entry,) = select(load_contracts(home), [falsifier]).entries
    found = entry.falsifier
    status = derive(entry.contract, home, local=True)
    own = next(each for each in status.falsifiers if each.id == found.id)
    again = command(found.id, Request(home, device=found.device or "cpu"), live=found.live)
    log = last_log(home, found.id, own.receipts)
    outside = shown(of_falsifier(home, found))
    typer.echo(explain_text(entry.contract, found, own, again, log, outside=outside), nl=False)
    raise typer.Exit(ExitCode.OK)
