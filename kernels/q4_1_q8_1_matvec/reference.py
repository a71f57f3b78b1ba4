"""Q4_1 matrix times Q8_1 vector in NumPy float64, over exact integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import Q4_1_BYTES, Q8_1_BYTES

Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]


def matvec(blocks: Bytes, activation: Bytes) -> Wide:
    """Multiply Q4_1 rows, uint8 (rows, nb, 20), with blocks, uint8 (nb, 36); float64 (rows,).

    `sum of d_w * d_y * sum(q_w * q_y) + m * s`, where the activation brings s, its rounded
    `d_y * sum(q_y)`. The integer sums are exact.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    sums = integer_sums(blocks, activation)
    w, y = _fields(blocks), _fields(activation)
    with np.errstate(invalid="ignore"):  # infinite fields: NaN
        terms = w[..., 0] * y[..., 0] * sums + w[..., 1] * y[..., 1]
        return np.asarray(terms.sum(axis=-1))


def integer_sums(blocks: Bytes, activation: Bytes) -> NDArray[np.int64]:
    """Return the sum of nibble * quant of every pair of blocks, int64 (rows, nb).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    return np.asarray((_nibbles(blocks) * _quants(activation)).sum(axis=-1))


def absolute_terms(blocks: Bytes, activation: Bytes) -> Wide:
    """Return the sum of |terms| of each row, float64 (rows,): what rounding errors scale with.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    sums = (_nibbles(blocks) * np.abs(_quants(activation))).sum(axis=-1)
    w, y = np.abs(_fields(blocks)), np.abs(_fields(activation))
    with np.errstate(invalid="ignore"):
        terms = w[..., 0] * y[..., 0] * sums + w[..., 1] * y[..., 1]
        return np.asarray(terms.sum(axis=-1))


def _fields(blocks: Bytes) -> Wide:
    """Return the two f16 in front, float64 (..., 2)."""
    return np.ascontiguousarray(blocks[..., :4]).view("<f2").astype(np.float64)


def _nibbles(blocks: Bytes) -> NDArray[np.int64]:
    pairs = blocks[..., 4:]
    return np.concatenate([pairs & 15, pairs >> 4], axis=-1).astype(np.int64)


def _quants(blocks: Bytes) -> NDArray[np.int64]:
    return np.ascontiguousarray(blocks[..., 4:]).view(np.int8).astype(np.int64)


def _require(blocks: Bytes, activation: Bytes) -> None:
    require_array("q4_1 matrix", blocks, np.uint8, (None, None, Q4_1_BYTES))
    require_array("q8_1 activation", activation, np.uint8, (max(blocks.shape[1], 1), Q8_1_BYTES))
