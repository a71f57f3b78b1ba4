"""Cases of the Q4_K x Q8_K product."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.layout import Q8K
from pv.kernels.q4k_dequantize.case import random_blocks
from pv.kernels.q4k_f32_matvec.case import SHAPES


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any of the float orders in use, or another of no more operations."""
    return Tolerance(
        8 * per_row + 12,
        "integers are exact; a term passes at most 4 roundings of its own and one addition for "
        "each sub-block of the row, or fewer additions and a tree of 8 lanes",
    )


def cases() -> list[Case]:
    """Return every case; the magnitude is `reference.absolute_terms`."""
    extreme = random_blocks("extreme", 6).reshape(3, 2, 144)
    extreme[:, :, 4:] = 255  # every scale, minimum and nibble at its largest
    strided = random_blocks("strided-q8", 24).reshape(6, 4, 144)[::2, ::2]
    edge = Q8K(np.array([0.01, -0.01], np.float32), np.full((2, 256), -128, np.int8), _sums(-128))
    zero = Q8K(np.zeros(2, np.float32), np.zeros((2, 256), np.int8), _sums(0))
    return [
        *(_case(f"random-{rows}x{blocks}", rows, blocks) for rows, blocks in SHAPES),
        Case("largest-integers", (extreme, edge), tolerance(2)),
        Case("zero-activation", (extreme, zero), tolerance(2)),
        Case("strided-view", (strided, activation("strided", 2)), tolerance(2)),
        Case("no-row", (np.empty((0, 2, 144), np.uint8), activation("none", 2)), tolerance(2)),
    ]


def activation(name: str, per_row: int) -> Q8K:
    """Return a random activation of `per_row` blocks with scales of both signs."""
    rng = generator(f"q8-{name}")
    quants = rng.integers(-127, 128, (per_row, 256)).astype(np.int8)
    scale = rng.normal(0, 0.02, per_row).astype(np.float32)
    return Q8K(scale, quants, quants.reshape(per_row, 16, 16).sum(axis=-1, dtype=np.int16))


def _case(name: str, rows: int, per_row: int) -> Case:
    blocks = random_blocks(name, rows * per_row).reshape(rows, per_row, 144)
    return Case(name, (blocks, activation(name, per_row)), tolerance(per_row), rows * per_row <= 3)


def _sums(quant: int) -> NDArray[np.int16]:
    return np.full((2, 16), 16 * quant, np.int16)
