"""The operations on Q6_K, Q8_0, Q8_1 and Q4_1 as one table, with what ggml calls them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import NamedTuple

import pytest

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order, Rounding
from pv.kernels.processor.numba_compile import has_vectors
from pv.kernels.q4_1_dequantize import case as q4_1_case
from pv.kernels.q4_1_dequantize import numba_cpu as q4_1_numba
from pv.kernels.q4_1_dequantize import reference as q4_1
from pv.kernels.q4_1_q8_1_matvec import case as q4_1_product_case
from pv.kernels.q4_1_q8_1_matvec import numba_cpu as q4_1_product_numba
from pv.kernels.q4_1_q8_1_matvec import numpy_f32 as q4_1_product_numpy
from pv.kernels.q4_1_q8_1_matvec import reference as q4_1_product
from pv.kernels.q4_1_quantize import case as q4_1_quantize_case
from pv.kernels.q4_1_quantize import numba_cpu as q4_1_quantize_numba
from pv.kernels.q4_1_quantize import reference as q4_1_quantize
from pv.kernels.q6k_dequantize import case as q6k_case
from pv.kernels.q6k_dequantize import numba_cpu as q6k_numba
from pv.kernels.q6k_dequantize import reference as q6k
from pv.kernels.q6k_q8k_matvec import case as q6k_product_case
from pv.kernels.q6k_q8k_matvec import numba_cpu as q6k_product_numba
from pv.kernels.q6k_q8k_matvec import numpy_f32 as q6k_product_numpy
from pv.kernels.q6k_q8k_matvec import reference as q6k_product
from pv.kernels.q8_0_dequantize import case as q8_0_case
from pv.kernels.q8_0_dequantize import numba_cpu as q8_0_numba
from pv.kernels.q8_0_dequantize import reference as q8_0
from pv.kernels.q8_0_q8_0_matvec import case as q8_0_product_case
from pv.kernels.q8_0_q8_0_matvec import numba_cpu as q8_0_product_numba
from pv.kernels.q8_0_q8_0_matvec import numpy_f32 as q8_0_product_numpy
from pv.kernels.q8_0_q8_0_matvec import reference as q8_0_product
from pv.kernels.q8_0_quantize import case as q8_0_quantize_case
from pv.kernels.q8_0_quantize import numba_cpu as q8_0_quantize_numba
from pv.kernels.q8_0_quantize import reference as q8_0_quantize
from pv.kernels.q8_1_quantize import numba_cpu as q8_1_quantize_numba
from pv.kernels.q8_1_quantize import reference as q8_1_quantize
from pv.kernels.q8k_quantize.reference import to_bytes

VECTORS = {"vectors": partial(q6k_numba.dequantize, vectors=True)} if has_vectors() else {}
PRODUCT_VECTORS = {"vectors": partial(q6k_product_numba.matvec, vectors=True)}


class Decoder(NamedTuple):
    """Blocks to weights."""

    kind: str
    size: int
    case: ModuleType
    routes: dict[str, Callable]
    halves: tuple[int, ...]
    """Where the f16 fields stand."""


class Encoder(NamedTuple):
    """Values to blocks."""

    kind: str
    case: ModuleType
    routes: dict[str, Callable]
    vectors: bool
    """Which of ggml's two routines."""


class Product(NamedTuple):
    """Blocks times blocks."""

    kinds: str
    size: int
    case: ModuleType
    exact: ModuleType
    routes: dict[str, Callable]

    def stored(self, activation):
        """The activation as ggml stores it."""
        return to_bytes(activation) if self.kinds.endswith("q8_K") else activation


DECODERS = [
    Decoder(
        "q6_K",
        210,
        q6k_case,
        {
            "numpy": q6k.dequantize,
            "loops": partial(q6k_numba.dequantize, vectors=False),
            **VECTORS,
        },
        (208,),
    ),
    Decoder(
        "q8_0", 34, q8_0_case, {"numpy": q8_0.dequantize, "loops": q8_0_numba.dequantize}, (0,)
    ),
    Decoder(
        "q4_1", 20, q4_1_case, {"numpy": q4_1.dequantize, "loops": q4_1_numba.dequantize}, (0, 2)
    ),
]
ENCODERS = [
    *(
        Encoder(
            kind,
            q8_0_quantize_case,
            {
                "numpy": partial(one.quantize, rounding=r),
                "loops": partial(two.quantize, rounding=r),
            },
            r == Rounding.AVX2,
        )
        for kind, one, two in (
            ("q8_0", q8_0_quantize, q8_0_quantize_numba),
            ("q8_1", q8_1_quantize, q8_1_quantize_numba),
        )
        for r in Rounding
    ),
    Encoder(
        "q4_1",
        q4_1_quantize_case,
        {"numpy": q4_1_quantize.quantize, "loops": q4_1_quantize_numba.quantize},
        False,
    ),
]
PRODUCTS = [
    Product(
        "q6_K_q8_K",
        210,
        q6k_product_case,
        q6k_product,
        {
            "numpy": q6k_product_numpy.matvec,
            "loops": partial(q6k_product_numba.matvec, vectors=False),
            "default": q6k_product_numba.matvec,
        },
    ),
    Product(
        "q8_0_q8_0",
        34,
        q8_0_product_case,
        q8_0_product,
        {"numpy": q8_0_product_numpy.matvec, "loops": q8_0_product_numba.matvec},
    ),
    Product(
        "q4_1_q8_1",
        20,
        q4_1_product_case,
        q4_1_product,
        {"numpy": q4_1_product_numpy.matvec, "loops": q4_1_product_numba.matvec},
    ),
]
ROUTES = {"generic": Order.GGML_GENERIC, "avx2": Order.GGML_AVX2}


def name_of(operation):
    match operation:
        case Encoder():
            return f"{operation.kind}-{'avx2' if operation.vectors else 'reference'}"
        case Product():
            return operation.kinds
    return operation.kind


def over(operations):
    """Parametrise over operations and what computes them."""
    return pytest.mark.parametrize(
        ("operation", "route"),
        [
            pytest.param(each, route, id=f"{name_of(each)}-{name}")
            for each in operations
            for name, route in each.routes.items()
        ],
    )


def by_ggml(operation, arguments):
    """What ggml gives: for products by route, else one array of blocks or weights."""
    match operation:
        case Decoder(kind, size):
            return ggml.dequantize(kind, arguments[0].reshape(-1, size))
        case Encoder(kind):
            return ggml.quantize(kind, arguments[0].reshape(-1, 32), vectors=operation.vectors)
        case Product(kinds):
            blocks, activation = arguments
            stored = operation.stored(activation)
            return {route: ggml.dot(blocks, stored, route, kinds) for route in ROUTES}
