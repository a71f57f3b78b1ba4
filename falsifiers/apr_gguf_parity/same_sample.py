"""Whether statistics of both sides are taken over the same sample, slot by slot.

This is the precondition of every ratio of two spreads: without it there is none.
"""

from __future__ import annotations

from dataclasses import replace

from pv.falsifiers.apr_gguf_parity.sides import Sides, open_sides
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.shape import Shape
from pv.forward.trace import Statistics, Tokens, Trace
from pv.forward.transformer import AFTER_LAYERS, IN_A_LAYER, Point
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    "last_against_all": "the production side takes the last token where all are asked for",
    "short_slot": "the production side takes one slot over half of its elements",
    "lost_slot": "the production side has no statistics of one slot",
    "half_on_both_sides": "both sides take one slot over half of its elements",
}

_SELECTIONS: tuple[Tokens, ...] = ("all", "last")
_WIDE = (Point.GATE_PROJ_OUT, Point.UP_PROJ_OUT, Point.SILU_GATE, Point.SWIGLU_INNER)
"""Points inside the feed-forward; all others of a layer have the width of the stream."""

Slots = dict[tuple[int | None, str], Statistics]


def counts(run: Run) -> Measurements:
    """Compare the sample of every slot, once over all tokens and once over the last."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `counts` does, on sides that are open already."""
    fault = known_fault(run, CONTROLS)
    expected = _expected(sides.trunk.shape)
    unpaired = unequal = unlike = unexplained = 0
    for tokens in _SELECTIONS:
        ours, theirs = _slots(sides, tokens, fault)
        unpaired += len(expected) - len(expected.keys() & ours.keys() & theirs.keys())
        unpaired += len((ours.keys() | theirs.keys()) - expected.keys())
        times = len(sides.ids) if tokens == "all" else 1
        for slot in expected.keys() & ours.keys() & theirs.keys():
            pair = ours[slot], theirs[slot]
            unequal += pair[0].count != pair[1].count
            unlike += bool(pair[0].statistic("std").unlike(pair[1].statistic("std")))
            unexplained += any(each.count != times * expected[slot] for each in pair)
    pairs = len(_SELECTIONS) * len(expected)
    over = sample("slots of both sides", (len(_SELECTIONS), len(expected)), "none", dtype="int64")
    found = {
        "slots_unpaired": unpaired,
        "counts_differing": unequal,
        "samples_differing": unlike,
        "counts_unexplained": unexplained,
    }
    return Measurements(
        metrics=(
            *(metric(name, value, COUNT, over) for name, value in found.items()),
            metric("slots_compared", pairs - unpaired, COUNT, over),
        ),
        notes=(sides.told(), f"{pairs} pairs of slots, over all tokens and over the last"),
    )


def _expected(shape: Shape) -> dict[tuple[int | None, str], int]:
    """Return the elements that one token has in every slot, from the shape of the model alone."""
    found: dict[tuple[int | None, str], int] = {}
    for layer in range(shape.layers):
        for point in IN_A_LAYER:
            found[layer, point] = shape.ffn if point in _WIDE else shape.width
    after = {Point.FINAL_NORM: shape.width, Point.LOGITS: shape.vocabulary}
    return found | {(None, point): after[point] for point in AFTER_LAYERS}


def _slots(sides: Sides, tokens: Tokens, fault: str | None) -> tuple[Slots, Slots]:
    taken: Tokens = "last" if fault == "last_against_all" else tokens
    ours, theirs = _by_slot(sides.production_once(taken)), _by_slot(sides.reference(tokens))
    last = sides.trunk.layers - 1, Point.SWIGLU_INNER.value
    if fault == "lost_slot":
        del ours[last]
    if fault in ("short_slot", "half_on_both_sides"):
        ours[last] = _halved(ours[last])
    if fault == "half_on_both_sides":
        theirs[last] = _halved(theirs[last])
    return ours, theirs


def _by_slot(found: Trace) -> Slots:
    return {(each.layer, each.point): each for each in found.statistics}


def _halved(found: Statistics) -> Statistics:
    count = found.count // 2
    return replace(found, count=count, shape=(count,))
