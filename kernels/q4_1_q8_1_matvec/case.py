"""Cases of the Q4_1 x Q8_1 product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.layout import Q4_1_BYTES, Q8_1_BYTES
from pv.kernels.q4_1_dequantize.case import random_blocks
from pv.kernels.q8_0_q8_0_matvec.case import SHAPES

Bytes = NDArray[np.uint8]


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any order of at most two additions a block."""
    return Tolerance(
        2 * per_row + 12,
        "integers are exact; a term passes at most 4 roundings of its own and two additions a "
        "block, or fewer additions and a tree of 8 lanes",
    )


def cases() -> list[Case]:
    """Return every case; the magnitude is `reference.absolute_terms`."""
    extreme = random_blocks("q4_1-extreme", 6).reshape(3, 2, Q4_1_BYTES)
    extreme[:, :, 4:] = np.array([255, 0, 15], np.uint8)[:, None, None]
    lowest = activation("q4_1-extreme", 2)
    lowest[:, 4:] = 128
    zero = np.zeros((2, Q8_1_BYTES), np.uint8)
    strided = random_blocks("q4_1-strided-mv", 24).reshape(6, 4, Q4_1_BYTES)[::2, ::2]
    return [
        *(_case(f"random-{rows}x{blocks}", rows, blocks) for rows, blocks in SHAPES),
        Case("largest-integers", (extreme, lowest), tolerance(2)),
        Case("zero-activation", (extreme, zero), tolerance(2)),
        Case("cancelling", _cancelling(), tolerance(2)),
        Case("strided-view", (strided, activation("q4_1-strided", 2)), tolerance(2)),
        Case("no-row", (strided[:0], activation("none", 2)), tolerance(2)),
    ]


def activation(name: str, per_row: int) -> Bytes:
    """Return a random activation, uint8 (per_row, 36), whose s belongs to its quants."""
    rng = generator(f"y-{name}")
    quants = rng.integers(-127, 128, (per_row, 32)).astype(np.int8)
    scale = rng.normal(0, 0.02, (per_row, 1)).astype(np.float32)
    sums = scale * quants.sum(axis=1, keepdims=True, dtype=np.int32).astype(np.float32)
    fields = np.concatenate([scale, sums], axis=1).astype("<f2")
    return np.concatenate([fields.view(np.uint8), quants.view(np.uint8)], axis=1)


def _case(name: str, rows: int, per_row: int) -> Case:
    blocks = random_blocks(f"q4_1-{name}", rows * per_row).reshape(rows, per_row, Q4_1_BYTES)
    quick = rows * per_row <= 8
    return Case(name, (blocks, activation(f"q4_1-{name}", per_row)), tolerance(per_row), quick)


def _cancelling() -> tuple[Bytes, Bytes]:
    """Return rows whose second block undoes the first but for the last bits of its fields."""
    first, half = random_blocks("q4_1-cancel", 5), activation("q4_1-cancel", 1)
    other = half.copy()
    fields = half[:, :4].copy().view("<f2")
    other[:, :4] = (-fields * np.float16(0.999)).astype("<f2").view(np.uint8)
    return np.stack([first, first], axis=1), np.concatenate([half, other])
