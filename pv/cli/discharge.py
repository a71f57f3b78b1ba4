"""`pv discharge`: run falsifiers and judge what they measure."""

from __future__ import annotations

import math
import sys
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pv.model.receipt import Outcome


class Device(StrEnum):
    """Where a harness runs its kernels."""

    CPU = "cpu"
    CUDA = "cuda"
    SIM = "sim"


class Format(StrEnum):
    """How outcomes are printed."""

    TEXT = "text"
    JSON = "json"


def discharge(
    ids: Annotated[
        list[str] | None, typer.Argument(help="Falsifiers by id or short form (FFN-GGUF-016).")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Every falsifier of the registry.")
    ] = False,
    live: Annotated[
        bool, typer.Option("--live", help="Run live falsifiers too, on the models that are here.")
    ] = False,
    device: Annotated[Device, typer.Option(help="cpu, cuda or sim.")] = Device.CPU,
    model: Annotated[
        Path | None, typer.Option(help="A model file; its sha256 must be an accepted one.")
    ] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write receipts into contracts/evidence/.")
    ] = False,
    output_format: Annotated[Format, typer.Option("--format", help="text or json.")] = Format.TEXT,
    timeout: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Seconds for each falsifier; else as the contract says, or 120."
        ),
    ] = None,
    memory: Annotated[float, typer.Option(min=0.1, help="GiB for each falsifier.")] = 8.0,
    require_live: Annotated[
        bool, typer.Option("--require-live", help="A live falsifier that did not run is exit 3.")
    ] = False,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Run falsifiers in child processes, judge the measurements, write receipts."""
    from pv.discharge.dispatch import discharge as run
    from pv.discharge.job import GIB, SECONDS, Limits
    from pv.discharge.plan import Request
    from pv.discharge.verdict import exit_code
    from pv.resources import find_root

    for option, value in (("--timeout", timeout), ("--memory", memory)):
        if value is not None and not math.isfinite(value):
            raise UsageError(f"{option} is {value}, expected a finite number")
    limits = Limits(seconds=timeout or SECONDS, memory=int(memory * GIB))
    request = Request(
        root=find_root(root),
        ids=tuple(ids or ()),
        everything=everything,
        live=live,
        device=device.value,
        model=model,
        limits=limits,
        own_timeouts=timeout is None,
    )
    outcomes = run(request, record=record)
    as_json = output_format is Format.JSON
    seen = list(outcomes) if as_json else _print_text(outcomes, everything)
    code = exit_code(seen, require_live=require_live)
    _print_end(seen, code, as_json)
    raise typer.Exit(code)


def _print_text(outcomes: Iterator[Outcome], brief: bool) -> list[Outcome]:
    """Print the outcomes of each falsifier as soon as it is through."""
    from pv.output.discharge_text import text_of

    seen: list[Outcome] = []
    for _, group in groupby(outcomes, lambda each: (each.contract, each.falsifier)):
        if seen and not brief:
            typer.echo("")
        of_one = list(group)
        typer.echo(text_of(of_one, colour=sys.stdout.isatty(), brief=brief), nl=False)
        sys.stdout.flush()
        seen += of_one
    return seen


def _print_end(seen: list[Outcome], code: int, as_json: bool) -> None:
    from pv.output.discharge_json import json_of
    from pv.output.discharge_text import summary

    typer.echo(json_of(seen, code) if as_json else "\n" + summary(seen, code), nl=False)
