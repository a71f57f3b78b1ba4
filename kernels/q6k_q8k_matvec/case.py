"""Cases of the Q6_K x Q8_K product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.layout import Q6K_BYTES, Q6K_SCALES_AT, Q8K
from pv.kernels.q6k_dequantize.case import random_blocks

SHAPES = ((1, 1), (2, 1), (1, 2), (3, 2), (7, 3), (8, 6), (31, 1), (33, 2), (65, 1), (5, 17))
"""Rows x blocks a row: seams of warps, tiles and unrolled loops."""


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any order of at most one addition a sub-block."""
    return Tolerance(
        16 * per_row + 12,
        "integers are exact; a term passes at most 4 roundings of its own and one addition for "
        "each of the 16 sub-blocks of a block, or fewer additions and a tree of 8 lanes",
    )


def cases() -> list[Case]:
    """Return every case; the magnitude is `reference.absolute_terms`."""
    extreme = random_blocks("q6-extreme", 6).reshape(3, 2, Q6K_BYTES)
    extreme[:, :, :Q6K_SCALES_AT] = np.array([0, 255, 255], np.uint8)[:, None, None]
    extreme[:, :, Q6K_SCALES_AT:-2] = np.array([128, 128, 127], np.uint8)[:, None, None]
    strided = random_blocks("q6-strided-mv", 24).reshape(6, 4, Q6K_BYTES)[::2, ::2]
    lowest = np.full((2, 256), -128, np.int8)
    edge = Q8K(np.array([0.01, -0.01], np.float32), lowest, sums(lowest))
    zero = Q8K(np.zeros(2, np.float32), np.zeros((2, 256), np.int8), np.zeros((2, 16), np.int16))
    return [
        *(_case(f"random-{rows}x{blocks}", rows, blocks) for rows, blocks in SHAPES),
        Case("largest-integers", (extreme, edge), tolerance(2)),
        Case("zero-activation", (extreme, zero), tolerance(2)),
        Case("cancelling", _cancelling(), tolerance(2)),
        Case("strided-view", (strided, activation("q6-strided", 2)), tolerance(2)),
        Case("no-row", (strided[:0], activation("none", 2)), tolerance(2)),
    ]  # fmt: skip


def activation(name: str, per_row: int) -> Q8K:
    """Return a random activation of `per_row` blocks with scales of both signs."""
    rng = generator(f"q8-{name}")
    quants = rng.integers(-127, 128, (per_row, 256)).astype(np.int8)
    return Q8K(rng.normal(0, 0.02, per_row).astype(np.float32), quants, sums(quants))


def sums(quants: NDArray[np.int8]) -> NDArray[np.int16]:
    """Return the sums of 16 consecutive quants, int16 (n, 16)."""
    return np.asarray(quants.reshape(-1, 16, 16).sum(axis=-1, dtype=np.int16))


def _case(name: str, rows: int, per_row: int) -> Case:
    blocks = random_blocks(f"q6-{name}", rows * per_row).reshape(rows, per_row, Q6K_BYTES)
    quick = rows * per_row <= 3
    return Case(name, (blocks, activation(f"q6-{name}", per_row)), tolerance(per_row), quick)


def _cancelling() -> tuple[NDArray[np.uint8], Q8K]:
    """Return rows whose second block undoes the first but for a thousandth."""
    first = random_blocks("q6-cancel", 5)
    half = activation("q6-cancel", 1)
    scale = np.concatenate([half.scale, -half.scale * np.float32(0.999)])
    quants = np.concatenate([half.quants, half.quants])
    return np.stack([first, first], axis=1), Q8K(scale, quants, sums(quants))
