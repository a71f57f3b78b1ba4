"""Like with like: two statistics are set against each other only over one sample.

What it asks
    Are both sides of every ratio the same metric over the same tokens, the same number of elements,
    reduced alike and accumulated in one type?
Why
    18.23x between two forward passes was a spread over 7 tokens over the spread over the last one.
    Over equal samples it was 1.245.
When it stops a verdict
    Two sides differ in metric, tokens, elements, shape, reduction or dtype. The quotient is
    refused: it is not computed, and no metric of its name can stand in for it. In Python, too:
    dividing one `Statistic` by an unlike one raises `UnlikeStatisticsError`.
What a harness gives
    A `Ratio` of two `Statistic` records, each with its `Sample`. The source may differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pv.discharge.guards.interface import Seen
from pv.model.measurement import SAMPLE_FIELDS, Measurements, Ratio, Sample, Statistic
from pv.model.receipt import GuardResult

__all__ = ["NAME", "SAMPLE_FIELDS", "check", "differences", "leaves", "like_with_like", "trips"]

NAME = "like-with-like"


def check(seen: Seen) -> GuardResult:
    """Trip where a ratio has unlike sides."""
    return like_with_like(seen.measurements.ratios)


def differences(ratio: Ratio) -> dict[str, tuple[object, object]]:
    """Return what makes the two sides unlike: name of the property to both values."""
    return ratio.numerator.unlike(ratio.denominator)


def like_with_like(ratios: Sequence[Ratio]) -> GuardResult:
    """Trip where a ratio has unlike sides."""
    if not ratios:
        return GuardResult(NAME, applies=False, tripped=False, reason="no ratio")
    unlike = {ratio.name: found for ratio in ratios if (found := differences(ratio))}
    reason = "; ".join(_refusal(name, found) for name, found in unlike.items())
    numbers = {
        name: {key: list(values) for key, values in found.items()} for name, found in unlike.items()
    }
    return GuardResult(
        NAME,
        applies=True,
        tripped=bool(unlike),
        reason=reason or f"both sides of {len(ratios)} ratios are of one sample",
        numbers=numbers,
    )


def _refusal(name: str, found: Mapping[str, tuple[object, object]]) -> str:
    """Say what makes a quotient meaningless: the sample before the metric, one property in full."""
    order = [key for key in ("tokens", "elements", "metric", *found) if key in found]
    one, other = found[order[0]]
    more = ", ".join(key for key in found if key != order[0])
    return f"{name} is refused: {order[0]} {one} against {other}" + (
        f"; also {more}" if more else ""
    )


def _spreads(tokens: str, count: int) -> Seen:
    shape = (count, 18944) if count > 1 else (18944,)
    sides = (
        ("all" if count > 1 else "last", shape),
        (tokens, shape if tokens == "all" else (18944,)),
    )
    one, other = (
        Sample(
            words, count * 18944 if len(over) > 1 else 18944, over, "std (population)", "float32"
        )
        for words, over in sides
    )
    ratio = Ratio("std_ratio", Statistic("std", 1.2216, one), Statistic("std", 0.0670, other))
    return Seen(Measurements((), ratios=(ratio,)))


def trips() -> tuple[str, Seen]:
    """Return the published 18.23x."""
    return "the spread over 7 tokens over the spread over the last one: 18.23", _spreads("last", 7)


def leaves() -> tuple[str, Seen]:
    """Return the two spreads over one sample."""
    return "two spreads over the last token", _spreads("last", 1)
