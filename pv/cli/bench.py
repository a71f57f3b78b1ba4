"""`pv bench`: how fast kernels are on this machine, against what its memory can move."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.bench.record import Report, Timing

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Measure how fast kernels are, against the memory's speed.",
)


class Place(StrEnum):
    """Where kernels are timed."""

    CPU = "cpu"
    CUDA = "cuda"


@app.callback()
def _bench() -> None:
    """Measure how fast kernels are on this machine, against what its memory can move."""


@app.command()
def kernels(
    device: Annotated[Place, typer.Option(help="cpu, or cuda on a machine with one.")] = Place.CPU,
    operation: Annotated[
        list[str] | None, typer.Option("--operation", help="Only this one; may be repeated.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows of the matrix.", min=1)] = 3584,
    columns: Annotated[int, typer.Option(help="Columns, a multiple of 256.", min=256)] = 18944,
    rounds: Annotated[int, typer.Option(help="Calls of each kernel; the best counts.", min=1)] = 6,
    copies: Annotated[int, typer.Option(help="Equal matrices taken in turn (cpu).", min=1)] = 3,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Time the kernels: one thread against ggml and memory, or a CUDA device against its copies.

    A simulator is refused: it is no device. Exit 3 where nothing could be timed.
    """
    report = _measured(device, operation or [], rows, columns, rounds, copies)
    if output_format is Format.JSON:
        data = document(**report.to_data())
        typer.echo(json.dumps(data, indent=2))
    else:
        _show(report)
    raise typer.Exit(ExitCode.OK)


def _measured(
    place: Place, names: list[str], rows: int, columns: int, rounds: int, copies: int
) -> Report:
    from pv.bench import device
    from pv.bench.workloads import operations, workloads

    if place is Place.CUDA:
        device.require_device()  # before the matrices are made
    known = operations()
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"operation {unknown[0]!r} is unknown, expected one of {', '.join(known)}")
    chosen = workloads(rows, columns, names)
    if place is Place.CUDA:
        return device.measure(chosen, rounds)
    from pv.bench import processor

    return processor.measure(chosen, rounds, copies)


def _show(report: Report) -> None:
    size = f"matrix {report.rows} x {report.columns}"
    turns = f"best of {report.rounds}, {report.copies} copies in turn"
    typer.echo(f"{report.device}: {report.machine['name']}, {size}, {turns}")
    details = (f"{key} {value}" for key, value in report.machine.items() if key != "name")
    typer.echo(", ".join(details).replace("_", " "))
    typer.echo(f"{report.ceiling}: {report.ceiling_rate / 1e9:.2f} GB/s")
    typer.echo("")
    last = "x ggml" if report.device == "cpu" else "of roofline"
    typer.echo(
        f"{'operation':<16} {'variant':<12} {'ms':>9} {'GB/s':>8} {'of ceiling':>10} {last:>11}"
    )
    for each in report.timings:
        cpu = report.device == "cpu"
        figure = each.over_peer if cpu else report.share_of_roofline(each)
        typer.echo(_line(report, each, figure))
    for note in dict.fromkeys([*(t.note for t in report.timings if t.note), *report.notes]):
        typer.echo(f"- {note}")


def _line(report: Report, each: Timing, figure: float | None) -> str:
    text = "-" if figure is None else f"{figure:.2f}"
    return (
        f"{each.operation:<16} {each.variant:<12} {each.best * 1e3:9.3f} {each.rate / 1e9:8.2f} "
        f"{report.share(each):10.2f} {text:>11}"
    )
