"""How fast kernels walk over arrays without copying them whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray


def matching_rows(
    source: NDArray[Any], out: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield two-dimensional views that together are `source` and the `out` of its shape.

    Nothing is copied: leading axes that do not fold into one are gone through one by one.
    """
    if source.ndim == 2:
        yield source, out
    elif source.flags.c_contiguous:
        yield source.reshape(-1, source.shape[-1]), out.reshape(-1, out.shape[-1])
    elif source.ndim == 1:
        yield source[None], out[None]
    else:
        for part, place in zip(source, out, strict=True):
            yield from matching_rows(part, place)


def packed(
    source: NDArray[Any], out: NDArray[Any], at_once: int
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield parts of `source` in C order with their places in `out`, along the first axis.

    A source in C order is one part and not copied; a strided one is packed `at_once` at a time.
    """
    step = max(len(source), 1) if source.flags.c_contiguous else at_once
    for first in range(0, len(source), step):
        yield np.ascontiguousarray(source[first : first + step]), out[first : first + step]


def packed_blocks(
    source: NDArray[Any], out: NDArray[Any]
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield blocks (n, bytes) in C order with their rows of `out`; few are packed at a time."""
    for part, place in matching_rows(source, out):
        yield from packed(part, place, 64)
