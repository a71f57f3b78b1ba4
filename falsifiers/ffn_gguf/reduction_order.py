"""Does the order of a float32 reduction matter, and by how much? (006).

Two orders of one dot product: index order with two roundings a term, and eight lanes with fused
multiply-add that are then added pairwise, as a machine with AVX2 does.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import UNIT, bit_pattern, fold, fused
from pv.falsifiers.ffn_gguf.fixtures import dot_vectors
from pv.falsifiers.ffn_gguf.records import BITS, COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements, Recheck

Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    "lost_lane": "the last of the eight lanes is not added",
    "half_precision_lanes": "the lanes accumulate in half precision",
    "lost_term": "index order leaves out the last product",
    "one_order": "the lanes are index order, run once more",
}

_LANES = 8


def agreement(run: Run) -> Measurements:
    """Compare both orders on the published vectors, on scaled copies and on random vectors."""
    fault = known_fault(run, CONTROLS)
    length, vectors = int(run.parameter("length")), int(run.parameter("random_vectors"))
    a, b = dot_vectors(length)
    copies = np.arange(1, int(run.parameter("scaled_copies")) + 1)
    factors = (1 + float(run.parameter("scale_step")) * copies).astype(np.float32)
    scaled = a * factors[:, None]
    seed = int(run.parameter("seed"))
    random = np.random.default_rng(seed).standard_normal((2, vectors, length)).astype(np.float32)

    lefts = np.concatenate([a[None], scaled, random[0]])
    rights = np.concatenate([np.broadcast_to(b, (1 + len(copies), length)), random[1]])
    used = length - (fault == "lost_term")
    scalar = fold(lefts[:, :used] * rights[:, :used])
    lanes = scalar if fault == "one_order" else _in_lanes(lefts, rights, fault)
    same = scalar.view(np.uint32) == lanes.view(np.uint32)
    wide = lefts.astype(np.float64) * rights
    room = length * UNIT * np.abs(wide).sum(axis=-1)
    gap = np.abs(scalar.astype(np.float64) - lanes) / room
    worst = int(gap.argmax())

    both = "index order, and eight fused lanes added pairwise"
    published = sample("published vectors", (length,), "sum", order=both)
    copied = sample("scaled copies of the published vectors", scaled.shape, "sum", order=both)
    drawn = sample("normal vectors", (vectors, length), "sum", order=both)
    everything = sample("all vectors", lefts.shape, "maximum", dtype="float64")
    return Measurements(
        metrics=(
            metric("scalar_bits", bit_pattern(scalar[0]), BITS, published),
            metric("lanes_bits", bit_pattern(lanes[0]), BITS, published),
            metric("scaled_agreements", same[1 : 1 + len(copies)].sum(), COUNT, copied),
            metric("random_disagreements", (~same[1 + len(copies) :]).sum(), COUNT, drawn),
            metric("gap_over_bound", gap.max(), RATIO, everything),
        ),
        seeds={"random vectors": seed},
        rechecks=(
            Recheck(
                "sums of the vectors on which the orders differ most",
                dtype="float32",
                order=both,
                found=(float(scalar[worst]), float(lanes[worst])),
                exact=(float(wide[worst].sum()),) * 2,
                bound=(float(room[worst]),) * 2,
            ),
        ),
    )


def _in_lanes(a: Floats, b: Floats, fault: str | None) -> Floats:
    """Reduce (..., n) in eight fused lanes, low four onto high four, then neighbours twice."""
    lanes = np.zeros((*a.shape[:-1], _LANES), dtype=np.float32)
    for start in range(0, a.shape[-1], _LANES):
        step = slice(start, start + _LANES)
        lanes = fused(a[..., step], b[..., step], lanes)
        if fault == "half_precision_lanes":
            lanes = lanes.astype(np.float16).astype(np.float32)
    if fault == "lost_lane":
        lanes[..., -1] = 0
    four = lanes[..., :4] + lanes[..., 4:]
    two = four[..., 0::2] + four[..., 1::2]
    return np.asarray(two[..., 0] + two[..., 1])
