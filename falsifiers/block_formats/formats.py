"""The formats and products on trial: how a block is laid out, and the kernels that read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.falsifiers.interface import Run
from pv.kernels.cases import Case
from pv.kernels.layout import Q4_1_BYTES, Q6K_BYTES, Q8_0_BYTES, Q8_1_BYTES, Q8K_BYTES
from pv.kernels.q4_1_dequantize import case as q4_1_case
from pv.kernels.q4_1_dequantize import numba_cpu as q4_1_numba
from pv.kernels.q4_1_dequantize import reference as q4_1
from pv.kernels.q4_1_q8_1_matvec import case as q4_1_product_case
from pv.kernels.q4_1_q8_1_matvec import numba_cpu as q4_1_product_numba
from pv.kernels.q4_1_q8_1_matvec import numpy_f32 as q4_1_product
from pv.kernels.q6k_dequantize import case as q6k_case
from pv.kernels.q6k_dequantize import numba_cpu as q6k_numba
from pv.kernels.q6k_dequantize import reference as q6k
from pv.kernels.q6k_q8k_matvec import case as q6k_product_case
from pv.kernels.q6k_q8k_matvec import numba_cpu as q6k_product_numba
from pv.kernels.q6k_q8k_matvec import numpy_f32 as q6k_product
from pv.kernels.q8_0_dequantize import case as q8_0_case
from pv.kernels.q8_0_dequantize import numba_cpu as q8_0_numba
from pv.kernels.q8_0_dequantize import reference as q8_0
from pv.kernels.q8_0_q8_0_matvec import case as q8_0_product_case
from pv.kernels.q8_0_q8_0_matvec import numba_cpu as q8_0_product_numba
from pv.kernels.q8_0_q8_0_matvec import numpy_f32 as q8_0_product

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

T = TypeVar("T")


class Format(NamedTuple):
    """A format of weights."""

    size: int
    """Bytes of a block."""
    halves: tuple[int, ...]
    """Offsets of its f16 fields."""
    blocks: Callable[[str, int], Bytes]
    """Seeded blocks, uint8 (n, size), by a name and a count."""
    cases: Callable[[], list[Case]]
    numpy: Callable[[Bytes], Floats]
    numba: Callable[[Bytes], Floats]


class Product(NamedTuple):
    """A product of weights with a quantised activation."""

    weights: str
    """Name of the format of the weights."""
    size: int
    """Bytes of a block of the activation, as ggml stores it."""
    additions: int
    """Sums that a term passes through, at most, in a block of a row."""
    activation: Callable[[str, int], Any]
    cases: Callable[[], list[Case]]
    numpy: Callable[..., Floats]
    numba: Callable[..., Floats]


FORMATS: dict[str, Format] = {
    "q6_K": Format(
        Q6K_BYTES, (208,), q6k_case.random_blocks, q6k_case.cases, q6k.dequantize,
        q6k_numba.dequantize,
    ),
    "q8_0": Format(
        Q8_0_BYTES, (0,), q8_0_case.random_blocks, q8_0_case.cases, q8_0.dequantize,
        q8_0_numba.dequantize,
    ),
    "q4_1": Format(
        Q4_1_BYTES, (0, 2), q4_1_case.random_blocks, q4_1_case.cases, q4_1.dequantize,
        q4_1_numba.dequantize,
    ),
}  # fmt: skip
PRODUCTS: dict[str, Product] = {
    "q6_K_q8_K": Product(
        "q6_K", Q8K_BYTES, 16, q6k_product_case.activation, q6k_product_case.cases,
        q6k_product.matvec, q6k_product_numba.matvec,
    ),
    "q8_0_q8_0": Product(
        "q8_0", Q8_0_BYTES, 1, q8_0_product_case.activation, q8_0_product_case.cases,
        q8_0_product.matvec, q8_0_product_numba.matvec,
    ),
    "q4_1_q8_1": Product(
        "q4_1", Q8_1_BYTES, 2, q4_1_product_case.activation, q4_1_product_case.cases,
        q4_1_product.matvec, q4_1_product_numba.matvec,
    ),
}  # fmt: skip


def chosen(run: Run, parameter: str, table: Mapping[str, T]) -> tuple[str, T]:
    """Return the name that a parameter gives, and what the table holds under it.

    Raises:
        UsageError: the table has no such name.
    """
    name = str(run.parameter(parameter))
    if name not in table:
        raise UsageError(f"{parameter} is {name!r}, expected one of {', '.join(table)}")
    return name, table[name]
