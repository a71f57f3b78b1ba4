"""Where models stand on their way to shipping, as text of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from fractions import Fraction

from pv.report.build import ship_view
from pv.report.markdown import visible
from pv.report.numbers import percent, points
from pv.report.view import CriterionView
from pv.ship import CriterionStanding, ShipStanding

_WIDTH = 80


def text_of(standings: Sequence[ShipStanding]) -> str:
    """Return a block for each model: its figure, the three columns, what is open, what is next."""
    return "\n".join("".join(f"{line}\n" for line in _model(each)) for each in standings)


def _model(model: ShipStanding) -> Iterator[str]:
    view = ship_view(model)
    yield from _wrapped("", view.headline)
    yield from _wrapped(
        "  ",
        f"ours {view.percent} · foreign {view.foreign_percent} · asserted {view.asserted_percent}",
    )
    yield ""
    width = max((len(each.id) for each in view.criteria), default=0)
    for each in view.criteria:
        yield from _criterion(each, width)
    for waived in view.not_applicable:
        yield from _wrapped("  ", f"{waived.id}  not applicable: {waived.reason}")
    if view.next and model.next:
        first = view.next
        yield from _wrapped("  next  ", f"{first.id} adds {first.gain}: {first.needs}")
        yield from _wrapped("  forecast  ", _forecast(model, model.next))


def _forecast(model: ShipStanding, first: CriterionStanding) -> str:
    """Say what the figure would be: a forecast, named as one."""
    then = f"{percent(model.percent_with(first))} if {first.id} were discharged"
    every = percent(model.percent_with(*model.open))
    every = f", {every} if all that is open were" if len(model.open) > 1 else ""
    return f"{then}{every}; it is no state and earns nothing"


def _criterion(each: CriterionView, width: int) -> Iterator[str]:
    word = "" if each.credit == "1" else f" · {each.needs}"
    yield from _wrapped(
        f"  {visible(each.id):<{width}}  ",
        f"{each.state}, credit {each.credit} of {each.weight}{word}",
    )


def forecast_text(pairs: Sequence[tuple[ShipStanding, ShipStanding]]) -> str:
    """Return what would move: one line a model, now and then, named as what it is."""
    lines: list[str] = []
    for now, then in pairs:
        gain = (then.percent or Fraction(0)) - (now.percent or Fraction(0))
        moved = f"+{points(gain)}" if gain else "unchanged"
        text = f"{now.id}: {percent(now.percent)} → {percent(then.percent)} ({moved}), a forecast"
        lines += _wrapped("", text)
    return "".join(f"{line}\n" for line in lines)


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(
        visible(text),
        _WIDTH,
        initial_indent=lead,
        subsequent_indent=" " * max(len(lead), 2),
        break_long_words=False,
        break_on_hyphens=False,
    )
