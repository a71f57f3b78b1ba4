"""`pv models`: names of model files on this machine, and deriving the teacher."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import BadInputError, MissingError, UsageError
from pv.output.steps import announced

app = typer.Typer(
    help="Name and check model files, derive the teacher.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Name = Annotated[str, typer.Argument(help="Name of the model, as contracts name it.")]


@app.command()
def add(name: _Name, path: Annotated[Path, typer.Argument(help="The model's .gguf file.")]) -> None:
    """Put a GGUF file under a name, with its sha256; an older one of that name is replaced."""
    from pv.tensors import model_registry
    from pv.tensors.gguf_errors import shown_path

    with announced(sys.stderr, f"hashing {shown_path(path)}"):
        found = model_registry.add(name, path)
    typer.echo(f"added {found.name}: {shown_path(found.path)}\n  sha256 {found.sha256}")


@app.command("list")
def list_models() -> None:
    """List the configured models; with none, exit 3."""
    from pv.output.fold import COLUMNS
    from pv.tensors import model_registry
    from pv.tensors.gguf_errors import shown_path

    models = model_registry.listed()
    for one in models:
        state = "" if one.path.exists() else "  (file is gone)"
        head, place = f"{one.name}  {one.sha256[:12]}", f"  {shown_path(one.path)}{state}"
        typer.echo(f"{head}{place}" if len(head) + len(place) <= COLUMNS else f"{head}\n{place}")
    if not models:
        typer.echo("no model is configured\n  do: pv models add NAME PATH", err=True)
        raise typer.Exit(ExitCode.NO_VERDICT)


@app.command()
def verify(
    name: Annotated[str | None, typer.Argument(help="A model; without it, all.")] = None,
) -> None:
    """Hash model files again and compare with what was recorded.

    Exit codes: 0 all the same · 1 one changed · 2 no such model · 3 a file is missing, or
    no model is configured.
    """
    from pv.tensors import model_registry

    known = [one.name for one in model_registry.listed()]
    names = [name] if name else known
    if name and name not in known:
        raise UsageError(
            f"model {name!r} is not configured, expected one of {', '.join(known) or 'none'}",
            advice=f"pv models add {name} PATH",
        )
    if not names:
        raise MissingError("no model is configured", advice="pv models add NAME PATH")
    outcomes = {_verified(one) for one in names}
    # A changed file says more than a missing one.
    worst = next(
        code for code in (ExitCode.FINDINGS, ExitCode.NO_VERDICT, ExitCode.OK) if code in outcomes
    )
    raise typer.Exit(worst)


def _verified(name: str) -> ExitCode:
    """Print how one model fares and return what that means."""
    from pv.tensors import model_registry

    try:
        with announced(sys.stderr, f"hashing {name}"):
            found = model_registry.verify(name)
    except MissingError as fault:
        typer.echo(f"MISSING  {fault.explain()}")
        return ExitCode.NO_VERDICT
    except BadInputError as fault:
        typer.echo(f"CHANGED  {fault.explain()}")
        return ExitCode.FINDINGS
    typer.echo(f"ok       {found.name}  sha256 {found.sha256}")
    return ExitCode.OK


@app.command()
def derive(name: _Name) -> None:
    """Derive a Q4_K teacher from the installed model package, check its digests, register it."""
    from pv.forward.teacher import RECIPE, RECIPE_VERSION
    from pv.forward.teacher import derive as derive_teacher
    from pv.output.steps import Steps
    from pv.tensors import model_registry
    from pv.tensors.gguf_errors import shown_path

    with Steps(sys.stderr, "layers quantised") as steps:
        teacher = derive_teacher(name, step=steps)
    model_registry.add(name, teacher.path)
    typer.echo(
        f"derived {name}: {shown_path(teacher.path)}\n"
        f"  recipe {RECIPE} version {RECIPE_VERSION}, {teacher.size} bytes\n"
        f"  sha256 of the file    {teacher.sha256}\n"
        f"  sha256 of the tensors {teacher.tensors_sha256}"
    )
