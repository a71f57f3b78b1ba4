"""Does the size of a block's scale change the relative difference of the paths? (010).

Blocks without minima, since then both paths are linear in d: the quotient cannot depend on it
beyond rounding, and for a power of two not even by a bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import scalar_rel_diff
from pv.falsifiers.ffn_gguf.fixtures import activation, block, random_blocks, with_scales
from pv.falsifiers.ffn_gguf.records import (
    COUNT,
    PERCENT,
    RATIO,
    known_fault,
    metric,
    sample,
    statistic,
)
from pv.falsifiers.ffn_gguf.routes import path_a, path_b, rounding_bound
from pv.falsifiers.interface import Run
from pv.kernels.layout import Order
from pv.kernels.q4k_f32_matvec.reference import absolute_terms
from pv.model.measurement import Conditioning, Measurements, Ratio

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Bytes = NDArray[np.uint8]

CONTROLS: dict[str, str] = {
    **faults.COARSE,
    **faults.DECODER,
    **faults.ACTIVATION,
    "doubled_scales": "the scales are twice those of the published bytes",
    "short_lanes": "results of the AVX2 order keep 16 bits of their fraction",
    "added_constant": "1 is added to what path B returns",
}

_METRIC = "scalar relative difference"


def invariance(run: Run) -> Measurements:
    """Measure the published scales in both float orders, powers of two, and random blocks."""
    fault = known_fault(run, CONTROLS)
    scales = np.array(run.parameter("scales_f16"), dtype="<u2").view("<f2").astype(np.float32)
    scales = scales * np.float32(2) if fault == "doubled_scales" else scales
    base = block(int(run.parameter("row")), int(run.parameter("matrix")))
    x = activation(int(run.parameter("token")))
    blocks = _scaled(base, scales)
    a = path_a(blocks, x)
    b = _path_b(blocks, x, fault)
    sequential = 100 * scalar_rel_diff(a, b).astype(np.float64)
    swift_b = _path_b(blocks, x, fault, Order.AVX2_RUST)
    swift = 100 * scalar_rel_diff(a, swift_b).astype(np.float64)
    seed = int(run.parameter("seed"))

    over = sample("BLK without minima x ACT", (len(scales),), "none")
    one = sample("BLK without minima x ACT", (1,), "none")
    drawn = int(run.parameter("random_blocks"))
    many = sample("random blocks without minima", (drawn, len(scales)), "maximum", dtype="float64")
    return Measurements(
        metrics=(
            metric("scales", scales, "scale", sample("published bytes", (len(scales),), "none")),
            metric("rel_diff_sequential", sequential, PERCENT, over),
            metric("rel_diff_avx2", swift, PERCENT, over),
            metric("order_gap", np.abs(sequential - swift).max(), "percentage points", over),
            metric(
                "power_of_two_mismatches",
                _power_mismatches(base, x, run.parameter("exponents"), fault),
                COUNT,
                over,
            ),
            metric("change_over_noise", _change_over_noise(run, scales, x), RATIO, many),
        ),
        ratios=tuple(
            Ratio(
                name,
                statistic(_METRIC, values.max(), one),
                statistic(_METRIC, values.min(), one),
            )
            for name, values in (("spread_sequential", sequential), ("spread_avx2", swift))
        ),
        conditionings=(
            Conditioning(
                "rel_diff_sequential",
                difference=tuple(np.abs(a.astype(np.float64) - b).tolist()),
                denominator=tuple(np.abs(a.astype(np.float64)).tolist()),
                scale=tuple(absolute_terms(blocks, x).tolist()),
            ),
        ),
        seeds={"random blocks": seed},
    )


def _path_b(blocks: Bytes, x: Floats, fault: str | None, order: Order = Order.SEQUENTIAL) -> Floats:
    """Return path B with the faults that are planted behind it; float32 (rows,)."""
    found = path_b(blocks, x, fault, order)
    if fault == "added_constant":
        return found + np.float32(1)
    if fault == "short_lanes" and order is Order.AVX2_RUST:
        return (found.view(np.uint32) & np.uint32(0xFFFFFF80)).view(np.float32)
    return found


def _scaled(base: Bytes, scales: Any) -> Bytes:
    """Return one copy of a block, uint8 (144,), for each scale, minima off: (n, 1, 144)."""
    copies = np.broadcast_to(base, (len(scales), 1, base.shape[-1]))
    return with_scales(copies, np.asarray(scales)[:, None], 0.0)


def _power_mismatches(base: Bytes, x: Floats, exponents: Sequence[int], fault: str | None) -> int:
    """Count the powers of two for which a bit of the quotient differs from that of d = 1."""
    blocks = _scaled(base, np.exp2(np.array([0, *exponents], dtype=np.float64)))
    bits = scalar_rel_diff(path_a(blocks, x), _path_b(blocks, x, fault)).view(np.uint32)
    return int((bits[1:] != bits[0]).sum())


def _change_over_noise(run: Run, scales: Floats, x: Floats) -> float:
    """Return the largest change of the quotient with d, over what rounding explains.

    Where rounding moves A and A - B by at most r, it moves their quotient q by at most
    `(r + q r) / (|A| - r)`.
    """
    drawn, seed = int(run.parameter("random_blocks")), int(run.parameter("seed"))

    def draw() -> Bytes:
        bases = random_blocks(np.random.default_rng(seed), drawn)
        return np.concatenate([_scaled(base[0], scales) for base in bases])

    blocks = run.once("random", draw)
    a = path_a(blocks, x).astype(np.float64)
    q = np.abs(a - _path_b(blocks, x, run.fault)) / np.abs(a)
    r = rounding_bound(blocks, x)
    with np.errstate(over="ignore"):  # A within its own rounding: anything is explained
        explained = (r + q * r) / np.maximum(np.abs(a) - r, np.finfo(np.float64).tiny)
    q, explained = (each.reshape(drawn, len(scales)) for each in (q, explained))
    return float((np.abs(q - q[:, -1:]) / (explained + explained[:, -1:])).max())
