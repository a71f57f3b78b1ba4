"""Options that a configuration file can hold too, and what flags and file come to together."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

if TYPE_CHECKING:
    from pv.lint.config import Applied, Flags

Strict: TypeAlias = Annotated[bool, typer.Option("--strict", help="Warnings fail a gate too.")]
StrictTestBinding: TypeAlias = Annotated[
    bool,
    typer.Option("--strict-test-binding", help="Fail references to tests that do not resolve."),
]
Base: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="REV", help="Git revision to compare with; else where main was left."),
]
Baseline: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Known findings that do not count; `pv baseline` keeps it."),
]


Select: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--select",
        metavar="RULE",
        help="Ask these rules alone: an id, a name, or a family such as PV-VER; may be repeated."
        " Faults of the YAML itself always count.",
    ),
]


def settings_of(paths: Sequence[str], root: Path | None, flags: Flags) -> Applied:
    """Return what applies to a run over `paths`: a flag before the file, that before a default."""
    from pv.lint.config import apply
    from pv.resources import root_of

    return apply(root_of(paths, root), flags)
