"""What 8-bit rounding of activations does to a real network, against what rounding must do.

Both paths run freely through the model from the same tokens. Two questions are measured: what
each layer injects against the noise that rounding must inject, and how the difference of the
residual streams grows over depth. `forward_drift` looks at the growth over a few layers,
`depth_law` at the law over all of them. Limits and their derivations: docs/derivations.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import drift, noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS
from pv.falsifiers.ffn_gguf.two_paths import Paths, Trace, open_paths
from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import (
    Conditioning,
    Measurements,
    Metric,
    Ratio,
    Sample,
    Series,
    Statistic,
    Value,
)

Doubles = NDArray[np.float64]

CONTROLS = FAULTS | {
    "drift_times_1_5_a_layer": "the drift of a layer is 1.5 times that of the layer before",
    "independent_random_walk": "independent uniform noise that no layer carries on",
}

_TOKENS = "all but first"
_SOURCE = "residual stream"


def forward_drift(run: Run) -> Measurements:
    """Measure injected noise by layer, and growth of drift from layer 0 to the last one run."""
    return growth_of(open_paths(run), run)


def depth_law(run: Run) -> Measurements:
    """Measure injected noise by layer, and the law that drift follows over all layers run."""
    return law_of(open_paths(run), run)


def growth_of(paths: Paths, run: Run) -> Measurements:
    """Measure as `forward_drift` does, over paths that are open already."""
    trace = _trace(paths, run)
    weights, last = _weights(trace, run), paths.layers - 1
    alone = drift.growth(paths.independent(trace), last, weights[:1])
    metrics = (
        *_estimate("growth", drift.growth(trace.drift, last, weights), trace, "median over tokens"),
        _metric("growth_if_independent", alone.value, trace, "median over tokens"),
    )
    sides = _median_drift(trace.drift[last]), _median_drift(trace.drift[0])
    return _measurements(paths, trace, run, metrics, (Ratio("growth_of_medians", *sides),))


def law_of(paths: Paths, run: Run) -> Measurements:
    """Measure as `depth_law` does, over paths that are open already."""
    trace = _trace(paths, run)
    weights, slope = _weights(trace, run), "slope of log median over log depth"
    found = drift.shape(trace.drift, weights)
    alone = drift.shape(paths.independent(trace), weights[:1])
    metrics = (
        *_estimate("alpha", found.alpha, trace, slope),
        _metric("alpha_if_independent", alone.alpha.value, trace, slope),
        _metric("power_law_advantage", found.power_law_advantage, trace, "difference of squares"),
    )
    return _measurements(paths, trace, run, metrics)


def _trace(paths: Paths, run: Run) -> Trace:
    if run.fault is None:
        return paths.sound()
    if run.fault in FAULTS:
        return paths.under(run.fault)
    if run.fault == "drift_times_1_5_a_layer":
        return paths.planted(1.5)
    if run.fault == "independent_random_walk":
        return paths.walk(run.parameter("walk_update"), run.parameter("seed"))
    raise unknown_fault(run, CONTROLS)


def _weights(trace: Trace, run: Run) -> Doubles:
    draws, seed = run.parameter("draws"), run.parameter("seed")
    make = partial(drift.draw_sentences, trace.sentence, draws, seed)
    return run.once(f"bootstrap {draws} {seed}", make)


def _measurements(
    paths: Paths,
    trace: Trace,
    run: Run,
    metrics: Sequence[Metric],
    ratios: tuple[Ratio, ...] = (),
) -> Measurements:
    tail = run.parameter("tail")
    relative = trace.injected / trace.predicted
    return Measurements(
        metrics=(*_injection(trace, relative, tail), *metrics, *_context(trace, tail)),
        ratios=ratios,
        conditionings=(_conditioning(paths, trace),),
        series=(
            _series("drift", "L2 drift of the residual stream", trace.drift),
            _series("injected", "injected error over a-priori noise", relative),
        ),
        notes=(_counts(trace),),
        seeds={"bootstrap": run.parameter("seed")},
    )


def _counts(trace: Trace) -> str:
    sentences, tokens = len(np.unique(trace.sentence)), trace.drift.shape[1]
    return f"{sentences} sentences, {tokens} tokens, position 0 of each left out"


def _injection(trace: Trace, relative: Doubles, tail: float) -> tuple[Metric, ...]:
    """Return the judged metrics of injected noise: median and tail of every layer."""
    beyond = relative / noise.upper_bound(trace.rank, tail)
    # The order statistic itself, not an interpolation: the bound is on a probability.
    far = np.quantile(beyond, 1.0 - tail, axis=1, method="inverted_cdf")
    return (
        _metric("injected_median", _plain(np.median(relative, axis=1)), trace, "median by layer"),
        _metric("injected_p99_over_bound", _plain(far), trace, "99th percentile by layer"),
    )


def _context(trace: Trace, tail: float) -> tuple[Metric, ...]:
    """Return what a reader needs beside the judged numbers."""
    bounds = noise.upper_bound(trace.rank, tail)
    relative = np.median(trace.predicted / trace.signal, axis=1)
    return (
        _metric("drift", _plain(np.median(trace.drift, axis=1)), trace, "median by layer"),
        _metric("effective_rank", _plain(trace.rank.min(axis=1)), trace, "smallest by layer"),
        _metric("p99_bound", _plain(bounds.max(axis=1)), trace, "largest by layer"),
        _metric("noise_to_signal", _plain(relative), trace, "median by layer"),
    )


def _estimate(
    name: str, found: drift.Estimate, trace: Trace, reduction: str
) -> tuple[Metric, Metric, Metric]:
    named = ((name, found.value), (f"{name}_lower", found.low), (f"{name}_upper", found.high))
    first, low, high = (_metric(each, value, trace, reduction) for each, value in named)
    return first, low, high


def _metric(name: str, value: Value, trace: Trace, reduction: str) -> Metric:
    layers, tokens = trace.drift.shape
    shape = (layers, tokens)
    return Metric(name, value, "1", Sample(_TOKENS, layers * tokens, shape, reduction, "float64"))


def _median_drift(layer: Doubles) -> Statistic:
    sample = Sample(_TOKENS, layer.size, layer.shape, "median", "float64", _SOURCE)
    return Statistic("l2 drift", float(np.median(layer)), sample)


def _conditioning(paths: Paths, trace: Trace) -> Conditioning:
    """Return the exact products of ffn_down beside their difference; medians over tokens."""
    return Conditioning(
        "ffn_down, median over tokens",
        difference=_plain(np.median(trace.injected, axis=1)),
        denominator=_plain(np.median(trace.signal, axis=1)),
        scale=_plain(np.median(paths.absolute, axis=1)),
    )


def _series(name: str, label: str, values: Doubles) -> Series:
    """Return the median over tokens of each layer with the band of the middle half."""
    low, middle, high = (_plain(each) for each in np.quantile(values, (0.25, 0.5, 0.75), axis=1))
    return Series(name, "layer", label, tuple(range(len(values))), middle, low, high)


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(float(each) for each in values)
