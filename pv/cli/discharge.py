"""`pv discharge`: run falsifiers and judge what they measure."""

from __future__ import annotations

import math
import sys
from contextlib import closing, contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from pv.cli.destination import check_destination
from pv.cli.exitcodes import ExitCode
from pv.cli.headstart import taken
from pv.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pv.discharge.executors.templates import Templates
    from pv.discharge.job import Limits
    from pv.discharge.plan import Request
    from pv.discharge.selection import Shard
    from pv.model.receipt import Outcome
    from pv.model.verdict import Level
    from pv.output.progress import Progress


class Device(StrEnum):
    """Where a harness runs its kernels."""

    CPU = "cpu"
    CUDA = "cuda"
    SIM = "sim"


class Format(StrEnum):
    """How outcomes are printed."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


class LevelName(StrEnum):
    """What a run is made on."""

    SYNTHETIC = "synthetic"
    LIVE = "live"


_Ids: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(help="Falsifiers by id, short form (FFN-GGUF-016) or glob ('FFN-GGUF-01*')."),
]
_All: TypeAlias = Annotated[bool, typer.Option("--all", help="Every falsifier of the registry.")]
_Changed: TypeAlias = Annotated[
    bool,
    typer.Option("--changed", help="Only what is stale or has no fresh receipt; else reused."),
]
_Live: TypeAlias = Annotated[
    bool, typer.Option("--live", help="Run live falsifiers too, on the models that are here.")
]
_Level: TypeAlias = Annotated[
    LevelName | None, typer.Option(help="Only synthetic or only live falsifiers.")
]
_Shard: TypeAlias = Annotated[
    str | None, typer.Option(metavar="I/N", help="One of N parts that add up to the whole.")
]
_DryRun: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Print what would run, where and why; run nothing.")
]
_Device: TypeAlias = Annotated[Device, typer.Option(help="cpu, cuda or sim.")]
_Model: TypeAlias = Annotated[
    Path | None, typer.Option(help="A model file; its sha256 must be an accepted one.")
]
_Record: TypeAlias = Annotated[
    bool, typer.Option("--record", help="Write receipts into contracts/evidence/.")
]
_Form: TypeAlias = Annotated[Format, typer.Option("--format", "-f", help="text, json or junit.")]
_Output: TypeAlias = Annotated[
    Path | None,
    typer.Option("--output", "-o", metavar="FILE", help="File for json or junit; text stays."),
]
_Jobs: TypeAlias = Annotated[
    int | None, typer.Option("--jobs", "-j", min=1, max=64, help="Falsifiers side by side.")
]
_Timeout: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.1, help="Seconds for each falsifier; else as the contract says, or 120."),
]
_Memory: TypeAlias = Annotated[float, typer.Option(min=0.1, help="GiB for each falsifier.")]
_Retries: TypeAlias = Annotated[
    int, typer.Option(min=0, max=10, help="New tries after a crash, and after nothing else.")
]
_RequireLive: TypeAlias = Annotated[
    bool, typer.Option("--require-live", help="A live falsifier that did not run is exit 3.")
]
_Root: TypeAlias = Annotated[Path | None, typer.Option(help="Registry root.")]


def discharge(
    ids: _Ids = None,
    everything: _All = False,
    changed: _Changed = False,
    live: _Live = False,
    level: _Level = None,
    shard: _Shard = None,
    dry_run: _DryRun = False,
    device: _Device = Device.CPU,
    model: _Model = None,
    record: _Record = False,
    output_format: _Form = Format.TEXT,
    output: _Output = None,
    jobs: _Jobs = None,
    timeout: _Timeout = None,
    memory: _Memory = 8.0,
    retries: _Retries = 0,
    require_live: _RequireLive = False,
    root: _Root = None,
) -> None:
    """Run falsifiers, judge what they measured, write receipts.

    Each runs in a child process of its own.
    """
    _check(timeout, memory, output, output_format, model)
    from pv.resources import find_root

    home = find_root(root)
    with _started(home, device, dry_run) as templates:
        from pv.discharge.plan import Request

        request = Request(
            root=home,
            ids=tuple(ids or ()),
            everything=everything or (changed and not ids),
            live=live or level is LevelName.LIVE,
            device=device.value,
            model=model,
            limits=_limits(timeout, memory),
            own_timeouts=timeout is None,
            changed=changed,
            level=_level(level),
            shard=_shard(shard),
            jobs=jobs or 0,
            retries=retries,
        )
        if templates is None:
            raise typer.Exit(_show_plan(request, record, output_format, output))
        code = _run(request, templates, record, output_format, output, require_live)
    raise typer.Exit(code)


def _limits(timeout: float | None, memory: float) -> Limits:
    from pv.discharge.job import GIB, SECONDS, Limits

    return Limits(seconds=timeout or SECONDS, memory=int(memory * GIB))


def _level(name: LevelName | None) -> Level | None:
    from pv.model.verdict import Level

    return Level(name.upper()) if name else None


def _shard(text: str | None) -> Shard | None:
    from pv.discharge.selection import Shard

    return Shard.parse(text) if text else None


@contextmanager
def _started(home: Path, device: Device, dry_run: bool) -> Iterator[Templates | None]:
    """Start the process that jobs are forked from: it imports while this one does, and plans."""
    if dry_run:
        yield None
        return
    with taken(home, device.value) as templates:
        yield templates


def _check(
    timeout: float | None, memory: float, output: Path | None, form: Format, model: Path | None
) -> None:
    """Raise UsageError for what cannot be carried out, before anything is started."""
    for option, value in (("--timeout", timeout), ("--memory", memory)):
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{option} is {value}, expected a finite number")
    if output is None:
        return
    if form is Format.TEXT:
        raise UsageError("-o needs a format for its file", advice="add --format json or junit")
    check_destination("-o", output, [model] if model else [], whole=False)


def _show_plan(request: Request, record: bool, form: Format, output: Path | None) -> int:
    from pv.discharge.dispatch import planned
    from pv.output.discharge_plan import plan_json, plan_text

    if form is Format.JUNIT:
        raise UsageError("a plan has no junit form", advice="use --format text or json")
    items = planned(request, record=record)
    if form is Format.JSON:
        _deliver(plan_json(items), output)
    if form is Format.TEXT or output is not None:
        typer.echo(plan_text(items), nl=False)
    return ExitCode.OK


def _run(
    request: Request,
    templates: Templates,
    record: bool,
    form: Format,
    output: Path | None,
    require_live: bool,
) -> int:
    """Run, print, and return the exit code; an interrupt has one of its own."""
    from pv.discharge.dispatch import discharge as run
    from pv.discharge.selection import is_pattern
    from pv.output.progress import Progress

    seen: list[Outcome] = []
    as_text = form is Format.TEXT or output is not None
    interrupted = False
    brief = request.everything or any(map(is_pattern, request.ids))
    with (
        Progress(sys.stderr) as progress,
        closing(run(request, record=record, watcher=progress, templates=templates)) as outcomes,
    ):
        try:
            for each in _told(outcomes, progress, brief) if as_text else outcomes:
                light = _light(each) if form is Format.TEXT else each
                seen.append(light)
        except KeyboardInterrupt:
            interrupted = True
    from pv.discharge.verdict import exit_code

    code = ExitCode.INTERRUPTED if interrupted else exit_code(seen, require_live=require_live)
    _print_end(seen, code, form, output)
    return code


def _light(outcome: Outcome) -> Outcome:
    """Return what the last line needs of an outcome that is printed: a night's run is long."""
    return replace(
        outcome, comparisons=(), guards=(), controls=(), companions=(), measurements=None,
        parameters={}, sources={}, environment={},
    )  # fmt: skip


def _told(outcomes: Iterator[Outcome], progress: Progress, brief: bool) -> Iterator[Outcome]:
    """Print what comes out and yield it: at once, or a falsifier with all its models together."""
    waiting: list[Outcome] = []
    printed = False
    try:
        for each in outcomes:
            if waiting and each.falsifier != waiting[0].falsifier:
                _print(waiting, progress, brief, apart=printed)
                waiting, printed = [], True
            waiting.append(each)
            if brief:
                _print(waiting, progress, brief)
                waiting = []
            yield each
    finally:
        if waiting:
            _print(waiting, progress, brief, apart=printed)


def _print(of_one: list[Outcome], progress: Progress, brief: bool, *, apart: bool = False) -> None:
    from pv.output.discharge_text import text_of

    with progress.aside():
        terminal = sys.stdout.isatty()
        text = text_of(of_one, colour=terminal, brief=brief, whole=not terminal)
        typer.echo(f"\n{text}" if apart else text, nl=False)
        sys.stdout.flush()


def _print_end(seen: list[Outcome], code: int, form: Format, output: Path | None) -> None:
    from pv.output.discharge_text import summary

    if form is Format.JSON:
        from pv.output.discharge_json import json_of

        _deliver(json_of(seen, code), output)
    if form is Format.JUNIT:
        from pv.output.discharge_junit import junit_of

        _deliver(junit_of(seen, code), output)
    if form is Format.TEXT or output is not None:
        typer.echo("\n" + summary(seen, code), nl=False)


def _deliver(text: str, output: Path | None) -> None:
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as fault:
        raise UsageError(f"cannot write {str(output)!r} ({fault.strerror})") from fault
