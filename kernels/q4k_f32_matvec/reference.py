"""Q4_K matrix times float32 vector in NumPy: a float32 fold in index order, multiply then add."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.q4k_dequantize.reference import dequantize


def matvec(blocks: NDArray[np.uint8], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Multiply Q4_K rows, uint8 (rows, nb, 144), with x, float32 (nb * 256,); float32 (rows,).

    Every product and every sum is rounded to float32; the sum starts at 0 and runs in index order.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    weights, x = _unpacked(blocks, x)
    with np.errstate(invalid="ignore", over="ignore"):
        folded = np.add.accumulate(weights * x, axis=-1, dtype=np.float32)
        return folded[:, -1] + np.float32(0)  # a fold from 0 never ends at -0.0


def matvec_f64(blocks: NDArray[np.uint8], x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Multiply as `matvec` does with every product and sum in float64; float64 (rows,).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    weights, x = _unpacked(blocks, x)
    with np.errstate(invalid="ignore"):  # infinite weights: NaN, as in `matvec`
        return np.asarray(weights.astype(np.float64) @ x.astype(np.float64))


def absolute_terms(blocks: NDArray[np.uint8], x: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sum of |w * x| of each row, float64 (rows,): what rounding errors scale with.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all in a row.
    """
    weights, x = _unpacked(blocks, x)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(weights.astype(np.float64)) @ np.abs(x.astype(np.float64)))


def _unpacked(
    blocks: NDArray[np.uint8], x: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    require_array("q4_k matrix", blocks, np.uint8, (None, None, Q4K_BYTES))
    rows, per_row = blocks.shape[:2]
    require_array("vector", x, np.float32, (max(per_row, 1) * BLOCK_VALUES,))
    return dequantize(blocks).reshape(rows, per_row * BLOCK_VALUES), x
