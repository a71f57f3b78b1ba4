"""What `pv lint --fix` and `--diff` do before contracts are judged."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from pv.cli.exitcodes import ExitCode
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.lint.fix import Change, Mended
    from pv.lint.options import Options


Fix: TypeAlias = Annotated[
    bool, typer.Option("--fix", help="First apply the safe fixes, and write the files.")
]
UnsafeFixes: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--unsafe-fixes",
        help="With --fix or --diff: also fixes that may change what a contract claims.",
    ),
]
Diff: TypeAlias = Annotated[
    bool,
    typer.Option("--diff", help="Only print what --fix would change; exit 1 if it would."),
]


def fix_first(
    paths: Sequence[str],
    root: Path | None,
    options: Options,
    *,
    fix: bool,
    unsafe: bool,
    diff: bool,
) -> None:
    """Fix files before they are judged; with `diff` nothing is written and the command ends."""
    if not (fix or diff):
        advice = "pv lint --fix --unsafe-fixes, or --diff --unsafe-fixes to see them first"
        raise UsageError("--unsafe-fixes alone changes nothing", advice=advice)
    code = fix_files(paths, root, options, unsafe=unsafe, dry=diff)
    if diff:
        raise typer.Exit(code)


def fix_files(
    paths: Sequence[str], root: Path | None, options: Options, *, unsafe: bool, dry: bool
) -> ExitCode:
    """Fix files, or print what would change as a unified diff; say on stderr how much it was.

    Returns OK; where nothing is written, FINDINGS if something would be, NO_VERDICT without a file.
    """
    from pv.lint.engine import lint
    from pv.lint.fix import mend, write
    from pv.lint.intake import take
    from pv.registry.discover import contracts_of, discover

    intake = take(paths, root)
    mended = mend(
        intake.judged,
        lambda judged: lint(intake.root, judged, options, shown=intake.asked),
        unsafe=unsafe,
    )
    if mended.report.crashes:
        raise mended.report.crashes[0]
    if dry:
        for change in mended.changes:
            _print(change)
    else:
        found = (*contracts_of(intake.root), *discover(paths, relative_to=intake.root))
        write(mended.changes, {one.display: one.path for one in found})
    sys.stderr.write(_summary(mended, unsafe=unsafe, dry=dry) + "\n")
    if not dry:
        return ExitCode.OK
    if not mended.report.files:
        return ExitCode.NO_VERDICT
    return ExitCode.FINDINGS if mended.changes else ExitCode.OK


def _print(change: Change) -> None:
    """Print a diff: as it is for a program, without control characters for a terminal."""
    from pv.output.escape import escape

    if sys.stdout.isatty():
        sys.stdout.write("".join(f"{escape(line)}\n" for line in change.diff.split("\n")[:-1]))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(change.diff.encode())
        sys.stdout.buffer.flush()


def _summary(mended: Mended, *, unsafe: bool, dry: bool) -> str:
    from pv.output.interface import counted

    left = mended.report.findings
    done = "would fix" if dry else "fixed"
    files = f" in {counted(len(mended.changes), 'file')}" if mended.changes else ""
    parts = [f"{done} {mended.fixed:,}{files}", f"{len(left):,} remaining"]
    more = sum(one.fix is not None and not one.fix.safe for one in left)
    if more and not unsafe:
        parts.append(f"{more:,} of them with --unsafe-fixes")
    if not mended.converged:
        parts.append("stopped, because fixes undo each other")
    return " · ".join(parts)
