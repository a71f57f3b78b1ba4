"""Q6_K blocks to float32, compiled, bit for bit what ggml gives."""

from __future__ import annotations

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_output, require_rows
from pv.kernels.layout import BLOCK_VALUES, Q6K_BYTES, Q6K_D_AT
from pv.kernels.processor.numba_compile import compiled, takes_vectors
from pv.kernels.processor.views import matching_rows, packed

BYTES_2D = types.Array(types.uint8, 2, "C", readonly=True)
FLOATS_1D = types.Array(types.float32, 1, "C", readonly=True)


def dequantize(
    blocks: NDArray[np.uint8],
    out: NDArray[np.float32] | None = None,
    *,
    vectors: bool | None = None,
) -> NDArray[np.float32]:
    """Turn Q6_K blocks, uint8 (..., 210), into their weights, float32 (..., 256).

    `out` takes the weights where it is given: writable, C-contiguous, of that shape. Blocks are
    read where they are, read-only, mapped, unaligned or strided; only loops over a strided view
    pack it, a few at a time. `vectors` chooses between vector instructions and loops, which give
    the same bits; by default the processor decides.

    Raises:
        BadInputError: not uint8, the last axis is not 210, or `out` does not fit.
        MissingError: vectors are asked for and the processor has none.
    """
    require_rows("q6_k blocks", blocks, np.uint8, Q6K_BYTES)
    shape = (*blocks.shape[:-1], BLOCK_VALUES)
    weights = np.empty(shape, dtype=np.float32) if out is None else out
    require_output("weights", weights, np.float32, shape)
    use = takes_vectors("q6k_dequantize", vectors)
    for part, place in matching_rows(blocks, weights):
        if use and part.strides[1] == 1:
            _by_vectors(part, place)
        else:
            _by_loops(part, place)
    return weights


def _by_vectors(blocks: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
    # Compiling these instructions aborts the process where the processor lacks them.
    from pv.kernels.q6k_dequantize import numba_avx2  # noqa: PLC0415 - needs vectors

    step = blocks.strides[0]
    numba_avx2.blocks(blocks.ctypes.data, step, weights.ctypes.data, len(blocks))


def _by_loops(blocks: NDArray[np.uint8], weights: NDArray[np.float32]) -> None:
    for flat, place in packed(blocks, weights, 64):
        _dequantize(flat, halves(flat), place)


def halves(flat: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return d of blocks uint8 (n, 210) as float32 (n,); Numba has no f16 on a CPU."""
    return np.ascontiguousarray(flat[:, Q6K_D_AT:]).view("<f2")[:, 0].astype(np.float32)


@njit
def unpack(blocks: NDArray[np.uint8], b: int, quants: NDArray[np.int32]) -> None:
    """Fill the 256 quants of block b before 32 is taken off, 0 to 63, int32 (256,)."""
    nibble, pair = np.int32(15), np.int32(48)
    for half in range(2):
        for i in range(32):
            first = np.int32(blocks[b, 64 * half + i])
            second = np.int32(blocks[b, 64 * half + 32 + i])
            high = np.int32(blocks[b, 128 + 32 * half + i])
            place = 128 * half + i
            quants[place] = (first & nibble) | ((high << np.int32(4)) & pair)
            quants[place + 32] = (second & nibble) | ((high << np.int32(2)) & pair)
            quants[place + 64] = (first >> np.int32(4)) | (high & pair)
            quants[place + 96] = (second >> np.int32(4)) | ((high >> np.int32(2)) & pair)


@compiled(types.void(BYTES_2D, FLOATS_1D, types.float32[:, ::1]), nogil=True)
def _dequantize(
    blocks: NDArray[np.uint8], scale: NDArray[np.float32], weights: NDArray[np.float32]
) -> None:
    quants = np.empty(256, np.int32)
    for b in range(blocks.shape[0]):
        unpack(blocks, b, quants)
        for group in range(16):
            step = scale[b] * np.float32(np.int8(blocks[b, 192 + group]))
            for k in range(16):
                i = 16 * group + k
                weights[b, i] = step * np.float32(quants[i] - np.int32(32))
