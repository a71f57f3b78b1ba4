"""`pv evidence import`: results of tests that ran elsewhere, recorded as foreign evidence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.output.fold import hung

if TYPE_CHECKING:
    from pv.evidence.foreign.record import Import

_LISTED = 20


def import_evidence(
    file: Annotated[
        Path, typer.Argument(help="JUnit XML, JSON lines of cargo or nextest, or a contract.")
    ],
    by: Annotated[str, typer.Option(help="Who says so; else the form of the file.")] = "",
    source: Annotated[str, typer.Option(help="Which run; else the name of the file.")] = "",
    on: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="Day of the run, where the file has none; else today."),
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Into the registry; else under .pv/receipts.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every unmapped test by name.")] = False,
    output_format: OutputFormat = Format.TEXT,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Record what tests said elsewhere as foreign evidence, which never discharges.

    A result answers the falsifiers whose test reference names that test. Exit 1 where one refutes,
    3 where none answers any falsifier.
    """
    from pv.evidence.foreign.record import import_results, read_results
    from pv.evidence.outside import utc_day
    from pv.model.verdict import Verdict
    from pv.registry.contracts import load_contracts
    from pv.resources import find_root

    home = find_root(root)
    contracts = [each.contract for each in load_contracts(home) if each.contract]
    found = import_results(
        home,
        contracts,
        read_results(file),
        file,
        by=by.strip(),
        source=source.strip(),
        on=utc_day(on) if on else None,
        record=record,
    )
    verdicts = {each.verdict for each in found.imported}
    code = ExitCode.OK if Verdict.HELD in verdicts else ExitCode.NO_VERDICT
    code = ExitCode.FINDINGS if Verdict.REFUTED in verdicts else code
    if output_format is Format.JSON:
        data = {**found._asdict(), "imported": [each._asdict() for each in found.imported]}
        typer.echo(json.dumps(document(exit_code=int(code), **data), indent=2, ensure_ascii=False))
    else:
        _tell(found, code, None if everything else _LISTED)
    raise typer.Exit(code)


def _tell(found: Import, code: ExitCode, most: int | None) -> None:
    from pv.escape import escape

    for each in found.imported:
        lead = f"FOREIGN {each.verdict}" if each.verdict else "NO VERDICT"
        typer.echo(hung(f"{lead:<17} ", escape(f"{each.falsifier}: {each.headline}")))
        if each.path:
            typer.echo(hung(" " * 18, escape(each.path)))
    for name in found.unmapped[:most]:
        typer.echo(hung("unmapped          ", escape(name)))
    more = len(found.unmapped) - len(found.unmapped[:most])
    if more:
        typer.echo(f"unmapped          and {more} more: --all names them")
    recorded = sum(each.verdict is not None for each in found.imported)
    told = f"{found.kind}: {found.tests} tests, {recorded} falsifiers answered"
    typer.echo(f"{told}, {len(found.unmapped)} tests unmapped (exit {code:d})")
    if not found.imported:
        typer.echo("  do: name the test in a falsifier: pytest, cargo, command, external")
