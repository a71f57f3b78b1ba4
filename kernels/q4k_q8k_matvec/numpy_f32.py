"""Q4_K matrix times many Q8_K vectors at once, on the BLAS that NumPy brings.

The integer sums stay exact in float32: over half a block, 128 values, a sum of scale * nibble *
quant is at most 128 * 63 * 15 * 128 = 15,482,880 < 2**24, in any order. Only the scaling of the two
halves and the sum over blocks round, so the float order is none of the scalar routines' and the
result is judged against float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q4K_NIBBLES_AT, Q4K_SCALES_AT

Floats = NDArray[np.float32]

_HALF = 128


class Unpacked(NamedTuple):
    """Q4_K rows as the factors of a product, for many products with one matrix."""

    halves: Floats
    """d and dmin of each block, (rows, nb, 2)."""
    minima: Floats
    """6-bit minima, (rows, nb, 8)."""
    weights: Floats
    """6-bit scale times nibble, (rows, nb, 2, 128)."""


def unpacked(blocks: NDArray[np.uint8]) -> Unpacked:
    """Take Q4_K rows, uint8 (rows, nb, 144), apart.

    Raises:
        BadInputError: wrong dtype or shape.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    halves = np.ascontiguousarray(blocks[..., :Q4K_SCALES_AT]).view("<f2").astype(np.float32)
    scales, minima = _unpack_scales(blocks)
    return Unpacked(halves, minima, _scaled_nibbles(blocks, scales))


def matmat(
    blocks: NDArray[np.uint8], scale: NDArray[np.float32], quants: NDArray[np.int8]
) -> Floats:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with quantised vectors; float32 (tokens, rows).

    scale is float32 (tokens, nb), quants int8 (tokens, nb, 256).

    Raises:
        BadInputError: wrong dtype or shape.
    """
    return product(unpacked(blocks), scale, quants)


def product(matrix: Unpacked, scale: NDArray[np.float32], quants: NDArray[np.int8]) -> Floats:
    """As `matmat`, with a matrix that is taken apart already."""
    halves, minima, weights = matrix
    rows, per_row = halves.shape[:2]
    require_array("q8_k scale", scale, np.float32, (None, max(per_row, 1)))
    tokens = scale.shape[0]
    require_array("q8_k quants", quants, np.int8, (tokens, per_row, BLOCK_VALUES))
    vectors = quants.reshape(tokens, per_row, 2, _HALF).astype(np.float32)
    sums = quants.reshape(tokens, per_row, 8, 32).sum(axis=-1, dtype=np.int16).astype(np.float32)
    total = np.zeros((tokens, rows), dtype=np.float32)
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # infinite scales give NaN, as in the scalar form
        for b in range(per_row):
            products = vectors[:, b, 0] @ weights[:, b, 0].T
            products += vectors[:, b, 1] @ weights[:, b, 1].T
            products *= halves[:, b, 0]
            products -= (sums[:, b] @ minima[:, b].T) * halves[:, b, 1]
            products *= scale[:, b, None]
            total += products
    return total


def _unpack_scales(blocks: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], Floats]:
    """Return the scales, uint8 (rows, nb, 8), and the minima, float32 (rows, nb, 8)."""
    packed = blocks[..., Q4K_SCALES_AT:Q4K_NIBBLES_AT]
    pairs = np.empty((*blocks.shape[:-1], 2, 8), dtype=np.uint8)
    for half in (0, 1):  # 0: scales, 1: minima
        source = packed[..., 4 * half : 4 * half + 4]
        pairs[..., half, :4] = source & 0x3F
        # Two bits of the source above four bits of the last third: at most 0x30 | 0x0F.
        pairs[..., half, 4:] = ((source & 0xC0) >> 2) | ((packed[..., 8:] >> (4 * half)) & 0x0F)
    return pairs[..., 0, :], pairs[..., 1, :].astype(np.float32)


def _scaled_nibbles(blocks: NDArray[np.uint8], scales: NDArray[np.uint8]) -> Floats:
    """Return scale * nibble, at most 63 * 15, as float32 (rows, nb, 2, 128)."""
    rows, per_row = blocks.shape[:2]
    bytes_by_chunk = blocks[..., Q4K_NIBBLES_AT:].reshape(rows, per_row, 4, 32)
    factors = scales.astype(np.float32).reshape(rows, per_row, 4, 2)
    weights = np.empty((rows, per_row, 4, 2, 32), dtype=np.float32)
    np.multiply(bytes_by_chunk & 0x0F, factors[..., 0, None], out=weights[..., 0, :])
    np.multiply(bytes_by_chunk >> 4, factors[..., 1, None], out=weights[..., 1, :])
    return weights.reshape(rows, per_row, 2, _HALF)
