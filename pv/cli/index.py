"""`pv index`: the table that spares reading every receipt, and that the files can make again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document

app = typer.Typer(
    help="Look at the index of receipts, check it, make it again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Root: TypeAlias = Annotated[Path | None, typer.Option(help="Registry root.")]


@app.command()
def status(output_format: OutputFormat = Format.TEXT, root: _Root = None) -> None:
    """Tell where the index is and how much of it still counts; nothing is read or written."""
    from pv.evidence.index import Index
    from pv.resources import find_root

    index = Index(find_root(root))
    rows = len(index.rows)
    unknown, gone = index.unknown()
    told = {"path": str(index.path), "rows": rows, "to_be_read": unknown, "of_no_file": gone}
    _tell(
        told,
        output_format,
        f"{index.path}: {rows} rows, {unknown} receipts to be read again, {gone} rows of no file",
    )


@app.command()
def rebuild(output_format: OutputFormat = Format.TEXT, root: _Root = None) -> None:
    """Drop the index and make it again from the receipt files; exit 3 where there is none."""
    from pv.evidence.index import Index
    from pv.resources import find_root

    index = Index(find_root(root))
    read, kept = index.rebuild()
    young = f", {read - kept} are too young to be kept" if read > kept else ""
    told = {"path": str(index.path), "read": read, "kept": kept}
    _tell(told, output_format, f"{index.path}: {read} receipts read, {kept} kept{young}")
    raise typer.Exit(ExitCode.OK if read else ExitCode.NO_VERDICT)


@app.command()
def verify(output_format: OutputFormat = Format.TEXT, root: _Root = None) -> None:
    """Read every receipt and hold the index against it.

    Exit codes: 0 every row that counts is right · 1 a reader is told wrongly · 3 no row counts, so
    that nothing was compared.
    """
    from pv.escape import escape
    from pv.evidence.index import Index
    from pv.resources import find_root

    index = Index(find_root(root))
    found = list(index.differences())
    compared, unknown = index.counting()
    code = ExitCode.FINDINGS if found else ExitCode.OK if compared else ExitCode.NO_VERDICT
    told: dict[str, object] = {
        "exit_code": int(code),
        "rows": len(index.rows),
        "compared": compared,
        "to_be_read": unknown,
        "wrong": [each._asdict() for each in found],
    }
    lines = [f"WRONG {escape(each.path)}: {each.reason}" for each in found]
    what = f"{compared} rows compared, {len(found)} wrong"
    missing = f", {unknown} receipts that no row counts for" if unknown else ""
    advice = "\n  do: pv index rebuild" if found or unknown else ""
    _tell(told, output_format, "\n".join([*lines, f"{what}{missing} (exit {code:d}){advice}"]))
    raise typer.Exit(code)


def _tell(told: dict[str, object], output_format: Format, text: str) -> None:
    if output_format is Format.JSON:
        typer.echo(json.dumps(document(**told), indent=2, ensure_ascii=False))
    else:
        typer.echo(text)
