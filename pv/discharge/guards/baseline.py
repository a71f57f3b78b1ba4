"""Baseline: a growth or a ratio says what is divided by what.

What it asks
    Does every growth, ratio, factor and amplification name the metric and the fixture of both of
    its sides, and the depth where depth is what differs?
Why
    Two factors of 1.81 once agreed by accident. One was layer 4 of a run over a single layer of
    another run, the other layer 27 over layer 0. Neither said so.
When it stops a verdict
    A judged metric whose name has one of those words is neither a ratio of two statistics nor has
    a baseline record. A side has no metric or no fixture. Depth stands on one side only. A growth
    has no depths, equal depths, or sides from two fixtures: then it is no growth of anything.
What a harness gives
    `Ratio`, whose samples hold `source` (the fixture) and `depth`; or, where the number is no
    quotient of two statistics (a median of quotients, a fitted slope), a `Baseline` in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Baseline, Measurements, Ratio, Sample, Side, Statistic
from pv.model.receipt import GuardResult

NAME: Final = "baseline"
_RELATIVE: Final = re.compile(
    r"(^|[^a-z])(growth|ratio|factor|amplification|speedup)([^a-z]|$)", re.IGNORECASE
)
"""Words of a name that promise a division. `spread` and `drift` are absolute as often."""
_GROWTH: Final = re.compile(r"(^|[^a-z])growth([^a-z]|$)", re.IGNORECASE)


def check(seen: Seen) -> GuardResult:
    """Trip where a growth or a ratio does not say what is divided by what."""
    named = {each.metric: each for each in (*map(_in_words, seen.measurements.ratios),)}
    named |= {each.metric: each for each in seen.measurements.baselines}
    judged = [each.metric for each in seen.expect if _RELATIVE.search(each.metric)]
    if not named and not judged:
        return silent(NAME, "no growth and no ratio")
    faults = [f"{name} names no baseline" for name in dict.fromkeys(judged) if name not in named]
    faults += [f"{each.metric}: {fault}" for each in named.values() for fault in _faults(each)]
    reason = "; ".join(faults) or f"both sides of {len(named)} quotients are named"
    numbers = {
        each.metric: [_told(each.numerator), _told(each.denominator)] for each in named.values()
    }
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason, numbers=numbers)


def _in_words(ratio: Ratio) -> Baseline:
    return Baseline(ratio.name, *(_side(each) for each in (ratio.numerator, ratio.denominator)))


def _side(statistic: Statistic) -> Side:
    return Side(statistic.metric, statistic.sample.source, statistic.sample.depth)


def _faults(found: Baseline) -> Iterator[str]:
    sides = (found.numerator, found.denominator)
    for word, side in zip(("numerator", "denominator"), sides, strict=True):
        for part in ("metric", "fixture"):
            if not getattr(side, part):
                yield f"its {word} names no {part}"
    depths = [side.depth for side in sides]
    growth = bool(_GROWTH.search(found.metric))
    if not all(depths) and (growth or any(depths)):
        yield "depth is not named on both sides"
    elif growth and depths[0] == depths[1]:
        yield f"both sides are at depth {depths[0]}"
    if growth and sides[0].fixture != sides[1].fixture:
        yield f"{sides[0].fixture} over {sides[1].fixture} is no growth"


def _told(side: Side) -> str:
    return f"{side.metric} of {side.fixture}" + (f" at {side.depth}" if side.depth else "")


def _growth(fixture: str, other: str) -> Seen:
    def side(value: float, source: str, depth: str) -> Statistic:
        over = Sample("none", 1, (1,), "none", "float32", source, depth)
        return Statistic("scalar relative difference, %", value, over)

    ratio = Ratio("growth", side(0.7745, fixture, "layer 4"), side(0.42833, other, "layer 3"))
    limit = Expectation("growth", "<", 2.236, "a random walk over five layers", ())
    return Seen(Measurements((), ratios=(ratio,)), (limit,))


def trips() -> tuple[str, Seen]:
    """Return the published growth of 1.81 over five layers."""
    about = "layer 4 of a chain of five over layer 3 measured alone, published as a growth of 1.81"
    return about, _growth("chain of five layers", "one layer alone")


def leaves() -> tuple[str, Seen]:
    """Return the same layers of one run."""
    about = "two layers of one run, each named with its depth"
    return about, _growth("chain of five layers", "chain of five layers")
