"""Wrong shapes, dtypes and values are refused with what was found and what is expected."""

from __future__ import annotations

import numpy as np
import pytest

from pv.errors import BadInputError
from pv.kernels.layout import Q8K
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_f32_matvec import numba_cpu as path_a_numba
from pv.kernels.q4k_f32_matvec import reference as path_a
from pv.kernels.q4k_q8k_matvec import numba_cpu as path_b_numba
from pv.kernels.q4k_q8k_matvec import reference as path_b
from pv.kernels.q4k_q8k_matvec.numpy_f32 import matmat
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope.reference import rope
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu.reference import swiglu

F = np.float32
U = np.uint8
MATRIX = np.zeros((2, 1, 144), U)
VECTOR = Q8K(np.ones(1, F), np.ones((1, 256), np.int8), np.full((1, 16), 16, np.int16))
HEADS = np.zeros((2, 1, 4))


def refused(*texts):
    return pytest.raises(BadInputError, match=".*".join(texts))


@pytest.mark.parametrize("kernels", [dequantize_reference, dequantize_numba])
def test_dequantise_refuses(kernels):
    with refused(r"q4_k blocks: found shape \(3, 143\)", r"expected \(\.\.\., 144\)"):
        kernels.dequantize(np.zeros((3, 143), U))
    with refused("found dtype int8", "expected uint8"):
        kernels.dequantize(np.zeros((3, 144), np.int8))
    with refused("found dtype list"):
        kernels.dequantize([0] * 144)


@pytest.mark.parametrize(
    "quantize",
    [quantize_reference.quantize, quantize_numba.quantize, q8k.quantize_ggml, q8k.quantize_rust,
     q8k_numba.quantize_ggml, q8k_numba.quantize_rust],
)  # fmt: skip
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_quantisers_refuse_what_is_not_finite(quantize, bad):
    x = np.zeros((2, 256), F)
    x[1, 7] = bad
    with refused(rf"element \[1, 7\] is {bad}", "expected finite", "1 of 512"):
        quantize(x)
    with refused("found dtype float64", "expected float32"):
        quantize(np.zeros(256))
    with refused(r"found shape \(2, 255\)"):
        quantize(np.zeros((2, 255), F))


@pytest.mark.parametrize("kernels", [path_a, path_a_numba])
def test_the_float_product_refuses(kernels):
    with refused(r"vector: found shape \(255,\)", r"expected \(256,\)"):
        kernels.matvec(MATRIX, np.zeros(255, F))
    with refused(r"q4_k matrix: found shape \(2, 144\)", r"expected \(n, n, 144\)"):
        kernels.matvec(MATRIX[:, 0], np.zeros(256, F))
    with refused("vector: found shape"):
        kernels.matvec(np.zeros((2, 0, 144), U), np.zeros(0, F))


@pytest.mark.parametrize("kernels", [path_b, path_b_numba])
def test_the_integer_product_refuses(kernels):
    with refused("order: found 'fastest'", "expected one of sequential"):
        kernels.matvec(MATRIX, VECTOR, "fastest")
    with refused(r"q8_k scale: found shape \(1,\)", r"expected \(2,\)"):
        kernels.matvec(np.zeros((1, 2, 144), U), VECTOR)
    with refused("q8_k quants: found dtype uint8"):
        kernels.matvec(MATRIX, VECTOR._replace(quants=VECTOR.quants.view(U)))
    with refused("q8_k scale: found shape"):
        kernels.matvec(np.zeros((2, 0, 144), U), Q8K(*(part[:0] for part in VECTOR)))


def test_the_batched_product_refuses():
    scale, quants = np.ones((3, 1), F), np.ones((3, 1, 256), np.int8)
    with refused(r"q8_k quants: found shape \(2, 1, 256\)", r"expected \(3, 1, 256\)"):
        matmat(MATRIX, scale, quants[:2])
    with refused("q8_k scale: found dtype float64"):
        matmat(MATRIX, scale.astype(float), quants)


def test_laying_out_refuses_parts_that_do_not_belong_together():
    with refused(r"q8_k bsums: found shape \(1, 15\)", r"expected \(1, 16\)"):
        q8k.to_bytes(VECTOR._replace(bsums=VECTOR.bsums[:, :15]))


@pytest.mark.parametrize(
    ("call", "texts"),
    [
        (lambda: rms_norm(np.zeros(3), np.zeros(4), 0), (r"weight: found shape \(4,\)", r"\(3,\)")),
        (lambda: rms_norm(np.zeros(3), np.zeros(3, F), 0), ("weight: found dtype float32",)),
        (lambda: rms_norm(np.zeros(3), np.zeros(3), -1.0), ("eps: found -1.0",)),
        (lambda: rms_norm(np.zeros(3), np.zeros(3), float("nan")), ("eps: found nan",)),
        (lambda: softmax(np.zeros((2, 0))), (r"x: found shape \(2, 0\)", "n >= 1")),
        (lambda: softmax(np.zeros(3, int)), ("x: found dtype int64", "float32 or float64")),
        (lambda: swiglu(np.zeros(3), np.zeros(4)), (r"up: found shape \(4,\)",)),
        (
            lambda: rope(np.zeros((2, 1, 3)), np.arange(2), 1e4),
            (r"found shape \(2, 1, 3\)", "even"),
        ),
        (lambda: rope(HEADS, np.arange(3), 1e4), (r"positions: found int64 \(3,\)", r"\(2,\)")),
        (lambda: rope(HEADS, np.zeros(2), 1e4), ("positions: found float64",)),
        (lambda: rope(HEADS, np.arange(2), 0.0), ("base: found 0.0",)),
        (lambda: rope(HEADS, np.arange(2), 1e4, "gptj"), ("pairing: found 'gptj'", "norm, neox")),
    ],
)
def test_plain_operations_refuse(call, texts):
    with refused(*texts):
        call()
