"""Quantised matrix times quantised vectors, compiled where the processor has vector instructions.

Elsewhere the NumPy form runs, which gives the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.block_matmat.checks import require_operands
from pv.kernels.block_matmat.numpy_f32 import matmat as plain
from pv.kernels.layout import Activations, Stored
from pv.kernels.processor.numba_compile import takes_vectors

_BYTES_A_THREAD = 1 << 19
"""Weights times tiles of vectors below which another thread costs more than it brings."""

_Share = Callable[[int, int], None]


class Matrix:
    """A matrix for many products, where the processor has vector instructions.

    It holds its blocks, uint8 (rows, nb, bytes), and copies none that are in C order.
    """

    def __init__(self, kind: Stored, blocks: NDArray[np.uint8]) -> None:
        # Compiling these instructions aborts the process where the processor lacks them.
        from pv.kernels.block_matmat import numba_avx2  # noqa: PLC0415 - needs vectors

        self.kind = kind
        self.blocks = np.ascontiguousarray(blocks)
        self.rows, self.per_row = blocks.shape[:2]
        self._tile = numba_avx2.TILE
        self._kernel = numba_avx2.kernel
        self._at = (self.blocks.ctypes.data, self.blocks.strides[0], self.per_row)

    def times(self, given: Activations, threads: int = 1) -> NDArray[np.float32]:
        """Return float32 (tokens, rows); the activations must be those of `require_operands`."""
        tokens = len(given.scale)
        width = 1 if tokens == 1 else self._tile
        parts = [_padded(part, width) for part in given]
        out = np.empty((len(parts[0]), self.rows), np.float32)
        if not out.size:
            return out[:tokens]
        work = self._kernel(self.kind, width)
        shares = min(threads, self.rows, self.blocks.nbytes * len(out) // width // _BYTES_A_THREAD)
        if shares < 2:
            work(*self._at, (0, self.rows), *parts, out)
        else:
            _in_shares(lambda *rows: work(*self._at, rows, *parts, out), self.rows, shares)
        return out[:tokens]


def matmat(
    kind: Stored,
    blocks: NDArray[np.uint8],
    activations: Activations,
    *,
    threads: int = 1,
    vectors: bool | None = None,
) -> NDArray[np.float32]:
    """Multiply a matrix, uint8 (rows, nb, bytes), with vectors; float32 (tokens, rows).

    The weights are read where they are, read-only, mapped or unaligned, in C order. Rows are shared
    by up to `threads` threads; no bit depends on their number, nor on the other vectors.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
        MissingError: vectors are asked for and the processor has none.
    """
    require_operands(kind, blocks, activations)
    if not takes_vectors("block_matmat", vectors):
        return plain(kind, blocks, activations)
    return Matrix(kind, blocks).times(activations, threads)


def _in_shares(share: _Share, rows: int, shares: int) -> None:
    """Compute all rows, in so many threads, this one among them."""
    bounds = [rows * k // shares for k in range(shares + 1)]
    others = [_pool(shares).submit(share, *pair) for pair in pairwise(bounds[1:])]
    share(*bounds[:2])
    for other in others:
        other.result()


def _padded(part: NDArray[Any], width: int) -> NDArray[Any]:
    """Return vectors in C order, with empty ones behind them up to a multiple of `width`."""
    missing = -len(part) % width
    if not missing and part.flags.c_contiguous and part.flags.aligned:
        return part
    return np.concatenate([part, np.zeros((missing, *part.shape[1:]), part.dtype)])


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads - 1, thread_name_prefix="block-matmat")
