"""Checks of the arrays a kernel is given.

The functions return nothing: no value passes through code that a reference and its rival share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from pv.errors import BadInputError


def require_array(
    name: str, array: NDArray[Any], dtype: DTypeLike, shape: tuple[int | None, ...]
) -> None:
    """Require an array of `dtype` and exactly `shape`; None stands for any length.

    Raises:
        BadInputError: naming what was found and what is expected.
    """
    _require_dtype(name, array, dtype)
    found = array.shape
    if len(found) == len(shape):  # a loop of its own: kernels of a microsecond ask this each time
        for one, wanted in zip(found, shape, strict=True):
            if wanted is not None and one != wanted:
                break
        else:
            return
    raise _shape_error(name, array, _shape_text(shape))


def require_rows(name: str, array: NDArray[Any], dtype: DTypeLike, length: int) -> None:
    """Require an array of `dtype` whose last axis has `length` elements, leading axes free.

    Raises:
        BadInputError: naming what was found and what is expected.
    """
    _require_dtype(name, array, dtype)
    if array.ndim < 1 or array.shape[-1] != length:
        raise _shape_error(name, array, f"(..., {length})")


def require_output(
    name: str, array: NDArray[Any], dtype: DTypeLike, shape: tuple[int, ...]
) -> None:
    """Require a writable, aligned, C-contiguous array of `dtype` and exactly `shape`.

    Raises:
        BadInputError: naming what was found and what is expected.
    """
    require_array(name, array, dtype, shape)
    if not (array.flags.writeable and array.flags.c_contiguous and array.flags.aligned):
        raise BadInputError(
            f"{name}: found an array that is read-only, strided or unaligned, "
            "expected a writable one in C order",
            advice="leave the output away, or make it by numpy.empty",
        )


def require_float(name: str, array: NDArray[Any]) -> None:
    """Require a float32 or float64 array with at least one axis and a non-empty last one.

    Raises:
        BadInputError: naming what was found and what is expected.
    """
    if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
        raise _dtype_error(name, array, "float32 or float64")
    if array.ndim < 1 or array.shape[-1] == 0:
        raise _shape_error(name, array, "(..., n) with n >= 1")


def require_finite(name: str, array: NDArray[Any]) -> None:
    """Require that no element is NaN or infinite.

    Raises:
        BadInputError: naming the first bad element and its place.
    """
    finite = np.isfinite(array)
    if finite.all():
        return
    place = np.unravel_index(int(np.argmin(finite)), array.shape)
    raise BadInputError(
        f"{name}: element {[int(axis) for axis in place]} is {array[place]}, "
        f"expected finite values ({int((~finite).sum())} of {array.size} are not)",
        advice="find where the value became non-finite; a quantised block cannot hold it",
    )


def _require_dtype(name: str, array: NDArray[Any], dtype: DTypeLike) -> None:
    if not isinstance(array, np.ndarray) or array.dtype != dtype:
        raise _dtype_error(name, array, np.dtype(dtype).name)


def _dtype_error(name: str, array: object, expected: str) -> BadInputError:
    found = array.dtype.name if isinstance(array, np.ndarray) else type(array).__name__
    return BadInputError(
        f"{name}: found dtype {found}, expected {expected}",
        advice="convert before the call; a kernel never converts in silence",
    )


def _shape_error(name: str, array: NDArray[Any], expected: str) -> BadInputError:
    return BadInputError(
        f"{name}: found shape {_shape_text(array.shape)}, expected {expected}",
        advice="check the tensor's dimensions and the block size",
    )


def _shape_text(shape: tuple[int | None, ...]) -> str:
    inner = ", ".join("n" if length is None else str(length) for length in shape)
    return f"({inner},)" if len(shape) == 1 else f"({inner})"
