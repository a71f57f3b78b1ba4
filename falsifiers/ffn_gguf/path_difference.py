"""How far apart are path A and path B, and is it the activation's rounding? (008)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.bootstrap import interval, root_mean_square
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import UNIT, bit_pattern, scalar_rel_diff
from pv.falsifiers.ffn_gguf.fixtures import (
    activation,
    block,
    random_blocks,
    symmetric_blocks,
)
from pv.falsifiers.ffn_gguf.records import (
    BITS,
    PERCENT,
    RATIO,
    baseline,
    known_fault,
    metric,
    sample,
)
from pv.falsifiers.ffn_gguf.routes import difference_bound, path_a, path_b
from pv.falsifiers.interface import Run
from pv.kernels.layout import Order
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec.reference import absolute_terms
from pv.kernels.q8k_quantize.reference import quantize_rust
from pv.model.measurement import Conditioning, Measurements, Recheck

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    **faults.ACTIVATION,
    "lost_term": "path A leaves out the last product",
}


def difference(run: Run) -> Measurements:
    """Measure the published block, then many random ones against bound and noise."""
    fault = known_fault(run, CONTROLS)
    blocks = block(int(run.parameter("row")), int(run.parameter("matrix")))[None, None]
    x = activation(int(run.parameter("token")))
    a = path_a(blocks, _without_last(x) if fault == "lost_term" else x)
    b = path_b(blocks, x, fault)
    swift = path_b(blocks, x, fault, Order.AVX2_RUST)
    vectors, rows = int(run.parameter("random_vectors")), int(run.parameter("random_rows"))
    seed = int(run.parameter("seed"))
    use, noise = _random_differences(run, vectors, rows, seed)

    own_use = np.abs(a.astype(np.float64) - b) / difference_bound(blocks, x)
    order = "path A: index order; path B: sub-block after sub-block, and lanes as AVX2 does"
    one = sample("BLK x ACT", (256,), "dot product", order=order)
    drawn = "random blocks x normal activations"
    many = sample(drawn, (vectors, rows), "maximum", dtype="float64")
    rms = sample(drawn, (vectors, rows), "root mean square", dtype="float64")
    gap = "|A - B|"
    return Measurements(
        metrics=(
            metric("path_a_bits", bit_pattern(a[0]), BITS, one),
            metric("path_b_bits", bit_pattern(b[0]), BITS, one),
            metric("path_b_avx2_bits", bit_pattern(swift[0]), BITS, one),
            metric("difference", np.abs(a - b)[0], "activation", one),
            metric("rel_diff", 100 * float(scalar_rel_diff(a, b)[0]), PERCENT, one),
            metric("bound_use", max(use.max(), own_use.max()), RATIO, many),
            metric("noise_ratio", root_mean_square(noise[None])[0], RATIO, rms),
        ),
        conditionings=(
            Conditioning(
                "rel_diff",
                difference=(float(np.abs(a - b)[0]),),
                denominator=(float(np.abs(a[0])),),
                scale=(float(absolute_terms(blocks, x)[0]),),
            ),
        ),
        seeds={"random blocks": seed},
        baselines=(baseline("noise_ratio", (gap, drawn), ("step / sqrt(12) * ||w||", drawn)),),
        intervals=(interval("noise_ratio", "activations", noise, root_mean_square),),
        rechecks=(_recheck(blocks, x, a),),
    )


def _without_last(x: Floats) -> Floats:
    return np.append(x[:-1], np.float32(0))


def _recheck(blocks: NDArray[np.uint8], x: Floats, a: Floats) -> Recheck:
    """Return path A's product of the published block again in float64."""
    exact = float(dequantize(blocks).reshape(-1).astype(np.float64) @ x)
    bound = UNIT * (x.size + 1) * float(absolute_terms(blocks, x)[0])
    return Recheck("path A", "float32", "index order", (float(a[0]),), (exact,), (bound,))


def _random_differences(run: Run, vectors: int, rows: int, seed: int) -> tuple[Wide, Wide]:
    """Return |A - B| over its bound, (vectors, 2 rows), and over rounding noise, (vectors, rows).

    Half of the rows have weights of mean zero: only they enter the noise, as their dot products
    with one and the same rounding error scatter independently.
    """
    inputs = run.once("inputs", lambda: _draw(vectors, rows, seed))
    a_side = run.once("path a", lambda: [path_a(*each) for each in inputs])
    bounds = run.once("bounds", lambda: np.stack([difference_bound(*each) for each in inputs]))
    noise = run.once("noise", lambda: np.stack([_noise(*each) for each in inputs]))
    b_side = np.stack([path_b(blocks, x, run.fault) for blocks, x in inputs])
    gap = np.abs(np.stack(a_side).astype(np.float64) - b_side)
    return gap / bounds, (gap / noise)[:, :rows]


def _draw(vectors: int, rows: int, seed: int) -> list[tuple[NDArray[np.uint8], Floats]]:
    generator = np.random.default_rng(seed)
    return [
        (
            np.concatenate([symmetric_blocks(generator, rows), random_blocks(generator, rows)]),
            generator.standard_normal(256).astype(np.float32),
        )
        for _ in range(vectors)
    ]


def _noise(blocks: NDArray[np.uint8], x: Floats) -> Wide:
    """Return the rms of |A - B| that even rounding of x predicts: `s / sqrt(12) * ||w||_2`."""
    weights = dequantize(blocks).reshape(len(blocks), -1).astype(np.float64)
    step = float(quantize_rust(x[None]).scale[0])
    return np.asarray(step / np.sqrt(12) * np.sqrt((weights * weights).sum(axis=-1)))
