"""Q4_K blocks to float32 in compiled loops, bit for bit what ggml gives."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_output, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.processor.numba_compile import compiled, takes_vectors
from pv.kernels.processor.views import matching_rows, packed

BYTES_2D = types.Array(types.uint8, 2, "C", readonly=True)
FLOATS_2D = types.Array(types.float32, 2, "C", readonly=True)


def dequantize(
    blocks: NDArray[np.uint8],
    out: NDArray[np.float32] | None = None,
    *,
    vectors: bool | None = None,
) -> NDArray[np.float32]:
    """Turn Q4_K blocks, uint8 (..., 144), into their weights, float32 (..., 256).

    `out` takes the weights where it is given: writable, C-contiguous, of that shape. Blocks are
    read where they are, read-only, mapped, unaligned or strided; only loops over a strided view
    pack it, a few at a time. `vectors` chooses between vector instructions and loops, which give
    the same bits; by default the processor decides.

    Raises:
        BadInputError: not uint8, the last axis is not 144, or `out` does not fit.
        MissingError: vectors are asked for and the processor has none.
    """
    require_rows("q4_k blocks", blocks, np.uint8, Q4K_BYTES)
    shape = (*blocks.shape[:-1], BLOCK_VALUES)
    weights = np.empty(shape, dtype=np.float32) if out is None else out
    require_output("weights", weights, np.float32, shape)
    use = takes_vectors("q4_k_dequantize", vectors)
    for part, place in matching_rows(blocks, weights):
        if use and part.strides[1] == 1:
            _by_vectors(part, place)
        else:
            _by_loops(part, place)
    return weights


def _by_vectors(blocks: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
    # Compiling these instructions aborts the process where the processor lacks them.
    from pv.kernels.q4k_dequantize import numba_avx2  # noqa: PLC0415 - needs vectors

    step = blocks.strides[0]
    numba_avx2.blocks(blocks.ctypes.data, step, weights.ctypes.data, len(blocks))


def _by_loops(blocks: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
    for flat, place in packed(blocks, weights, 64):
        _dequantize(flat, half_pairs(flat), place)


def half_pairs(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return d and dmin of blocks uint8 (n, 144) as float32 (n, 2); Numba has no f16 on a CPU."""
    return np.ascontiguousarray(flat[:, :4]).view("<f2").astype(np.float32)


@njit
def unpack(
    blocks: NDArray[np.uint8], b: int, scales: NDArray[np.int32], minima: NDArray[np.int32]
) -> None:
    """Fill the eight 6-bit scales and minima of block b.

    Blocks are indexed whole: a view of one block would cost a reference count each.
    """
    six, four = np.int32(63), np.int32(15)
    for j in range(4):
        low, middle = np.int32(blocks[b, 4 + j]), np.int32(blocks[b, 8 + j])
        high = np.int32(blocks[b, 12 + j])
        scales[j], minima[j] = low & six, middle & six
        scales[4 + j] = (high & four) | ((low >> np.int32(6)) << np.int32(4))
        minima[4 + j] = (high >> np.int32(4)) | ((middle >> np.int32(6)) << np.int32(4))


@compiled(types.void(BYTES_2D, FLOATS_2D, types.float32[:, ::1]), nogil=True)
def _dequantize(
    blocks: NDArray[np.uint8], halves: NDArray[np.float32], weights: NDArray[np.float32]
) -> None:
    scales, minima = np.empty(8, np.int32), np.empty(8, np.int32)
    for b in range(blocks.shape[0]):
        unpack(blocks, b, scales, minima)
        for chunk in range(4):
            low_step = halves[b, 0] * np.float32(scales[2 * chunk])
            low_offset = halves[b, 1] * np.float32(minima[2 * chunk])
            high_step = halves[b, 0] * np.float32(scales[2 * chunk + 1])
            high_offset = halves[b, 1] * np.float32(minima[2 * chunk + 1])
            for i in range(32):
                byte = blocks[b, 16 + 32 * chunk + i]
                weights[b, 64 * chunk + i] = low_step * np.float32(byte & 15) - low_offset
                weights[b, 64 * chunk + 32 + i] = high_step * np.float32(byte >> 4) - high_offset
