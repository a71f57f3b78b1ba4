"""`pv measure`: enter a number that was measured elsewhere, for a falsifier that awaits it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.model.contract import Contract, Falsifier


def measure(
    falsifier: Annotated[str, typer.Argument(help="The falsifier that awaits the numbers, by id.")],
    numbers: Annotated[
        list[str], typer.Argument(metavar="'METRIC=NUMBER UNIT'...", help="Each awaited metric.")
    ],
    source: Annotated[str, typer.Option(help="Where the number stands: a run, a log, a report.")],
    by: Annotated[str, typer.Option(help="Who says so.")],
    on: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of the measurement; else today (UTC).")
    ] = None,
    file: Annotated[
        Path | None, typer.Option(help="A file that shows it; its digest is recorded.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Into the registry; else under .pv/receipts.")
    ] = False,
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Enter a number that was measured elsewhere.

    Metric and unit are those that the falsifier expects; its limit judges the number. Nothing ran
    here: what is met counts as PARTIAL_ALGORITHM_LEVEL at most, what is not refutes.

    Exit codes: 0 every limit is met · 1 one is not · 2 not what the falsifier asks for.
    """
    from pv.escape import escape
    from pv.evidence.history import History
    from pv.evidence.outside import Origin, enter, read_given, utc_day
    from pv.model.verdict import Verdict
    from pv.resources import find_root

    if not source.strip() or not by.strip():
        raise UsageError("--source and --by are empty, expected who says so and where it stands")
    home = find_root(root)
    contract, entry = _awaiting(home, falsifier)
    commit = History(home).expect_commit(contract, entry)
    origin = Origin(source.strip(), by.strip(), utc_day(on), file)
    given = [read_given(each) for each in numbers]
    found = enter(home, contract, entry, given, origin, commit=commit, record=record)
    code = ExitCode.OK if found.verdict is Verdict.HELD else ExitCode.FINDINGS
    if output_format is Format.JSON:
        data = document(exit_code=int(code), falsifier=entry.id, **found._asdict())
        typer.echo(json.dumps(data, indent=2, ensure_ascii=False))
        raise typer.Exit(code)
    late = "" if commit else ", POST-HOC: its limit is not committed"
    typer.echo(escape(f"{found.verdict} {entry.id}: {found.headline}{late}"))
    typer.echo(escape(f"  {found.path}"))
    raise typer.Exit(code)


def _awaiting(home: Path, name: str) -> tuple[Contract, Falsifier]:
    from pv.registry.contracts import load_contracts
    from pv.registry.named import place_of

    owned = [
        (one.contract, each)
        for one in load_contracts(home)
        if one.contract
        for each in one.contract.falsifiers
    ]
    return owned[place_of(name, [(each.id, contract.file) for contract, each in owned])]
