"""The one-super-block recipe as published: the numbers it gives, and evidence for what it is.

The series is returned as a claimed chain with its controls, so that the guards can say what it is
worth: unchained and shuffled runs, and each small denominator beside its difference.
"""

from __future__ import annotations

import numpy as np

from pv.falsifiers.ffn_gguf import chain_recipe as recipe
from pv.falsifiers.ffn_gguf.chain_recipe import Bytes, Outputs, Published, Wide
from pv.falsifiers.ffn_gguf.fixtures import activation
from pv.falsifiers.ffn_gguf.model_blocks import first_blocks, opened
from pv.falsifiers.ffn_gguf.records import COUNT, PERCENT, RATIO, metric, sample, statistic
from pv.falsifiers.interface import Run
from pv.model.measurement import Chain, Conditioning, Measurements, Metric, Ratio, Sample, Series

STEADY = 0.10
"""Largest relative step between layers that the authors called steady; as a fraction."""
OUTLIER = 0.10
"""Relative difference above which they called a layer an outlier; as a fraction."""


def one_super_block_chain(run: Run) -> Measurements:
    """Run the published recipe over the first `layers` layers of the run's model."""
    return of_blocks(first_blocks(opened(run), run.parameter("layers")), run)


def of_blocks(blocks: Bytes, run: Run) -> Measurements:
    """Measure as `one_super_block_chain` does on given first blocks, uint8 (layers, 144)."""
    strength, start = run.parameter("coupling"), activation(run.parameter("token"))
    found = recipe.published(blocks, start, strength)
    wide = start.astype(np.float64)
    step, still = recipe.scaled_start(wide, strength), recipe.scaled_start(wide, 0.0)
    order = np.random.default_rng(run.parameter("seed")).permutation(len(blocks)).tolist()
    uncoupled = recipe.published(blocks, start, 0.0)
    chained, alone = recipe.exact(blocks, wide, step), recipe.exact(blocks, wide, still)
    shuffled, size = recipe.exact(blocks, wide, step, order), recipe.terms(blocks, wide)
    bounds = [recipe.coupling_bound(each, alone, size, strength) for each in (chained, shuffled)]
    values = 100.0 * found.relative
    over = sample("ffn_down, first block of each layer", values.shape, "none")
    return Measurements(
        metrics=(*_statistics(found, over), *_uncoupled(found, uncoupled, over)),
        ratios=(_growth(values),),
        chains=(_chain(chained, alone, shuffled, np.maximum(*bounds)),),
        conditionings=(_conditioning(found, size.a),),
        series=(Series("as published", "layer", "rel diff in %", _layers(values), _plain(values)),),
        notes=("next activation: the first one, times 1 + 0.001 * out / max(|out|, 1) at most",),
        seeds={"shuffle": run.parameter("seed")},
    )


def _statistics(found: Published, over: Sample) -> tuple[Metric, ...]:
    """Return the statistics that were published, with the names they had."""
    fraction = found.relative
    values = 100.0 * fraction
    change = (np.abs(np.diff(fraction)) / fraction[:-1]).astype(np.float32)
    gap = np.abs(found.a - found.b)
    return (
        metric("rel_diff", values, PERCENT, over),
        metric("minimum", values.min(), PERCENT, over),
        metric("maximum", values.max(), PERCENT, over),
        metric("mean", values.mean(), PERCENT, over),
        metric("median", np.median(values), PERCENT, over),
        metric("drops", int((np.diff(fraction) < 0).sum()), COUNT, over),
        metric("steady", int((change <= np.float32(STEADY)).sum()), COUNT, over),
        metric("outliers", int((fraction > OUTLIER).sum()), COUNT, over),
        metric("difference", gap, RATIO, over),
        metric("denominator", np.abs(found.a), RATIO, over),
    )


def _uncoupled(found: Published, alone: Published, over: Sample) -> tuple[Metric, ...]:
    """Return how little the series changes when every layer starts anew, in float32 too."""
    gap = 100.0 * np.abs(found.relative - alone.relative)
    return (
        metric("largest_difference_from_unchained", gap.max(), "pp", over),
        metric("unchained_growth", alone.relative[-1] / alone.relative[0], RATIO, over),
    )


def _growth(values: Wide) -> Ratio:
    """Return last over first, its sides named: both one scalar ratio of one super-block."""
    first, last = (
        sample("ffn_down, first block", (1,), "none", depth=f"layer {i % len(values)}")
        for i in (0, -1)
    )
    name = "scalar rel diff"
    return Ratio("growth", statistic(name, values[-1], last), statistic(name, values[0], first))


def _chain(chained: Outputs, alone: Outputs, shuffled: Outputs, bound: Wide) -> Chain:
    return Chain(
        "published recipe",
        coupled=_plain(chained.relative),
        unchained=_plain(alone.relative),
        shuffled=_plain(shuffled.relative),
        bound=_plain(bound),
    )


def _conditioning(found: Published, scale: Wide) -> Conditioning:
    gap = np.abs(found.a - found.b).astype(np.float64)
    return Conditioning(
        "published recipe", _plain(gap), _plain(np.abs(found.a).astype(np.float64)), _plain(scale)
    )


def _layers(values: Wide) -> tuple[float, ...]:
    return tuple(float(each) for each in range(len(values)))


def _plain(values: Wide) -> tuple[float, ...]:
    return tuple(float(each) for each in values)
