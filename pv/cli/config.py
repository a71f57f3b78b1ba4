"""`pv config`: which settings apply to a registry, and where each of them is from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from pv.cli.settings import Base, Baseline, Select, Strict, StrictTestBinding


def config(
    root: Annotated[
        Path | None, typer.Option(help="Root of the registry; else found upwards.")
    ] = None,
    strict: Strict = False,
    strict_test_binding: StrictTestBinding = False,
    base: Base = None,
    baseline: Baseline = None,
    select: Select = None,
) -> None:
    """Show what applies to `pv lint`, and where each value is from.

    It is there by default, from pv.toml or [tool.pv], or from a flag.
    `pv validate` follows all of it but strict_test_binding and base. What `pv lint` would refuse
    is refused here too.

    Exit codes: 0 shown · 2 the configuration cannot be followed.
    """
    from pv.lint.config import Flags, apply, check_base
    from pv.output.escape import escape
    from pv.resources import find_root

    home = find_root(root)
    flags = Flags(strict, strict_test_binding, base, baseline, tuple(select or ()))
    for name, value, source in apply(home, flags, read_baseline=False).settings:
        sys.stdout.write(f"{escape(name):<24} {escape(value)}  ({escape(source)})\n")
    check_base(home, apply(home, flags).options)
