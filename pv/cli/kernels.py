"""`pv kernels`: operation by back-end, what runs here and why not."""

from __future__ import annotations

import json
from collections.abc import Iterable

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.kernels import Backend, Row, describe
from pv.output.fold import folded

NEVER_ON_A_DEVICE = (
    "no CUDA kernel here has ever run on a device: they ran in the simulator and were compiled to "
    "PTX; docs/cuda.md says what that shows"
)
"""Until somebody runs tests/kernels/cuda on a machine that has one."""


def kernels(
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Show which kernels run here, and why the others do not.

    Exit code: 0, whatever runs on this machine.
    """
    rows = describe()
    if output_format is Format.JSON:
        table = [
            {**row._asdict(), "ran_on_a_device": row.backend is not Backend.CUDA} for row in rows
        ]
        typer.echo(json.dumps(document(kernels=table), indent=2))
        raise typer.Exit(ExitCode.OK)
    width = max(len(row.operation) for row in rows)
    typer.echo(f"{'operation':<{width}}  " + "  ".join(f"{each:<5}" for each in Backend))
    for operation in dict.fromkeys(row.operation for row in rows):
        of = {row.backend: row.available for row in rows if row.operation == operation}
        cells = (f"{_word(of.get(each)):<5}" for each in Backend)
        typer.echo(f"{operation:<{width}}  {'  '.join(cells)}".rstrip())
    typer.echo("")
    for reason, backends in _absences([row for row in rows if not row.available]).items():
        typer.echo(folded(f"{', '.join(backends)} kernels do not run here: {reason}"))
    typer.echo(folded(NEVER_ON_A_DEVICE))
    running = sum(row.available for row in rows)
    typer.echo(f"{len(rows)} kernels, {running} run here, {len(rows) - running} do not")


def _word(available: bool | None) -> str:
    """Say what a cell means; None is an operation without a kernel on that back-end."""
    return {True: "runs", False: "no", None: "-"}[available]


def _absences(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Group the back-ends that do not run by the reason."""
    found: dict[str, list[str]] = {}
    for row in rows:
        names = found.setdefault(row.reason, [])
        if str(row.backend) not in names:
            names.append(str(row.backend))
    return found
