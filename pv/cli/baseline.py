"""`pv baseline`: the findings that a registry lives with for now; their file can only shrink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.settings import Base, Baseline, StrictTestBinding
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.lint.baseline import Entry
    from pv.lint.options import Options
    from pv.model.finding import Finding

app = typer.Typer(
    help="Keep the known findings that `pv lint --baseline` passes over.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Root = Annotated[Path | None, typer.Option(help="Root of the registry; else found upwards.")]


@app.command()
def write(
    root: _Root = None,
    baseline: Baseline = None,
    strict_test_binding: StrictTestBinding = False,
    base: Base = None,
    force: Annotated[
        bool, typer.Option("--force", help="Let the baseline grow by the findings that are new.")
    ] = False,
) -> None:
    """Write the findings of today; refuses to add any to a baseline that is there.

    Exit codes: 0 written · 1 it would grow, so nothing was written · 2 the file cannot be used ·
    3 no contract was found.
    """
    from pv.lint.baseline import compare, entries_of, load, save

    path, findings, options = _today(root, baseline, base, strict_test_binding=strict_test_binding)
    try:
        old = load(path) if path.exists() else None
    except UsageError:
        if not force:
            raise
        old = None
    difference = compare(old or (), findings, options)
    if old is not None and difference.added and not force:
        _list("new", difference.added)
        sys.stderr.write(
            f"{path} would grow by {len(difference.added):,}, so nothing was written\n"
            "  do: repair what is new, or accept it: pv baseline write --force\n"
        )
        raise typer.Exit(ExitCode.FINDINGS)
    entries = (*entries_of(findings), *difference.unjudged)
    save(path, entries)
    gone = f" · {len(difference.stale):,} removed" if old is not None else ""
    sys.stdout.write(f"{path}: {len(entries):,} known{gone}\n")


@app.command()
def check(
    root: _Root = None,
    baseline: Baseline = None,
    strict_test_binding: StrictTestBinding = False,
    base: Base = None,
) -> None:
    """Fail where the baseline holds what nobody finds any more.

    Exit codes: 0 every entry is still found · 1 stale entries · 2 no baseline · 3 no contract.
    """
    from pv.lint.baseline import compare, load

    path, findings, options = _today(root, baseline, base, strict_test_binding=strict_test_binding)
    old = load(path)
    difference = compare(old, findings, options)
    _list("stale", difference.stale)
    parts = (
        f"{len(old):,} known",
        f"{len(difference.stale):,} stale",
        f"{len(difference.added):,} new",
    )
    sys.stdout.write(f"{path}: {' · '.join(parts)}\n")
    if difference.stale:
        sys.stderr.write("  do: pv baseline write\n")
        raise typer.Exit(ExitCode.FINDINGS)


def _today(
    root: Path | None, baseline: Path | None, base: str | None, *, strict_test_binding: bool
) -> tuple[Path, tuple[Finding, ...], Options]:
    """Return the baseline file and every finding of the whole registry that it could hold."""
    from pv.lint.baseline import FILE
    from pv.lint.config import Flags, apply
    from pv.lint.engine import lint
    from pv.lint.intake import take
    from pv.resources import find_root

    folder = find_root(root)
    flags = Flags(False, strict_test_binding, base, baseline)
    applied = apply(folder, flags, read_baseline=False)
    intake = take([], folder)
    report = lint(intake.root, intake.judged, applied.options)
    if report.crashes:
        raise report.crashes[0]
    if not report.files:
        sys.stderr.write(f"no contract found under {folder / 'contracts'}: nothing was judged\n")
        raise typer.Exit(ExitCode.NO_VERDICT)
    return applied.baseline or folder / FILE, report.findings, applied.options


def _list(word: str, entries: tuple[Entry, ...]) -> None:
    from pv.output.escape import escape

    for one in entries:
        sys.stdout.write(f"{word} {one.rule} {escape(one.contract)} {one.fingerprint}\n")
