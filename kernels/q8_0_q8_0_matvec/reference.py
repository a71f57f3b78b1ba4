"""Q8_0 matrix times Q8_0 vector in NumPy float64, over exact integers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import Q8_0_BYTES

Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]


def matvec(blocks: Bytes, activation: Bytes) -> Wide:
    """Multiply Q8_0 rows, uint8 (rows, nb, 34), with blocks, uint8 (nb, 34); float64 (rows,).

    `sum of d_w * d_y * sum(q_w * q_y)`; the integer sums are exact.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    sums = integer_sums(blocks, activation)
    with np.errstate(invalid="ignore"):  # infinite scales: NaN
        return np.asarray((_scales(blocks) * _scales(activation) * sums).sum(axis=-1))


def integer_sums(blocks: Bytes, activation: Bytes) -> NDArray[np.int64]:
    """Return the sum of quant * quant of every pair of blocks, int64 (rows, nb).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    return np.asarray((_quants(blocks) * _quants(activation)).sum(axis=-1))


def absolute_terms(blocks: Bytes, activation: Bytes) -> Wide:
    """Return the sum of |terms| of each row, float64 (rows,): what rounding errors scale with.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    _require(blocks, activation)
    sums = np.abs(_quants(blocks) * _quants(activation)).sum(axis=-1)
    with np.errstate(invalid="ignore"):
        return np.asarray((np.abs(_scales(blocks) * _scales(activation)) * sums).sum(axis=-1))


def _scales(blocks: Bytes) -> Wide:
    return np.ascontiguousarray(blocks[..., :2]).view("<f2")[..., 0].astype(np.float64)


def _quants(blocks: Bytes) -> NDArray[np.int64]:
    return np.ascontiguousarray(blocks[..., 2:]).view(np.int8).astype(np.int64)


def _require(blocks: Bytes, activation: Bytes) -> None:
    require_array("q8_0 matrix", blocks, np.uint8, (None, None, Q8_0_BYTES))
    require_array("q8_0 activation", activation, np.uint8, (max(blocks.shape[1], 1), Q8_0_BYTES))
