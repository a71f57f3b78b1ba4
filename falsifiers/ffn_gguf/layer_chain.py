"""What 8-bit rounding of activations does to a real network, against what rounding must do.

Both paths run freely through the model from the same tokens. Two questions are measured: what
each layer injects against the noise that rounding must inject, and how the difference of the
residual streams grows over depth. `forward_drift` looks at the growth over a few layers,
`depth_law` at the law over all of them. Limits and their derivations: docs/derivations.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import drift, noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.lockstep import Trace
from pv.falsifiers.ffn_gguf.two_paths import Paths, open_paths
from pv.falsifiers.interface import Run, unknown_fault
from pv.model.measurement import (
    Baseline,
    Conditioning,
    Interval,
    Measurements,
    Metric,
    Null,
    Ratio,
    Recheck,
    Sample,
    Series,
    Side,
    Statistic,
    Value,
)

Doubles = NDArray[np.float64]

CONTROLS = FAULTS | {
    "drift_times_1_5_a_layer": "the drift of a layer is 1.5 times that of the layer before",
    "drift_doubled_a_layer": "the drift of a layer is twice that of the layer before",
    "independent_random_walk": "independent uniform noise that no layer carries on",
}

_PLANTED = {"drift_times_1_5_a_layer": 1.5, "drift_doubled_a_layer": 2.0}
_FEWER_DRAWS = 500
"""Of the bootstrap, for an interval that lies far inside its limits on every layer."""
_ACROSS = dict.fromkeys(("injected_median", "growth_upper", "alpha_upper"), 0.1)
"""How far the sums of another machine move a number, relative to it: docs/derivations.md 2.6."""
_TOKENS = "all but first"
_SOURCE = "residual stream"
_DRIFT = "l2 drift"


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
    found = drift.growth(trace.drift, last, weights)
    metrics = (
        *_estimate("growth", found, trace, "median over tokens"),
        _metric("growth_if_independent", alone.value, trace, "median over tokens"),
    )
    sides = _median_drift(trace, last), _median_drift(trace, 0)
    named = (Side(_DRIFT, _SOURCE, f"layer {each}") for each in (last, 0))
    equal = f"{paths.layers} equal injections into a stream that does not shrink"
    about = Claim(
        metrics,
        baselines=(Baseline("growth_upper", *named),),
        intervals=(_interval("growth_upper", found, trace),),
        nulls=(Null("growth_upper", math.sqrt(paths.layers), equal),),
        ratios=(Ratio("growth_of_medians", *sides),),
    )
    return _measurements(paths, trace, run, about)


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
    equal = "equal injections into a stream that does not shrink: the root of the depth"
    about = Claim(
        metrics,
        intervals=(_interval("alpha_upper", found.alpha, trace),),
        nulls=(Null("alpha_upper", 0.5, equal),),
    )
    return _measurements(paths, trace, run, about)


@dataclass(frozen=True, slots=True)
class Claim:
    """What one question adds to the measurements that both have in common."""

    metrics: tuple[Metric, ...]
    baselines: tuple[Baseline, ...] = ()
    intervals: tuple[Interval, ...] = ()
    nulls: tuple[Null, ...] = ()
    ratios: tuple[Ratio, ...] = ()


def _trace(paths: Paths, run: Run) -> Trace:
    if run.fault is None:
        return paths.sound()
    if run.fault in FAULTS:
        return paths.under(run.fault)
    if run.fault in _PLANTED:
        return paths.planted(_PLANTED[run.fault])
    if run.fault == "independent_random_walk":
        return paths.walk(run.parameter("walk_update"), run.parameter("seed"))
    raise unknown_fault(run, CONTROLS)


def _weights(trace: Trace, run: Run) -> drift.Counts:
    draws, seed = run.parameter("draws"), run.parameter("seed")
    make = partial(drift.draw_sentences, trace.sentence, draws, seed)
    return run.once(f"bootstrap {draws} {seed}", make)


def _interval(name: str, found: drift.Estimate, trace: Trace) -> Interval:
    return Interval(name, found.low, found.high, "sentences", len(np.unique(trace.sentence)))


def _measurements(paths: Paths, trace: Trace, run: Run, about: Claim) -> Measurements:
    tail = run.parameter("tail")
    relative = trace.injected / trace.predicted
    # Guards look at the sound run alone: what only they read is not made under a fault.
    sound = run.fault is None
    return Measurements(
        metrics=(*_injection(trace, relative, tail), *about.metrics, *_context(trace, tail)),
        ratios=about.ratios,
        baselines=about.baselines,
        intervals=(*about.intervals, *([_of_injected(trace, relative, run)] if sound else [])),
        nulls=about.nulls,
        rechecks=(_recheck(paths, trace, relative),) if sound else (),
        conditionings=(_conditioning(paths, trace),),
        series=(
            _series("drift", "L2 drift of the residual stream", trace.drift),
            _series("injected", "injected error over a-priori noise", relative),
        ),
        notes=(_counts(trace),),
        seeds={"bootstrap": run.parameter("seed")},
    )


def _of_injected(trace: Trace, relative: Doubles, run: Run) -> Interval:
    """Return the interval of each layer's median over sentences."""
    drawn_again = _weights(trace, run)[1 : 1 + _FEWER_DRAWS]
    drawn = np.stack([drift.weighted_medians(layer, drawn_again) for layer in relative])
    low, high = (_plain(each) for each in np.quantile(drawn, drift.INTERVAL, axis=1))
    sentences = len(np.unique(trace.sentence))
    return Interval("injected_median", low, high, "sentences", sentences)


def _recheck(paths: Paths, trace: Trace, relative: Doubles) -> Recheck:
    """Return the largest injected error of all against its product in float64.

    Each product of n terms in float32, in any order, errs by at most n u times the sum of their
    magnitudes; the norm of those bounds is the bound of the norm.
    """
    layer, token = np.unravel_index(int(relative.argmax()), relative.shape)
    weights = paths.trunk.ffn_down(int(layer)).astype(np.float64)
    worst = trace.extreme[layer]
    inner, found = worst.inner.astype(np.float64), worst.found.astype(np.float64)
    exact = float(np.linalg.norm(found - weights @ inner))
    bound = weights.shape[1] * UNIT * float(np.linalg.norm(np.abs(weights) @ np.abs(inner)))
    return Recheck(
        f"injected error of layer {layer}, token {token}",
        dtype="float32",
        order="as BLAS adds on one thread",
        found=(float(trace.injected[layer, token]),),
        exact=(exact,),
        bound=(bound,),
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
    over = Sample(_TOKENS, layers * tokens, shape, reduction, "float64")
    return Metric(name, value, "1", over, across=_ACROSS.get(name))


def _median_drift(trace: Trace, layer: int) -> Statistic:
    values, depth = trace.drift[layer], f"layer {layer}"
    sample = Sample(_TOKENS, values.size, values.shape, "median", "float64", _SOURCE, depth)
    return Statistic(_DRIFT, float(np.median(values)), sample)


def _conditioning(paths: Paths, trace: Trace) -> Conditioning:
    """Return the exact products of ffn_down beside their difference; medians over tokens."""
    return Conditioning(
        "ffn_down, median over tokens",
        difference=_plain(np.median(trace.injected, axis=1)),
        denominator=_plain(np.median(trace.signal, axis=1)),
        scale=_plain(np.median(paths.reference.absolute, axis=1)),
    )


def _series(name: str, label: str, values: Doubles) -> Series:
    """Return the median over tokens of each layer with the band of the middle half."""
    low, middle, high = (_plain(each) for each in np.quantile(values, (0.25, 0.5, 0.75), axis=1))
    return Series(name, "layer", label, tuple(range(len(values))), middle, low, high)


def _plain(values: Doubles) -> tuple[float, ...]:
    return tuple(float(each) for each in values)
