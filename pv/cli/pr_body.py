"""`pv pr-body`: the text of a pull request, written from the change and its receipts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode


def pr_body(
    base: Annotated[
        str | None, typer.Option(help="Git revision; else where the branch left the main one.")
    ] = None,
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
) -> None:
    """Write the text of a pull request from receipts alone.

    Summary, status changes, measurements, methodology and test plan; what is claimed beyond the
    receipts is listed as that. Exit 1 where there is such a claim, 3 where nothing has changed.
    """
    from pv.lint.config import templates_folder
    from pv.registry.base import find_base
    from pv.report.pull_request import pull_request
    from pv.report.render import Renderer, own_templates
    from pv.resources import find_root

    home = find_root(root)
    change = pull_request(home, find_base(home, base).revision)
    with Renderer(own=own_templates(home, templates_folder(home))) as renderer:
        text = renderer.section("page/pull_request", {"change": change}, Path("body.md"))
    typer.echo(text, nl=False)
    if change.empty:
        raise typer.Exit(ExitCode.NO_VERDICT)
    raise typer.Exit(ExitCode.FINDINGS if change.unborne else ExitCode.OK)
