"""Does the reciprocal square root of RMSNorm amplify drift? (015).

The map `x / sqrt(mean(x^2) + eps)` has a derivative of norm at most `1 / sqrt(mean(x^2) + eps)`, so
a relative drift e leaves as at most `e / (1 - e)`. Tiny rows, where eps matters, are tested too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import vector_rel_diff
from pv.falsifiers.ffn_gguf.fixtures import activation_f64
from pv.falsifiers.ffn_gguf.records import (
    COUNT,
    PERCENT,
    RATIO,
    baseline,
    known_fault,
    metric,
    sample,
)
from pv.falsifiers.interface import Run
from pv.kernels.rms_norm.reference import rms_norm
from pv.model.measurement import Measurements

Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    "epsilon_omitted": "the drifted row is normalised without epsilon",
    "reciprocal": "rows are divided by the mean square instead of its root",
    "cubed_root": "rows are divided by the third power of the root",
    "doubled_drift": "the published row drifts twice as far",
    "no_tiny_rows": "the tiny rows are of ordinary size",
}


def amplification(run: Run) -> Measurements:
    """Measure the published row, then the bound over random rows, ordinary and tiny."""
    known_fault(run, CONTROLS)
    x = activation_f64(int(run.parameter("token")))
    i = np.arange(x.size)
    signs = np.where((13 * i + 7) % 17 < 8, 1.0, -1.0)
    relative = float(run.parameter("relative_perturbation"))
    relative *= 2 if run.fault == "doubled_drift" else 1
    drifted = x + signs * np.abs(x) * relative
    before, after = _drifts(run, x, drifted)
    rows, length = int(run.parameter("rows")), int(run.parameter("length"))
    seed = int(run.parameter("seed"))
    generator = np.random.default_rng(seed)
    ordinary = _bound_use(run, generator.standard_normal((rows, length)), generator)
    tiny = [
        (1.0 if run.fault == "no_tiny_rows" else float(scale))
        * generator.standard_normal((rows, length))
        for scale in run.parameter("tiny_scales")
    ]
    tiny_use = max(_bound_use(run, each, generator) for each in tiny)
    below = sum(int((_mean_square(each) < float(run.parameter("epsilon"))).sum()) for each in tiny)

    one = sample("ACT", x.shape, "l2", dtype="float64")
    many = sample("normal rows", (rows, length), "maximum", dtype="float64")
    small = sample("tiny normal rows", (len(tiny), rows, length), "maximum", dtype="float64")
    return Measurements(
        metrics=(
            metric("drift_before", 100 * before, PERCENT, one),
            metric("drift_after", 100 * after, PERCENT, one),
            metric("amplification", after / before, RATIO, one),
            metric("bound_use", ordinary, RATIO, many),
            metric("tiny_bound_use", tiny_use, RATIO, small),
            metric("tiny_rows", below, COUNT, small),
        ),
        seeds={"rows": seed},
        baselines=(
            baseline(
                "amplification",
                ("vector relative difference after the norm", "ACT"),
                ("vector relative difference before it", "ACT"),
            ),
        ),
    )


def _drifts(run: Run, x: Wide, drifted: Wide) -> tuple[float, float]:
    """Return the vector relative difference before and after the norm."""
    epsilon = float(run.parameter("epsilon"))
    sound = _normed(run, x, epsilon)
    moved = _normed(run, drifted, 0.0 if run.fault == "epsilon_omitted" else epsilon)
    return vector_rel_diff(x, drifted), vector_rel_diff(sound, moved)


def _normed(run: Run, x: Wide, epsilon: float) -> Wide:
    if run.fault == "reciprocal":
        return np.asarray(x / (_mean_square(x) + epsilon)[..., None])
    if run.fault == "cubed_root":
        return np.asarray(x * (_mean_square(x) + epsilon)[..., None] ** -1.5)
    normed: Any = rms_norm(x, np.ones(x.shape[-1]), epsilon)
    return np.asarray(normed)


def _mean_square(x: Wide) -> Wide:
    return np.asarray((x * x).mean(axis=-1))


def _bound_use(run: Run, rows: Wide, generator: np.random.Generator) -> float:
    """Return the largest drift after over `e / (1 - e)`, over directions and sizes e of drift."""
    directions = generator.standard_normal(rows.shape)
    directions *= _length(rows) / _length(directions)
    epsilon = float(run.parameter("epsilon"))
    sound = _normed(run, rows, epsilon)
    worst = 0.0
    for e in (float(run.parameter("relative_perturbation")), 0.1, 0.5):
        for direction in (directions, -rows, rows):  # any way, inwards, outwards
            omitted = run.fault == "epsilon_omitted"
            moved = _normed(run, rows + e * direction, 0.0 if omitted else epsilon)
            out = _length(moved - sound) / _length(sound)
            worst = max(worst, float((out * (1 - e) / e).max()))
    return worst


def _length(rows: Wide) -> Wide:
    return np.asarray(np.sqrt((rows * rows).sum(axis=-1, keepdims=True)))
