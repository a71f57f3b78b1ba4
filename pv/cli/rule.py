"""`pv rule`: the page of a rule, or the list of all of them."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def rule(
    name: Annotated[
        str | None, typer.Argument(help="Id or name of a rule, in any case.", metavar="RULE")
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="List every rule.")] = False,
) -> None:
    """Print the page of a rule: what it finds, why it matters, what to write instead.

    Exit codes: 0 printed · 2 no such rule.
    """
    from pv.errors import UsageError
    from pv.lint.catalogue import all_rules, find_rule
    from pv.lint.page import text_page

    if listed:
        for one in all_rules():
            sys.stdout.write(f"{one.id}  {one.severity:<7}  {one.gate:<20} {one.name}\n")
        return
    if name is None:
        raise UsageError("no rule is named", advice="pv rule PV-VER-002, or pv rule --list")
    sys.stdout.write(text_page(find_rule(name)))
