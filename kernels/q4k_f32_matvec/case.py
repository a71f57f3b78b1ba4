"""Cases of the Q4_K x float32 product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.q4k_dequantize.case import random_blocks

SHAPES = ((1, 1), (2, 1), (1, 2), (3, 2), (7, 3), (8, 6), (31, 1), (33, 2), (65, 1), (5, 17))
"""Rows x blocks a row: seams of warps, tiles and unrolled loops."""


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any order of the sum: one rounding for each term it may pass through."""
    return Tolerance(
        256 * per_row + 2,
        "a sum of n terms in any order errs by at most n rounding units of the sum of |terms|; "
        "weight and product add one each",
    )


def cases() -> list[Case]:
    """Return every case; the magnitude is `reference.absolute_terms`."""
    return [
        *(_case(f"random-{rows}x{blocks}", rows, blocks) for rows, blocks in SHAPES),
        Case("cancelling", (*_cancelling(),), tolerance(2)),
        Case("strided-view", (random_blocks("mv", 24).reshape(6, 4, 144)[::2, ::2], _x("mv", 2)),
             tolerance(2)),
        Case("no-row", (np.empty((0, 2, 144), np.uint8), _x("none", 2)), tolerance(2)),
    ]  # fmt: skip


def _case(name: str, rows: int, per_row: int) -> Case:
    blocks = random_blocks(name, rows * per_row).reshape(rows, per_row, 144)
    return Case(name, (blocks, _x(name, per_row)), tolerance(per_row), rows * per_row <= 3)


def _x(name: str, per_row: int) -> NDArray[np.float32]:
    return generator(f"x-{name}").normal(size=per_row * 256).astype(np.float32)


def _cancelling() -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return rows whose second block undoes the first: the sum is far smaller than its terms."""
    first = random_blocks("cancel", 5)
    x = _x("cancel", 1)
    return np.stack([first, first], axis=1), np.concatenate([x, -x * np.float32(0.999)])
