"""The like-with-like guard: two statistics are set against each other only over one sample.

A spread over seven tokens divided by the spread over the last one is a number without a meaning,
however exactly both were computed. The quotient of unlike sides is refused: it is not computed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pv.model.measurement import Ratio, Statistic
from pv.model.receipt import GuardResult

NAME = "like-with-like"
SAMPLE_FIELDS: Final = ("tokens", "elements", "shape", "reduction", "dtype")
"""What must agree beside the metric; the source may differ, it is what is compared."""


def differences(ratio: Ratio) -> dict[str, tuple[object, object]]:
    """Return what makes the two sides unlike: name of the property to both values."""
    found: dict[str, tuple[object, object]] = {}
    one, other = ratio.numerator, ratio.denominator
    if one.metric != other.metric:
        found["metric"] = (one.metric, other.metric)
    for name in SAMPLE_FIELDS:
        values = _property(one, name), _property(other, name)
        if values[0] != values[1]:
            found[name] = values
    return found


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


def _property(statistic: Statistic, name: str) -> object:
    value: object = getattr(statistic.sample, name)
    return value
