"""Null model: drift over depth is held against the random walk.

What it asks
    Is a claim about growth over depth told apart from what independent errors do by themselves?
Why
    Errors that merely add up already grow as the square root of the depth. A limit of 18 on a
    growth of 1.8 lets a walk pass ten times over, and shows nothing about compounding.
When it stops a verdict
    A judged growth or exponent over depth has no null beside it. Every upper limit on it lies above
    the null: what is no better than a walk would pass. A lower limit lies below the null: a walk
    alone would pass. Golden values (`near`, `==`) belong to one fixture and claim no law.
What a harness gives
    A `Null` with the value that the metric has under independent injections, derived and not
    fitted, and what it assumes: sqrt(n) for n equal injections, an exponent of 0.5, a ratio of 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pv.compare import judge
from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Measurements, Metric, Null, Sample
from pv.model.receipt import GuardResult

NAME: Final = "null-model"
_OVER_DEPTH: Final = re.compile(
    r"(^|[^a-z])(growth|alpha|exponent|compounding|saturation|random_walk)([^a-z]|$)", re.IGNORECASE
)
_UPPER, _LOWER, _BAND = ("<", "<="), (">", ">="), ("within",)


def check(seen: Seen) -> GuardResult:
    """Trip where growth over depth is not told apart from a random walk."""
    limits = [each for each in seen.expect if each.op in (*_UPPER, *_LOWER, *_BAND)]
    judged = [each.metric for each in limits if _OVER_DEPTH.search(each.metric)]
    nulls = {each.metric: each for each in seen.measurements.nulls}
    names = [
        name for name in dict.fromkeys((*judged, *nulls)) if name in {e.metric for e in limits}
    ]
    if not names:
        return silent(NAME, "no claim over depth")
    faults: list[str] = []
    for name in names:
        own = [each for each in limits if each.metric == name]
        found = nulls.get(name)
        faults += [f"{name} is held against no null"] if found is None else _faults(found, own)
    reason = "; ".join(faults) or "; ".join(
        f"{each.metric}: {each.model}" for each in nulls.values()
    )
    numbers = {each.metric: each.value for each in nulls.values()}
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason, numbers=numbers)


def _faults(null: Null, limits: Sequence[Expectation]) -> Iterator[str]:
    """Yield why limits do not tell a number from its null."""
    upper = [each for each in limits if each.op in _UPPER]
    if upper and not any(_at_most(each, null.value) for each in upper):
        shown = ", ".join(f"{each.op} {each.value}" for each in upper)
        yield f"{null.metric} {shown} lets more than the null pass: {null.value:.6g}, {null.model}"
    for each in limits:
        if each.op in _LOWER and not _at_least(each, null.value):
            yield f"{null.metric} {each.op} {each.value}: the null alone is {null.value:.6g}"


def _at_most(limit: Expectation, null: float) -> bool:
    return judge(Expectation("limit", "<=", null, "the null", ()), limit.value).met


def _at_least(limit: Expectation, null: float) -> bool:
    return judge(Expectation("limit", ">=", null, "the null", ()), limit.value).met


def _growth(limit: float) -> Seen:
    over = Sample("all but first", 4200, (28, 150), "median over tokens", "float64", "stream")
    null = Null("growth", 28**0.5, "28 equal independent injections: sqrt(28)")
    judged = Expectation("growth", "<", limit, "the limit on trial", ())
    return Seen(Measurements((Metric("growth", 1.81, "1", over),), nulls=(null,)), (judged,))


def trips() -> tuple[str, Seen]:
    """Return the published limit of the 28-layer question."""
    return "growth over 28 layers below 18, as published", _growth(18.0)


def leaves() -> tuple[str, Seen]:
    """Return the same number under the limit that the null gives."""
    return "growth over 28 layers below sqrt(28)", _growth(28**0.5)
