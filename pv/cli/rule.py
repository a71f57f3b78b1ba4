"""`pv rule`: the page of a rule, or of all of them, or the list."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from pv.cli.text_or_json import Format


def rule(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Id or name of a rule, or an id of the Rust pv, in any case.", metavar="RULE"
        ),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every rule with its page.")] = False,
    listed: Annotated[bool, typer.Option("--list", help="Every rule in a line.")] = False,
    format: Annotated[  # noqa: A002 - the option is called --format
        Format, typer.Option("--format", "-f", help="For people or for programs.")
    ] = Format.TEXT,
) -> None:
    """Print the page of a rule, or the list of them.

    A page says what the rule finds, why it matters, and what to write instead.

    Exit codes: 0 printed · 2 no such rule.
    """
    from pv.errors import UsageError
    from pv.lint.catalogue import all_rules, find_rules
    from pv.lint.page import text_page
    from pv.output.rule_json import rules_json

    advice = "pv rule PV-VER-002, pv rule --list, or pv rule --all --format json"
    if (name is not None) + every + listed != 1:
        found = "no rule is named" if not (every or listed) else "more than one thing is asked for"
        raise UsageError(f"{found}, expected a rule, --all or --list", advice=advice)
    rules, remark = (all_rules(), "") if name is None else find_rules(name)
    if format is Format.JSON:
        sys.stdout.write(rules_json(rules))
    elif listed:
        for one in rules:
            sys.stdout.write(f"{one.id}  {one.severity:<7}  {one.gate:<20} {one.name}\n")
    else:
        sys.stdout.write(f"{remark}\n\n" if remark else "")
        sys.stdout.write("\n\n".join(map(text_page, rules)))
