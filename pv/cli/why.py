"""`pv why`: which of the things that a stale receipt rests on moved, and by which commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError


def why(
    falsifier: Annotated[str, typer.Argument(help="Falsifier by id or short form.")],
    output_format: OutputFormat = Format.TEXT,
    local: Annotated[bool, typer.Option("--local", help="Receipts of .pv/receipts too.")] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Say what stale receipts are stale for, and since when."""
    from pv.escape import escape
    from pv.evidence.audit import Condition, audit, since
    from pv.evidence.history import History
    from pv.evidence.store import has_local
    from pv.model.contract import short_id
    from pv.registry.contracts import load_contracts
    from pv.resources import find_root

    home = find_root(root)
    owners = {
        each.id: one.contract
        for one in load_contracts(home)
        if one.contract
        for each in one.contract.falsifiers
    }
    wanted = falsifier.upper()
    name = next((each for each in owners if wanted in (each.upper(), short_id(each).upper())), None)
    if name is None:
        raise UsageError(f"no falsifier {falsifier!r} in this registry", advice="pv status")
    history, contract = History(home), owners[name]
    mine = [each for each in audit(home, local=local).receipts if each.falsifier == name]
    told = [(each, since(home, contract, each, history)) for each in mine]
    fresh = any(each.condition in (Condition.VALID, Condition.FOREIGN) for each in mine)
    code = ExitCode.NO_VERDICT if not mine else ExitCode.OK if fresh else ExitCode.FINDINGS
    if output_format is Format.JSON:
        rows = [
            {
                "path": each.path,
                "condition": each.condition.value,
                "reason": each.reason,
                "moved": [one._asdict() for one in moved],
            }
            for each, moved in told
        ]
        data = document(exit_code=int(code), falsifier=name, receipts=rows)
        typer.echo(json.dumps(data, indent=2))
        raise typer.Exit(code)
    for each, moved in told:
        verdict = f" {each.receipt.verdict}" if each.receipt else ""
        typer.echo(escape(f"{each.condition}{verdict}  {each.path}  {each.reason}").rstrip())
        for one in moved:
            typer.echo(escape(f"  {one.subject}"))
            typer.echo(escape(f"    {one.commit or 'not committed, or not known to git'}"))
    if not mine:
        typer.echo(f"{name} has no receipt")
        if not local and has_local(home, name):
            typer.echo(f"  a local receipt exists: pv why {short_id(name)} --local")
        typer.echo(f"  do: pv discharge {short_id(name)} --record")
    raise typer.Exit(code)
