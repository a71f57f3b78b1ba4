"""Calls of a C routine for every row of a matrix, from a compiled loop.

A loop of Python's would be measured with the routine: it takes as long as a row.
"""

from __future__ import annotations

import ctypes
from typing import Any

from numba import njit
from numpy.typing import NDArray


@njit  # type: ignore[untyped-decorator]  # numba has no types
def _each_row(dot: Any, values: int, row_bytes: int, rows: int, places: Any) -> None:
    out, matrix, activation = places
    for row in range(rows):
        dot(values, out + 4 * row, 0, matrix + row_bytes * row, 0, activation, 0, 1)


def dots(
    function: Any, values: int, matrix: NDArray[Any], activation: NDArray[Any], out: NDArray[Any]
) -> None:
    """Call ggml's dot product for every row of a contiguous matrix, uint8 (rows, nb, bytes).

    `values` is the length of a row in values, `out` float32 (rows,).
    """
    function.restype = None
    function.argtypes = [ctypes.c_int, *[ctypes.c_uint64] * 6, ctypes.c_int]
    rows, row_bytes = len(matrix), matrix[0].nbytes
    places = tuple(part.ctypes.data for part in (out, matrix, activation))
    _each_row(function, values, row_bytes, rows, places)
