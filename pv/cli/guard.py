"""`pv guard`: the methodology guards, what each asks, and what it says of its own examples."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pv.cli.text_or_json import Format


def guard(
    name: Annotated[
        str | None, typer.Argument(help="Name of a guard; without it, all in a line.")
    ] = None,
    format: Annotated[  # noqa: A002 - the option is called --format
        Format, typer.Option("--format", "-f", help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Print the page of a guard, or the list of them.

    A guard trips where a number is no answer, whatever its size: the verdict is INCONCLUSIVE.

    Exit codes: 0 printed · 2 no such guard.
    """
    from pv.discharge.guards.page import pages_of, text_page

    pages = pages_of(name)
    if format is Format.JSON:
        from pv.output.guard_json import guards_json

        sys.stdout.write(guards_json(pages))
    elif name is not None:
        sys.stdout.write(text_page(pages[0]))
    else:
        width = max(len(each.name) for each in pages)
        for page in pages:
            about = page.title.partition(": ")[2] or page.title
            sys.stdout.write(f"{page.name:<{width}}  {about}\n")
