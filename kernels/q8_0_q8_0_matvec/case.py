"""Cases of the Q8_0 x Q8_0 product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance
from pv.kernels.layout import Q8_0_BYTES
from pv.kernels.q8_0_dequantize.case import random_blocks

Bytes = NDArray[np.uint8]

SHAPES = ((1, 1), (2, 1), (1, 2), (3, 2), (7, 3), (8, 6), (31, 1), (33, 2), (65, 1), (5, 129))
"""Rows x blocks a row: seams of warps, tiles and unrolled loops."""


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any order of at most one addition a block."""
    return Tolerance(
        per_row + 12,
        "integers are exact; a term passes at most 4 roundings of its own and one addition a "
        "block, or fewer additions and a tree of 8 lanes",
    )


def cases() -> list[Case]:
    """Return every case; the magnitude is `reference.absolute_terms`."""
    extreme = random_blocks("q8_0-extreme", 6).reshape(3, 2, Q8_0_BYTES)
    extreme[:, :, 2:] = np.array([128, 127, 129], np.uint8)[:, None, None]
    largest = activation("q8_0-extreme", 2)
    largest[:, 2:] = np.array([127, 129], np.uint8)[:, None]
    zero = np.zeros((2, Q8_0_BYTES), np.uint8)
    strided = random_blocks("q8_0-strided-mv", 24).reshape(6, 4, Q8_0_BYTES)[::2, ::2]
    return [
        *(_case(f"random-{rows}x{blocks}", rows, blocks) for rows, blocks in SHAPES),
        Case("largest-integers", (extreme, largest), tolerance(2)),
        Case("zero-activation", (extreme, zero), tolerance(2)),
        Case("cancelling", _cancelling(), tolerance(2)),
        Case("strided-view", (strided, activation("q8_0-strided", 2)), tolerance(2)),
        Case("no-row", (strided[:0], activation("none", 2)), tolerance(2)),
    ]


def activation(name: str, per_row: int) -> Bytes:
    """Return a random activation, uint8 (per_row, 34), without quants of -128."""
    blocks = random_blocks(f"y-{name}", per_row)
    blocks[:, 2:] += (blocks[:, 2:] == 128).astype(np.uint8)
    return blocks


def _case(name: str, rows: int, per_row: int) -> Case:
    blocks = random_blocks(f"q8_0-{name}", rows * per_row).reshape(rows, per_row, Q8_0_BYTES)
    quick = rows * per_row <= 8
    return Case(name, (blocks, activation(f"q8_0-{name}", per_row)), tolerance(per_row), quick)


def _cancelling() -> tuple[Bytes, Bytes]:
    """Return rows whose second block undoes the first but for the last bits of its scale."""
    first, half = random_blocks("q8_0-cancel", 5), activation("q8_0-cancel", 1)
    other = half.copy()
    scale = half[:, :2].copy().view("<f2")
    other[:, :2] = (-scale * np.float16(0.999)).astype("<f2").view(np.uint8)
    return np.stack([first, first], axis=1), np.concatenate([half, other])
