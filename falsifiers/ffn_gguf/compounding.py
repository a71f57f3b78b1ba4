"""Does the difference of the paths compound with depth? (009).

A feed-forward of square matrices, normalised after each, runs on both paths from one vector. The
published matrices give a series that peaks and falls; random matrices show what depth alone does.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.bootstrap import interval, root_mean_square
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import norm, scalar_rel_diff, vector_rel_diff
from pv.falsifiers.ffn_gguf.fixtures import activation, block, matrix, symmetric_blocks
from pv.falsifiers.ffn_gguf.records import (
    PERCENT,
    RATIO,
    baseline,
    known_fault,
    metric,
    sample,
    statistic,
)
from pv.falsifiers.ffn_gguf.routes import feed_a, feed_b, path_a, path_b
from pv.falsifiers.interface import Run
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q8k_quantize.reference import quantize_rust
from pv.model.measurement import Measurements, Null, Ratio, Series, Statistic

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

CONTROLS: dict[str, str] = {**faults.DECODER, **faults.ACTIVATION}

VECTOR = "vector relative difference"
SCALAR = "scalar relative difference"


def growth(run: Run) -> Measurements:
    """Measure the drift at every depth, its growth like for like, and random chains."""
    known_fault(run, CONTROLS)
    drift = published_drift(run, int(run.parameter("token")))
    chains, seed = int(run.parameter("random_chains")), int(run.parameter("seed"))
    walks = np.array([_over_random_walk(run, seed, index) for index in range(chains)])

    rows = int(run.parameter("rows"))
    over = sample("feed-forward of BLK matrices", (rows,), "l2", dtype="float64")
    random = sample("random chains", (chains,), "root mean square", dtype="float64")
    depths = [replace(over, depth=f"depth {each}") for each in range(1, len(drift) + 1)]
    first = statistic(VECTOR, drift[0], depths[0])
    walk = "a walk of as many independent injections as there are matrices"
    return Measurements(
        metrics=(
            metric("vector_rel_diff", [100 * each for each in drift], PERCENT, over),
            metric("random_walk_ratio", np.sqrt(np.square(walks).mean()), RATIO, random),
        ),
        ratios=tuple(
            Ratio(f"growth_at_depth_{depth}", statistic(VECTOR, each, depths[depth - 1]), first)
            for depth, each in enumerate(drift[1:], start=2)
        ),
        series=(
            Series(
                "drift over depth",
                "depth",
                "vector relative difference, %",
                x=tuple(float(each + 1) for each in range(len(drift))),
                y=tuple(100 * each for each in drift),
            ),
        ),
        seeds={"random chains": seed},
        baselines=(
            baseline("random_walk_ratio", (VECTOR, "random chains"), (walk, "random chains")),
        ),
        intervals=(interval("random_walk_ratio", "chains", walks, root_mean_square),),
        nulls=(Null("random_walk_ratio", 1.0, walk),),
    )


def growth_as_published(run: Run) -> Measurements:
    """Divide the vector error at the last depth by the scalar error of one block, as was done."""
    known_fault(run, CONTROLS)
    drift = published_drift(run, int(run.parameter("token")))
    rows = int(run.parameter("rows"))
    return Measurements(
        metrics=(),
        ratios=(
            Ratio(
                "growth_as_published",
                statistic(
                    VECTOR,
                    drift[-1],
                    sample("feed-forward of BLK matrices", (rows,), "l2", dtype="float64"),
                ),
                scalar_baseline(run),
            ),
        ),
    )


def scalar_baseline(run: Run) -> Statistic:
    """Return the scalar relative difference of one block, the published divisor."""
    blocks = block(int(run.parameter("row")), int(run.parameter("matrix")))[None, None]
    x = activation(int(run.parameter("token")))
    value = scalar_rel_diff(path_a(blocks, x), path_b(blocks, x, run.fault))[0]
    return statistic(SCALAR, value, sample("BLK x ACT", (1,), "none"))


def published_drift(run: Run, token: int) -> list[float]:
    """Return the vector relative difference at every depth from ACT(token)."""
    a, b = published_outputs(run, token)
    return [vector_rel_diff(left, right) for left, right in zip(a, b, strict=True)]


def published_outputs(run: Run, token: int) -> tuple[list[Floats], list[Floats]]:
    """Return what both paths hold at every depth from ACT(token), each float32 (rows,)."""
    count, rows = int(run.parameter("matrices")), int(run.parameter("rows"))
    matrices: list[Bytes] = run.once(
        "matrices", lambda: [matrix(index, rows) for index in range(count)]
    )
    x = activation(token)
    a = run.once(f"path a from {token}", lambda: feed_a(matrices, x))
    return a, feed_b(matrices, x, run.fault)


def _over_random_walk(run: Run, seed: int, index: int) -> float:
    """Return the drift after fresh random matrices over that of a random walk.

    Rounding the activation x to steps s injects a relative error of `s sqrt(n / 12) / ||x||` at
    each depth; random matrices pass relative errors on, so independent ones add in squares.
    """
    count, rows = int(run.parameter("matrices")), int(run.parameter("rows"))

    def draw() -> tuple[list[Bytes], Floats]:
        generator = np.random.default_rng((seed, index))
        matrices = [symmetric_blocks(generator, rows) for _ in range(count)]
        return matrices, generator.standard_normal(BLOCK_VALUES).astype(np.float32)

    matrices, x = run.once(f"chain {index}", draw)
    a = run.once(f"chain {index}, path a", lambda: feed_a(matrices, x))
    b = feed_b(matrices, x, run.fault)
    injected = [_injected(each) for each in (x, *a[:-1])]
    return vector_rel_diff(a[-1], b[-1]) / float(np.sqrt(np.square(injected).sum()))


def _injected(x: Floats) -> float:
    """Return the relative error that quantising x injects, by the noise of even rounding."""
    step = float(quantize_rust(x.reshape(-1, BLOCK_VALUES)).scale[0])
    return step * float(np.sqrt(x.size / 12)) / norm(x)
