"""Q4_K matrix times many Q8_K vectors at once, on the BLAS that NumPy brings.

The integer sums stay exact in float32: a sum of scale * nibble * quant is at most 128 times that of
scale * nibble, and that stays below 2**24 over half a block (128 * 63 * 15 * 128 = 15,482,880), in
any order; over a whole one where the weights allow it, which is looked up. Only the scaling of
these sums, the minima and the sum over blocks round, so the float order is none of the scalar
routines' and the result is judged against float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES, Q4K_NIBBLES_AT, Q4K_SCALES_AT

Floats = NDArray[np.float32]

_LARGEST_QUANT = 128
_EXACT = 1 << 24
"""Integers up to which float32 holds them all."""


class Unpacked(NamedTuple):
    """Q4_K rows as the factors of a product, for many products with one matrix."""

    steps: Floats
    """d of each block, (nb, rows)."""
    offsets: Floats
    """dmin times 6-bit minimum, exact in float32, (rows, nb * 8)."""
    weights: Floats
    """6-bit scale times nibble, (rows, nb, parts, 256 / parts): a sum over one part is exact."""


def unpacked(blocks: NDArray[np.uint8]) -> Unpacked:
    """Take Q4_K rows, uint8 (rows, nb, 144), apart.

    Raises:
        BadInputError: wrong dtype or shape.
    """
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    halves = np.ascontiguousarray(blocks[..., :Q4K_SCALES_AT]).view("<f2").astype(np.float32)
    scales, minima = _unpack_scales(blocks)
    with np.errstate(invalid="ignore"):  # an infinite dmin gives NaN, as in the scalar form
        offsets = (minima * halves[..., 1:]).reshape(rows, per_row * 8)
    weights = _scaled_nibbles(blocks, scales)
    largest = weights.sum(axis=-1).max(initial=0.0) * _LARGEST_QUANT
    parts = 1 if largest < _EXACT else 2
    split = weights.reshape(rows, per_row, parts, BLOCK_VALUES // parts)
    return Unpacked(np.ascontiguousarray(halves[..., 0].T), offsets, split)


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
    steps, offsets, weights = matrix
    rows, per_row, parts, length = weights.shape
    require_array("q8_k scale", scale, np.float32, (None, max(per_row, 1)))
    tokens = scale.shape[0]
    require_array("q8_k quants", quants, np.int8, (tokens, per_row, BLOCK_VALUES))
    sums = quants.reshape(tokens, per_row, 8, 32).sum(axis=-1, dtype=np.int16)
    sum_of_block = np.empty((tokens, rows), dtype=np.float32)
    with np.errstate(
        invalid="ignore", over="ignore"
    ):  # infinite scales give NaN, as in the scalar form
        total = -((sums * scale[..., None]).reshape(tokens, per_row * 8) @ offsets.T)
        for b in range(per_row):
            vectors = quants[:, b].astype(np.float32).reshape(tokens, parts, length)
            np.matmul(vectors[:, 0], weights[:, b, 0].T, out=sum_of_block)
            for part in range(1, parts):
                sum_of_block += vectors[:, part] @ weights[:, b, part].T
            sum_of_block *= steps[b]
            sum_of_block *= scale[:, b, None]
            total += sum_of_block
    return np.asarray(total)


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
    """Return scale * nibble, at most 63 * 15, as float32 (rows, nb, 256)."""
    rows, per_row = blocks.shape[:2]
    bytes_by_chunk = blocks[..., Q4K_NIBBLES_AT:].reshape(rows, per_row, 4, 32)
    factors = scales.astype(np.float32).reshape(rows, per_row, 4, 2)
    weights = np.empty((rows, per_row, 4, 2, 32), dtype=np.float32)
    np.multiply(bytes_by_chunk & 0x0F, factors[..., 0, None], out=weights[..., 0, :])
    np.multiply(bytes_by_chunk >> 4, factors[..., 1, None], out=weights[..., 1, :])
    return weights.reshape(rows, per_row, BLOCK_VALUES)
