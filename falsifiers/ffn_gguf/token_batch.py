"""Does a token drift more as one of a batch? (013).

Seven tokens run through the matrices of the compounding question. The standard deviations over
tokens of the two paths are compared with each other, over the same tokens, and their gap with the
difference of the paths that explains it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.bootstrap import interval
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import vector_rel_diff
from pv.falsifiers.ffn_gguf.compounding import VECTOR, published_outputs, scalar_baseline
from pv.falsifiers.ffn_gguf.fixtures import symmetric_blocks
from pv.falsifiers.ffn_gguf.records import (
    PERCENT,
    RATIO,
    baseline,
    known_fault,
    metric,
    sample,
    statistic,
)
from pv.falsifiers.ffn_gguf.routes import feed_a, feed_b
from pv.falsifiers.interface import Run
from pv.kernels.layout import BLOCK_VALUES
from pv.model.measurement import Measurements, Ratio, Series

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    **faults.ACTIVATION,
    "later_tokens_floored": "tokens of a random batch after its first are rounded down",
    "unlike_reductions": "path A's deviation is taken over components, path B's over tokens",
}

_SOURCE = "feed-forward of BLK matrices"
_STD = "standard deviation over tokens, mean over components"


def batch(run: Run) -> Measurements:
    """Measure each token's final drift, the spread over tokens, and random batches."""
    known_fault(run, CONTROLS)
    tokens = [int(each) for each in run.parameter("tokens")]
    a, b = _final(run, tokens)
    drift = np.array([vector_rel_diff(left, right) for left, right in zip(a, b, strict=True)])
    std_a, std_b = _std_over_tokens(a), _std_over_tokens(b)
    if run.fault == "unlike_reductions":
        std_a = _std_over_tokens(a.T)
    rms_gap = float(np.sqrt(np.square(a.astype(np.float64) - b).mean()))
    batches, seed = int(run.parameter("random_batches")), int(run.parameter("seed"))
    random = np.array([_random_drifts(run, len(tokens), seed, index) for index in range(batches)])

    each = sample(_SOURCE, (a.shape[1],), "l2", tokens="one", dtype="float64")
    every = sample(_SOURCE, a.shape, "mean", tokens="all", dtype="float64")
    bounded = sample(_SOURCE, a.shape, "none", tokens="all", dtype="float64")
    spread = sample(_SOURCE, a.shape, _STD, tokens="all", dtype="float64")
    drawn = sample("random batches", random.shape, "mean", tokens="all", dtype="float64")
    return Measurements(
        metrics=(
            metric("final_rel_diff", 100 * drift, PERCENT, each),
            metric("mean_rel_diff", 100 * drift.mean(), PERCENT, every),
            metric("std_a", std_a, "activation", spread),
            metric("std_b", std_b, "activation", spread),
            metric("batch_factor_as_published", drift.mean() / drift[0], RATIO, every),
            metric("std_gap_over_rms_gap", abs(std_a - std_b) / rms_gap, RATIO, bounded),
            metric("random_batch_factor", _batch_factor(random[None])[0], RATIO, drawn),
        ),
        ratios=(
            Ratio(
                "spread_over_tokens",
                statistic(VECTOR, drift.max(), each),
                statistic(VECTOR, drift.min(), each),
            ),
            Ratio("std_ratio", statistic(_STD, std_a, spread), statistic(_STD, std_b, spread)),
        ),
        series=(
            Series(
                "drift per token",
                "token",
                "vector relative difference, %",
                x=tuple(float(token) for token in tokens),
                y=tuple((100 * drift).tolist()),
            ),
        ),
        notes=("batch_factor_as_published divides a mean over tokens by one of them",),
        seeds={"random batches": seed},
        baselines=(
            baseline(
                "random_batch_factor",
                (f"{VECTOR}, mean over tokens", "random batches"),
                (f"{VECTOR} of the first token", "random batches"),
            ),
            baseline(
                "batch_factor_as_published",
                (f"{VECTOR}, mean over seven tokens", _SOURCE),
                (f"{VECTOR} of token 0", _SOURCE),
            ),
        ),
        intervals=(interval("random_batch_factor", "batches", random, _batch_factor),),
    )


def _batch_factor(samples: Wide) -> Wide:
    """Return the mean over all tokens over that of first ones, from (draws, batches, tokens)."""
    return np.asarray(samples.mean(axis=(1, 2)) / samples[..., 0].mean(axis=1))


def measurement_effect_as_published(run: Run) -> Measurements:
    """Divide the deviation of the two spreads by the scalar error of one block, as was done."""
    known_fault(run, CONTROLS)
    a, b = _final(run, [int(each) for each in run.parameter("tokens")])
    deviation = abs(_std_over_tokens(a) / _std_over_tokens(b) - 1)
    over = sample(_SOURCE, a.shape, _STD, tokens="all", dtype="float64")
    return Measurements(
        metrics=(),
        ratios=(
            Ratio(
                "measurement_effect_as_published",
                statistic("deviation of a ratio of standard deviations", deviation, over),
                scalar_baseline(run),
            ),
        ),
    )


def _final(run: Run, tokens: list[int]) -> tuple[Floats, Floats]:
    """Return what both paths hold after the last matrix, each float32 (tokens, rows)."""
    pairs = [published_outputs(run, token) for token in tokens]
    return np.stack([a[-1] for a, _ in pairs]), np.stack([b[-1] for _, b in pairs])


def _std_over_tokens(values: Floats) -> float:
    """Return the population standard deviation over tokens, averaged over components."""
    return float(values.astype(np.float64).std(axis=0).mean())


def _random_drifts(run: Run, tokens: int, seed: int, index: int) -> list[float]:
    """Return the final drift of every token of a random batch through fresh random matrices."""
    count, rows = int(run.parameter("random_matrices")), int(run.parameter("rows"))

    def draw() -> tuple[list[Bytes], Floats]:
        generator = np.random.default_rng((seed, index))
        matrices = [symmetric_blocks(generator, rows) for _ in range(count)]
        return matrices, generator.standard_normal((tokens, BLOCK_VALUES)).astype(np.float32)

    matrices, inputs = run.once(f"batch {index}", draw)
    a = run.once(f"batch {index}, path a", lambda: [feed_a(matrices, x)[-1] for x in inputs])
    later = "floor_activation" if run.fault == "later_tokens_floored" else run.fault
    planted = [run.fault, *[later] * (tokens - 1)]
    b = [feed_b(matrices, *each)[-1] for each in zip(inputs, planted, strict=True)]
    return [vector_rel_diff(left, right) for left, right in zip(a, b, strict=True)]
