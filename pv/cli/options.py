"""Options that several commands share: which formats are written, and where each of them goes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer
from typer.core import TyperCommand

from pv.cli.destination import check_destination
from pv.errors import UsageError
from pv.output.names import Format

if TYPE_CHECKING:
    from typer._click.core import Context

    from pv.output.formats import Destination

_ORDER: Final = "pv.options in their order"

Formats: TypeAlias = Annotated[
    list[Format] | None,
    typer.Option(
        "--format",
        "-f",
        help="How findings are written; text where none is named. auto: github in GitHub Actions,"
        " else text. Several are written in one run: -f sarif -o out.sarif -f text.",
    ),
]
Outputs: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="File for the format named before it; - is standard output, as is no file at all.",
    ),
]
Statistics: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--statistics",
        help="Counts of findings by rule, in place of the findings (text, concise, markdown;"
        " json and jsonl always hold them).",
    ),
]


class OrderedOptions(TyperCommand):
    """A command that knows in which order its options were given, across their names."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Parse as always, and keep the names of the options in the order given."""
        _, _, order = self.make_parser(ctx).parse_args(args=list(args))
        ctx.meta[_ORDER] = tuple(parameter.name for parameter in order)
        return super().parse_args(ctx, args)


def destinations(
    context: typer.Context,
    formats: Sequence[Format] | None,
    outputs: Sequence[Path] | None,
    default: str = Format.TEXT,
    inputs: Sequence[Path] = (),
) -> tuple[Destination, ...]:
    """Return each format with the file of the `-o` that follows it, None for standard output.

    `default` is the format where the command line names none, `inputs` are files that are read.

    Raises UsageError for a `-o` that follows no `-f`, for two formats in one place, and for a file
    that cannot be written or that is an input.
    """
    from pv.output.formats import Destination

    found: list[Destination] = []
    forms, files = iter(formats or ()), iter(outputs or ())
    free = False  # whether the format before takes a file
    for name in context.meta[_ORDER]:
        if name == "formats":
            found.append(Destination(_concrete(next(forms)), None))
            free = True
        elif name == "outputs":
            file = next(files)
            if not free:
                raise UsageError(
                    f"-o {file} follows no format, expected -f FORMAT before it",
                    advice="give each -o its own -f: -f sarif -o out.sarif -f text",
                )
            found[-1] = Destination(found[-1].form, _file(file, inputs))
            free = False
    found = found or [Destination(_concrete(Format(default)), None)]
    _no_two_in_one_place(found)
    return tuple(found)


def _concrete(form: Format) -> Format:
    if form is not Format.AUTO:
        return form
    return Format.GITHUB if os.environ.get("GITHUB_ACTIONS") == "true" else Format.TEXT


def _file(path: Path, inputs: Sequence[Path]) -> Path | None:
    if str(path) == "-":
        return None
    check_destination("-o", path, inputs, whole=False)
    return path


def _no_two_in_one_place(found: Sequence[Destination]) -> None:
    places: dict[str, Format] = {}
    for form, path in found:
        place = "" if path is None else os.path.realpath(path)
        if place in places:
            where = "standard output" if path is None else str(path)
            raise UsageError(
                f"{places[place]} and {form} both go to {where}, expected one format in one place",
                advice="give all but one a file of its own: -f sarif -o out.sarif -f text",
            )
        places[place] = form
