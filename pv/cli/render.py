"""`pv render`: the Markdown reports, from the records."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode

if TYPE_CHECKING:
    from pv.report.pages import Page, Registry
    from pv.report.render import OwnTemplates


def render(
    root: Annotated[Path | None, typer.Option(help="Registry root.")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit 1 if a file is stale.")
    ] = False,
    diff: Annotated[
        bool,
        typer.Option("--diff", help="Write nothing; show what would change, exit 1 if anything."),
    ] = False,
    local: Annotated[
        bool, typer.Option("--local", help="Count receipts of .pv/receipts too.")
    ] = False,
    output: Annotated[
        Path | None, typer.Option(help="Folder for the standard pages, default docs/.")
    ] = None,
    release: Annotated[
        str | None,
        typer.Option(metavar="REV..REV", help="Print release notes between two revisions alone."),
    ] = None,
) -> None:
    """Write the standard pages and sections from the receipts.

    Status report, overview, spec and changelog sections, the SHIP percentage, its banner and
    badges. Templates in the folder that `templates` of [tool.pv] names come before ours; they run
    in a sandbox.

    Exit codes: 0 rendered, or nothing to do · 1 stale under --check or --diff · 2 markers, a
    section or a setting that cannot be followed · 3 no contract, or a template that fails.
    """
    from pv.evidence.derive import derive_all
    from pv.lint.config import templates_folder
    from pv.report.pages import Registry, pages
    from pv.report.render import own_templates
    from pv.resources import find_root

    home = find_root(root)
    base = _base(home, output)
    derived = derive_all(home, local=local, freshness="as recorded")
    registry = Registry.of(home, derived, base)
    own = own_templates(home, templates_folder(home))
    if release is not None:
        typer.echo(_release(registry, own, release), nl=False)
        return
    if not registry.view.contracts:
        typer.echo(f"no contract under {home / 'contracts'}: nothing was rendered", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)
    found = pages(registry, base, own)
    _settle(registry, found, base, check=check, diff=diff)


def _settle(
    registry: Registry, found: Sequence[Page], base: PurePosixPath, *, check: bool, diff: bool
) -> None:
    """Write what is stale, or say so where nothing is to be written."""
    from pv.output.fold import folded
    from pv.report.pages import write

    stale = [page for page in found if page.stale]
    for page in stale:
        if diff:
            typer.echo(page.difference(), nl=False)
        elif check:
            typer.echo(f"stale  {page.path}")
        else:
            write(registry.root, page)
    for model in () if diff else registry.view.ship:
        typer.echo(folded(model.headline))
    if (check or diff) and stale:
        said = f"FAIL: {len(stale)} of {len(found)} files differ from the records; run pv render"
        typer.echo(folded(said), err=diff)
        raise typer.Exit(ExitCode.FINDINGS)
    said = f"{len(found)} files, {len(stale)} changed; report: {base / 'status.md'}"
    typer.echo(said, err=diff)


def _release(registry: Registry, own: OwnTemplates, revisions: str) -> str:
    from pv.report.pages import shared
    from pv.report.release import release
    from pv.report.render import Renderer

    context = {"release": release(registry.root, revisions)}
    with Renderer(shared(registry.view), own) as renderer:
        return renderer.section("release", context, Path("notes.md"))


def _base(home: Path, output: Path | None) -> PurePosixPath:
    """Return the folder of the standard pages relative to the registry root."""
    if output is None:
        return PurePosixPath("docs")
    return PurePosixPath(os.path.relpath(output.resolve(), home))
