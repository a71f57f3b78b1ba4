"""`--today` and periods: what commands take as a day and as a length of time."""

from __future__ import annotations

from datetime import date
from typing import Annotated, TypeAlias

import typer

from pv.errors import UsageError

Today: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="DATE", help="The day that shelf lives are judged by; else that of the clock (UTC)."
    ),
]


def day_of(text: str | None) -> date | None:
    """Return the day that `--today` names; None where it was not given.

    Raises UsageError for what is no day.
    """
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--today is {text!r}, expected a day as YYYY-MM-DD") from None


def period_of(text: str, option: str) -> int:
    """Return the days of a period. Raises UsageError for what is none."""
    from pv.yamlfile.periods import days_of

    days = days_of(text)
    if days is None:
        raise UsageError(f"{option} is {text!r}, expected days or weeks such as 30d or 4w")
    return days
