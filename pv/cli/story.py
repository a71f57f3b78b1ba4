"""`pv story`: incidents that happened, replayed; each must be caught by name."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError
from pv.output.fold import hung
from pv.output.steps import announced
from pv.story.incident import Commit, Incident, Pv
from pv.story.incidents import INCIDENTS
from pv.story.replay import Told, replay


def story(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Incidents to tell in full; else all, a line each."),
    ] = None,
    output_format: OutputFormat = Format.TEXT,
    keep: Annotated[
        Path | None, typer.Option(help="Leave the registries in this new folder, to play with.")
    ] = None,
) -> None:
    """Replay incidents that happened; each must be caught, by name.

    Exit codes: 0 all caught · 1 one was missed · 3 one could not be told: its model is not here.
    """
    asked = _asked(names or [])
    told: list[Told] = []
    with _folder(keep) as folder:
        for incident in asked:
            with announced(sys.stderr, f"replaying {incident.name}"):
                told.append(replay(incident, folder))
            if output_format is Format.TEXT:
                typer.echo(_in_full(told[-1]) if names else _line(told[-1]))
    caught = sum(each.caught for each in told)
    code = _code(told)
    if output_format is Format.JSON:
        typer.echo(json.dumps(_data(told, code), indent=2, ensure_ascii=False))
    else:
        untold = sum(each.untold for each in told)
        more = f", {untold} not told" if untold else ""
        typer.echo(f"\n{caught} of {len(told)} incidents caught{more} (exit {code:d})")
        if keep:
            typer.echo(f"their registries are in {keep}")
    raise typer.Exit(code)


def _code(told: list[Told]) -> ExitCode:
    """Return what incidents come to together: one that was missed says more than one untold."""
    if any(not each.caught and not each.untold for each in told):
        return ExitCode.FINDINGS
    return ExitCode.NO_VERDICT if any(each.untold for each in told) else ExitCode.OK


def _asked(names: list[str]) -> list[Incident]:
    known = {incident.name: incident for incident in INCIDENTS}
    for name in names:
        if name not in known:
            raise UsageError(f"no incident {name!r}, expected one of {', '.join(known)}")
    return [known[name] for name in names] or list(INCIDENTS)


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="pv-story-") as name:
            yield Path(name)
        return
    if keep.exists():
        raise UsageError(f"--keep {keep} exists already, expected the name of a new folder")
    keep.mkdir(parents=True)
    yield keep


def _line(told: Told) -> str:
    catch = told.incident.catch
    if told.caught:
        return f"caught  {told.incident.title:<43} {catch.kind} {catch.name}"
    if told.untold:
        return f"UNTOLD  {told.incident.title}\n" + hung("        ", told.message)
    return f"MISSED  {told.incident.title}\n" + hung("        ", told.message)


def _in_full(told: Told) -> str:
    incident = told.incident
    commands = [_command(step) for step in incident.steps]
    by = f"{incident.catch.kind} {incident.catch.name}"
    return "\n".join(
        [
            incident.title,
            hung("  happened  ", incident.happened),
            *(f"  {'run' if not n else '':<8}  {each}" for n, each in enumerate(commands)),
            f"  {_end(told):<8}  {by}, exit {incident.exit_code}",
            hung("  said      ", told.message),
            "",
        ]
    )


def _end(told: Told) -> str:
    return "caught" if told.caught else "UNTOLD" if told.untold else "MISSED"


def _command(step: Pv | Commit) -> str:
    if isinstance(step, Pv):
        return " ".join(["pv", *(each for each in step.words if each not in ("--format", "json"))])
    return f'git add --all; git commit -m "{step.message}"'


def _data(told: list[Told], code: int) -> dict[str, object]:
    return document(
        exit_code=int(code),
        incidents=[
            {
                "name": each.incident.name,
                "title": each.incident.title,
                "happened": each.incident.happened,
                "commands": [_command(step) for step in each.incident.steps],
                "caught": each.caught,
                "untold": each.untold,
                "by": {"kind": each.incident.catch.kind, "name": each.incident.catch.name},
                "message": each.message,
            }
            for each in told
        ],
    )
