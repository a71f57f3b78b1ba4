"""`pv why`: which of the things that a stale receipt rests on moved, and by which commit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.evidence.audit import Audited, Since


def why(
    falsifier: Annotated[str, typer.Argument(help="Falsifier by id or short form.")],
    output_format: OutputFormat = Format.TEXT,
    local: Annotated[bool, typer.Option("--local", help="Receipts of .pv/receipts too.")] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Say what stale receipts are stale for, and since when."""
    from pv.evidence.audit import Condition, audit_contract, since
    from pv.evidence.history import History
    from pv.registry.contracts import load_contracts
    from pv.registry.named import place_of
    from pv.resources import find_root

    home = find_root(root)
    owned = [
        (each.id, one.contract)
        for one in load_contracts(home)
        if one.contract
        for each in one.contract.falsifiers
    ]
    name, contract = owned[place_of(falsifier, [(each, one.file) for each, one in owned])]
    history = History(home)
    found = sorted(audit_contract(home, contract, history, local=local), key=_path)
    mine = [each for each in found if each.falsifier == name]
    told = [(each, since(home, contract, each, history)) for each in mine]
    fresh = any(each.condition in (Condition.VALID, Condition.FOREIGN) for each in mine)
    code = ExitCode.NO_VERDICT if not mine else ExitCode.OK if fresh else ExitCode.FINDINGS
    if output_format is Format.JSON:
        rows = [_row(each, moved) for each, moved in told]
        data = document(exit_code=int(code), falsifier=name, receipts=rows)
        typer.echo(json.dumps(data, indent=2))
    elif told:
        for each, moved in told:
            _tell(each, moved)
    else:
        _tell_of_none(home, name, local=local)
    raise typer.Exit(code)


def _path(each: Audited) -> str:
    return each.path


def _row(each: Audited, moved: Sequence[Since]) -> dict[str, object]:
    return {
        "path": each.path,
        "condition": each.condition.value,
        "reason": each.reason,
        "moved": [one._asdict() for one in moved],
    }


def _tell(each: Audited, moved: Sequence[Since]) -> None:
    from pv.escape import escape

    verdict = f" {each.receipt.verdict}" if each.receipt else ""
    typer.echo(escape(f"{each.condition}{verdict}  {each.path}  {each.reason}").rstrip())
    for one in moved:
        typer.echo(escape(f"  {one.subject}"))
        typer.echo(escape(f"    {one.commit or 'not committed, or not known to git'}"))


def _tell_of_none(home: Path, name: str, *, local: bool) -> None:
    from pv.evidence.store import has_local
    from pv.model.contract import short_id

    typer.echo(f"{name} has no receipt")
    if not local and has_local(home, name):
        typer.echo(f"  a local receipt exists: pv why {short_id(name)} --local")
    typer.echo(f"  do: pv discharge {short_id(name)} --record")
