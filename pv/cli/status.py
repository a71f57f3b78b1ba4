"""`pv status`: what contracts claim beside what their receipts support."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat

if TYPE_CHECKING:
    from pv.model.status import ContractStatus


def status(
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show what contracts claim beside what their receipts support.

    Every contract, falsifier, stage and hypothesis has its claimed and its derived state.
    """
    from pv.evidence.derive import Deriver
    from pv.output.status_json import json_of
    from pv.output.status_text import text_of
    from pv.registry.contracts import load_contracts
    from pv.resources import find_root

    home = find_root(root)
    loaded = load_contracts(home)
    deriver = Deriver(home, local=local)
    statuses = [deriver.derive(each.contract) for each in loaded if each.contract]
    unread = [each.fault for each in loaded if each.contract is None]
    orphans = deriver.orphans(statuses)
    code = _code(statuses, [*unread, *orphans])
    if output_format is Format.JSON:
        typer.echo(json_of(statuses, [*unread, *orphans], code), nl=False)
    else:
        typer.echo(text_of(statuses, () if local else _only_local(home, statuses)), nl=False)
        typer.echo("".join(f"NOT JUDGED {each}\n" for each in (*unread, *orphans)), nl=False)
        typer.echo(_verdict(statuses, code, home))
    raise typer.Exit(code)


def _only_local(home: Path, statuses: list[ContractStatus]) -> frozenset[str]:
    """Return the falsifiers without a receipt in the registry that have a local one."""
    from pv.evidence.store import has_local

    bare = (each.id for one in statuses for each in one.falsifiers if not each.receipts)
    return frozenset(each for each in bare if has_local(home, each))


def _code(statuses: list[ContractStatus], unread: list[str]) -> ExitCode:
    if any(each.ahead or each.damaged for each in statuses):
        return ExitCode.FINDINGS
    return ExitCode.OK if statuses and not unread else ExitCode.NO_VERDICT


def _verdict(statuses: list[ContractStatus], code: ExitCode, home: Path) -> str:
    ahead = [name for each in statuses for name in each.ahead]
    damaged = sum(len(each.damaged) for each in statuses)
    falsifiers = sum(len(each.falsifiers) for each in statuses)
    judged = f"contracts {len(statuses)}, falsifiers {falsifiers}"
    if not statuses:
        return f"no contract under {home / 'contracts'} was judged (exit {code:d})"
    what = f"claims ahead: {len(ahead)}" if ahead else "no claim is ahead"
    broken = f", damaged receipts: {damaged}" if damaged else ""
    word = "OK" if code is ExitCode.OK else "FAIL" if code is ExitCode.FINDINGS else "NO VERDICT"
    return f"{word}: {what}{broken}; {judged} (exit {code:d})"
