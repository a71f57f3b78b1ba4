"""`pv status`: what contracts claim beside what their receipts support."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from pv.cli.days import Today, day_of, period_of
from pv.cli.exitcodes import ExitCode
from pv.cli.remembered import remembered
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pv.evidence.derive import Derived
    from pv.model.contract import Contract
    from pv.model.status import ContractStatus, FalsifierStatus


@remembered
def status(
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    ready: Annotated[
        bool,
        typer.Option(
            "--ready", help="Only what has become possible: all that unblocks it is DISCHARGED."
        ),
    ] = False,
    due: Annotated[
        str | None,
        typer.Option(metavar="PERIOD", help="Only receipts that run out within 30d, 4w, …"),
    ] = None,
    today: Today = None,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show what contracts claim beside what their receipts support.

    Every contract, falsifier, stage and hypothesis has its claimed and its derived state.

    Exit codes: 0 no claim is ahead · 1 one is, or a receipt is damaged · 3 nothing was judged. With
    --ready 0 edges were judged · 3 nothing unblocks anything; with --due 0 nothing runs out · 1
    something does · 3 no receipt has a shelf life.
    """
    from pv.resources import find_root

    if ready and due is not None:
        raise UsageError("--ready and --due were given, expected one of them")
    within = None if due is None else period_of(due, "--due")
    home = find_root(root)
    read = _read(home, today, local=local)
    as_json = output_format is Format.JSON
    if ready:
        raise typer.Exit(_ready(read, as_json=as_json))
    if within is not None:
        raise typer.Exit(_due(read, today, within, as_json=as_json))
    raise typer.Exit(_all(home, read, local=local, as_json=as_json))


class _Read(NamedTuple):
    """A registry with its statuses."""

    derived: Derived
    faults: list[str]
    """What could not be judged: unreadable files, receipts of nothing."""

    @property
    def contracts(self) -> Sequence[Contract]:
        """The contracts that could be read."""
        return self.derived.contracts

    @property
    def statuses(self) -> Sequence[ContractStatus]:
        """Their statuses."""
        return self.derived.statuses

    @property
    def damaged(self) -> int:
        """How many receipt files cannot be relied on."""
        return sum(each.summary.damaged for each in self.statuses)

    @property
    def falsifiers(self) -> dict[str, FalsifierStatus]:
        """The falsifiers by id."""
        return {each.id: each for status in self.statuses for each in status.falsifiers}


def _read(home: Path, today: str | None, *, local: bool) -> _Read:
    from pv.evidence.derive import derive_all, orphans

    derived = derive_all(home, local=local, today=day_of(today))
    unread = [str(each.fault) for each in derived.unread]
    return _Read(derived, [*unread, *orphans(home, derived.statuses, local=local)])


def _all(home: Path, read: _Read, *, local: bool, as_json: bool) -> ExitCode:
    from pv.output.status_json import json_of
    from pv.output.status_text import block_of, text_of

    code = _code(read.statuses, read.faults)
    if as_json:
        typer.echo(json_of(read.statuses, read.faults, code), nl=False)
        return code
    uncounted = () if local else _only_local(home, read.statuses)
    blocks = read.derived.told(block_of)
    typer.echo(text_of(read.statuses, uncounted, blocks), nl=False)
    _not_judged(read.faults)
    typer.echo(_verdict(read, code, home))
    return code


def _not_judged(faults: Sequence[str]) -> None:
    typer.echo("".join(f"NOT JUDGED {each}\n" for each in faults), nl=False)


def _only_local(home: Path, statuses: Sequence[ContractStatus]) -> frozenset[str]:
    """Return the falsifiers without a receipt in the registry that have a local one."""
    from pv.evidence.store import has_local, local_folders

    there = local_folders(home)
    bare = (name for one in statuses for name in one.summary.bare if name in there)
    return frozenset(each for each in bare if has_local(home, each))


def _code(statuses: Sequence[ContractStatus], unread: list[str]) -> ExitCode:
    if any(each.ahead or each.summary.damaged for each in statuses):
        return ExitCode.FINDINGS
    return ExitCode.OK if statuses and not unread else ExitCode.NO_VERDICT


def _verdict(read: _Read, code: ExitCode, home: Path) -> str:
    ahead = sum(len(each.ahead) for each in read.statuses)
    falsifiers = sum(len(each.summary.falsifiers) for each in read.statuses)
    judged = f"contracts {len(read.statuses)}, falsifiers {falsifiers}"
    if not read.statuses:
        return f"no contract under {home / 'contracts'} was judged (exit {code:d})"
    what = f"claims ahead: {ahead}" if ahead else "no claim is ahead"
    broken = f", damaged receipts: {read.damaged}" if read.damaged else ""
    return f"{_word(code)}: {what}{broken}; {judged} (exit {code:d})"


def _word(code: ExitCode) -> str:
    return {ExitCode.OK: "OK", ExitCode.FINDINGS: "FAIL"}.get(code, "NO VERDICT")


def _print(code: ExitCode, **parts: object) -> ExitCode:
    typer.echo(json.dumps(document(exit_code=int(code), **parts), indent=2, ensure_ascii=False))
    return code


# What has become possible


def _ready(read: _Read, *, as_json: bool) -> ExitCode:
    from pv.output.ready import ready_data, ready_text
    from pv.readiness import readiness

    found = readiness(read.contracts, read.statuses)
    code = ExitCode.OK if found.edges and not read.faults else ExitCode.NO_VERDICT
    code = ExitCode.FINDINGS if read.damaged else code
    if as_json:
        return _print(code, unread=read.faults, **ready_data(found))
    typer.echo(ready_text(found), nl=False)
    _not_judged(read.faults)
    many = len(found.ready) or "nothing"
    waiting = f"; still waiting: {len(found.waiting)}" if found.waiting else ""
    what = f"{many} became possible{waiting}; edges {found.edges}"
    what = what if found.edges else "no falsifier says what it unblocks"
    typer.echo(f"{what}{_broken(read)} (exit {code:d})")
    return code


def _broken(read: _Read) -> str:
    return f"; damaged receipts, which do not count: {read.damaged}" if read.damaged else ""


# What runs out


def _due(read: _Read, today: str | None, within: int, *, as_json: bool) -> ExitCode:
    from pv.output.ready import due_data, due_text
    from pv.shelf import due, utc_today

    day = day_of(today) or utc_today()
    rows = due(read.statuses, day, within)
    views = (view for each in read.falsifiers.values() for view in each.receipts)
    aging = sum(bool(view.until) for view in views)
    code = ExitCode.OK if aging and not read.faults else ExitCode.NO_VERDICT
    code = ExitCode.FINDINGS if rows or read.damaged else code
    if as_json:
        told = due_data(rows, read.falsifiers)
        return _print(code, unread=read.faults, today=str(day), within_days=within, due=told)
    typer.echo(due_text(rows, read.falsifiers), nl=False)
    _not_judged(read.faults)
    if not aging:
        typer.echo(f"no receipt has a shelf life: nothing was judged (exit {code:d})")
        return code
    what = f"{len(rows)} run out" if len(rows) > 1 else "1 runs out" if rows else "nothing runs out"
    line = f"{_word(code)}: {what} within {within} days; receipts with a shelf life: {aging}"
    typer.echo(f"{line}{_broken(read)} (exit {code:d})")
    return code
