"""How fast kernels walk over arrays without copying them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

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
