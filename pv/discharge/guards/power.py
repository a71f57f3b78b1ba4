"""Power: the sample is large enough for what is claimed from it.

What it asks
    Would another sample of the same kind give the same answer?
Why
    One super-block, one prompt or one vector is an anecdote. A mean just below a limit, from a
    sample whose mean scatters across it, has neither held nor been refuted.
When it stops a verdict
    The 95 % interval of a judged metric straddles its limit: the answer differs between its two
    ends or its value. Fewer than 6 independent units were drawn: with 5 even a unanimous sign has
    probability 2 / 2^5 = 0.06, so that nothing at all is shown at 95 %. A judged mean, median or
    root mean square has no interval. Golden values (`near`, `==`) are figures of one fixture and
    need none, nor do bounds that hold for every element.
What a harness gives
    An `Interval`: both ends, what was drawn again (prompts, rows, super-blocks, vectors) and how
    many. Tokens of one prompt are not independent, so prompts are drawn and not tokens. The
    bootstrap of `falsifiers/bootstrap.py` draws 1000 times from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from pv.compare import judge
from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Interval, Measurements, Metric, Number, Sample, Value
from pv.model.receipt import GuardResult

NAME: Final = "power"
FEWEST: Final = 6
"""Units below which no distribution-free interval excludes anything at 95 %: 2 / 2^n <= 0.05."""
_GOLDEN: Final = ("near", "==")
_AVERAGES: Final = ("mean", "median", "root mean square")


def check(seen: Seen) -> GuardResult:
    """Trip where a sample is too small for the claim."""
    limits = [each for each in seen.expect if each.op not in _GOLDEN]
    values = {each.name: each for each in seen.measurements.metrics}
    intervals = {each.metric: each for each in seen.measurements.intervals}
    averages = {
        each.metric: values[each.metric]
        for each in limits
        if each.metric in values and values[each.metric].sample.reduction.startswith(_AVERAGES)
    }
    if not intervals and not averages:
        return silent(NAME, "nothing is claimed from a sample")
    faults = [
        f"{name}: a {found.sample.reduction} without an interval"
        for name, found in averages.items()
        if name not in intervals
    ]
    for name, interval in intervals.items():
        faults += _faults(interval, values.get(name), [e for e in limits if e.metric == name])
    reason = "; ".join(faults) or "; ".join(
        f"{each.metric}: {each.level:.0%} over {each.count} {each.units}"
        for each in intervals.values()
    )
    numbers = {each.metric: [each.low, each.high, each.count] for each in intervals.values()}
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason, numbers=numbers)


def _faults(
    interval: Interval, metric: Metric | None, limits: Sequence[Expectation]
) -> Iterator[str]:
    if limits and interval.count < FEWEST:
        yield (
            f"{interval.metric}: {interval.count} {interval.units}, expected at least {FEWEST}:"
            " fewer exclude nothing"
        )
    low, high = _elements(interval.low), _elements(interval.high)
    value = _elements(metric.value) if metric else low
    if not len(low) == len(high) == len(value):
        yield f"{interval.metric}: {len(value)} values, {len(low)} and {len(high)} ends"
        return
    for limit in limits:
        yield from _straddled(interval, limit, list(zip(low, value, high, strict=True)))


def _straddled(
    interval: Interval, limit: Expectation, parts: Sequence[tuple[Number, ...]]
) -> Iterator[str]:
    """Yield the first element whose interval has both answers in it."""
    for index, part in enumerate(parts):
        one = _limit_of(limit, index, len(parts))
        if len({judge(one, each).met for each in part}) > 1:
            place = f" at [{index}]" if len(parts) > 1 else ""
            yield (
                f"{interval.metric}{place} lies in [{part[0]:.6g}, {part[-1]:.6g}] over"
                f" {interval.count} {interval.units}: the limit {one.op} {one.value} is inside"
            )
            return


def _limit_of(limit: Expectation, index: int, count: int) -> Expectation:
    """Return the limit of one element; a limit for all of them is that of each."""
    value = limit.value
    pair = limit.op == "within" and not isinstance(value[0], list | tuple)
    if isinstance(value, list | tuple) and not pair and len(value) == count:
        value = value[index]
    return Expectation(limit.metric, limit.op, value, limit.reason, limit.path, limit.tolerance)


def _elements(value: Value) -> tuple[Number, ...]:
    return value if isinstance(value, tuple) else (value,)


def _mean_ratio(low: float, high: float, count: int) -> Seen:
    over = Sample("none", count * 256, (count, 256), "median", "float64", "super-blocks of layer 3")
    measured = Measurements(
        (Metric("noise", 1.1, "1", over),),
        intervals=(Interval("noise", low, high, "super-blocks", count),),
    )
    return Seen(measured, (Expectation("noise", "within", [0.8, 1.2], "rounding predicts 1", ()),))


def trips() -> tuple[str, Seen]:
    """Return a median whose interval reaches across its limit."""
    return "a median of 1.1 over 8 super-blocks, limit 1.2", _mean_ratio(0.9, 1.4, 8)


def leaves() -> tuple[str, Seen]:
    """Return the same median over enough super-blocks."""
    return "the same median over 400 super-blocks", _mean_ratio(1.08, 1.12, 400)
