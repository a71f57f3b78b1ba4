"""The spread of one point of every layer on one side over that on the other.

Two spreads are divided only where tokens, elements, reduction and type of both are equal. Where
they are not there is no ratio, and nothing else stands in for it.
"""

from __future__ import annotations

import numpy as np

from pv.falsifiers.apr_gguf_parity.sides import FAULTS, PRODUCTION, REFERENCE, Sides, open_sides
from pv.falsifiers.ffn_gguf.records import RATIO, baseline, known_fault, metric
from pv.falsifiers.interface import Run
from pv.forward.trace import Trace
from pv.model.measurement import Measurements, Ratio, Sample, Series, Statistic

CONTROLS: dict[str, str] = dict(FAULTS)


def ratios(run: Run) -> Measurements:
    """Measure `point` of the layers asked for, over the last token of the prompt."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `ratios` does, on sides that are open already."""
    fault = known_fault(run, CONTROLS)
    pair = sides.production("last", fault), sides.reference("last")
    return of_traces(pair, sides, run)


def of_traces(pair: tuple[Trace, Trace], sides: Sides, run: Run) -> Measurements:
    """Measure as `ratios` does, on the traces of production and reference side."""
    point, asked = str(run.parameter("point")), run.parameter("layers")
    layers = list(range(sides.trunk.layers)) if asked == "all" else [int(each) for each in asked]
    spreads = [_spreads(pair, layer, point) for layer in layers]
    named = [Ratio(f"layer {layer}", *both) for layer, both in zip(layers, spreads, strict=True)]
    notes = (sides.told(), f"published prompt of 7 tokens; here {len(sides.ids)}")
    unlike = [both for both in spreads if both[0].unlike(both[1])]
    if unlike:
        refused = Ratio("ratio", *unlike[0])
        return Measurements(metrics=(), ratios=(refused, *named), notes=notes)
    found = np.array([one.value / other.value for one, other in spreads])
    over = _over(point, spreads)
    what = f"std of {point} over the last token"
    return Measurements(
        metrics=(
            metric("ratio", found, RATIO, over),
            metric("log2_ratio", np.log2(found), RATIO, over),
            metric("deviation", np.abs(found - 1.0), RATIO, over),
        ),
        ratios=tuple(named),
        baselines=(baseline("ratio", (what, PRODUCTION), (what, REFERENCE)),),
        series=(
            Series(
                f"std of {point}, {PRODUCTION} over {REFERENCE}",
                "layer",
                "ratio of standard deviations",
                tuple(float(each) for each in layers),
                tuple(found.tolist()),
            ),
        ),
        notes=notes,
    )


def _spreads(pair: tuple[Trace, Trace], layer: int, point: str) -> tuple[Statistic, Statistic]:
    one, other = (each.of(layer, point).statistic("std", source=each.engine) for each in pair)
    return one, other


def _over(point: str, spreads: list[tuple[Statistic, Statistic]]) -> Sample:
    """Describe all layers as one sample: a ratio of each."""
    elements = spreads[0][0].sample.elements
    shape = (len(spreads), elements)
    return Sample("last", len(spreads) * elements, shape, "std (population)", "float64", point)
