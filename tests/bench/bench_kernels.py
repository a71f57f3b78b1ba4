"""Kernels against ggml in one process, one thread, best of n; `make bench` prints the ratios."""

from __future__ import annotations

import ctypes
import sys
import time

import numpy as np
import pytest
from numba import njit

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_dequantize.case import random_blocks
from pv.kernels.q4k_f32_matvec import numba_cpu as path_a_numba
from pv.kernels.q4k_q8k_matvec import case as matvec_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as path_b_numba
from pv.kernels.q4k_q8k_matvec.numpy_f32 import matmat
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k_reference
from tests.kernels.agreement import same_bits

pytestmark = pytest.mark.bench

ROWS, PER_ROW = 3584, 74  # 3584 x 18944 weights, 38.2 MB
COPIES = 3  # read in turn, so that none stays in the last-level cache


@pytest.fixture(scope="module")
def matrices():
    """Equal matrices at different addresses."""
    made = random_blocks("bench", ROWS * PER_ROW).reshape(ROWS, PER_ROW, 144)
    return [made, *(made.copy() for _ in range(COPIES - 1))]


def best(call, matrices, repeats=6):
    """The shortest time of `repeats` calls over rotating matrices, seconds."""
    times = []
    for turn in range(repeats):
        matrix = matrices[turn % len(matrices)]
        start = time.perf_counter()
        call(matrix)
        times.append(time.perf_counter() - start)
    return min(times)


def say(name, seconds, size, ending=""):
    rate = size / seconds / 1e9
    sys.stdout.write(f"\n{name:36} {seconds * 1e3:9.2f} ms {rate:8.2f} GB/s {ending}")


def report(name, seconds, ggml_seconds, size):
    ratio = ggml_seconds / seconds
    say(name, seconds, size, f"{ratio:6.2f} x ggml")
    return ratio


@njit
def _each_row(dot, rows, per_row, places):
    out, matrix, activation = places
    for row in range(rows):
        dot(256 * per_row, out + 4 * row, 0, matrix + 144 * per_row * row, 0, activation, 0, 1)


def ggml_dots(matrix, packed, out):
    """ggml's dot of every row, called from a compiled loop: a Python loop would halve its rate."""
    dot = ggml._cpu()["ggml_vec_dot_q4_K_q8_K"]
    dot.restype = None
    dot.argtypes = [ctypes.c_int, *[ctypes.c_uint64] * 6, ctypes.c_int]
    rows, per_row = matrix.shape[:2]
    _each_row(dot, rows, per_row, tuple(a.ctypes.data for a in (out, matrix, packed)))
    return out


def ggml_product(matrices):
    """Activation, ggml's answer and ggml's time."""
    activation = matvec_case.activation("bench", PER_ROW)
    packed, out = q8k_reference.to_bytes(activation), np.zeros(ROWS, np.float32)
    ggml_dots(matrices[0], packed, out)  # compiles the loop
    seconds = best(lambda m: ggml_dots(m, packed, out), matrices)
    return activation, ggml_dots(matrices[0], packed, out), seconds


def test_reading_is_the_ceiling(matrices):
    seconds = best(lambda m: m.reshape(-1).view(np.uint64).sum(), matrices)
    say("memory read", seconds, matrices[0].nbytes)


def test_ggml_itself(matrices):
    say("q4k_q8k_matvec ggml", ggml_product(matrices)[2], matrices[0].nbytes)


@pytest.mark.parametrize("order", [Order.SEQUENTIAL, Order.GGML_GENERIC, Order.GGML_AVX2])
def test_quantised_product(matrices, order):
    activation, expected, theirs = ggml_product(matrices)
    ours = best(lambda m: path_b_numba.matvec(m, activation, order), matrices)
    if order == Order.GGML_AVX2:
        assert same_bits(expected, path_b_numba.matvec(matrices[0], activation, order)) == ""
    assert report(f"q4k_q8k_matvec numba {order}", ours, theirs, matrices[0].nbytes) > 0.01


def test_float_product(matrices):
    x = np.ones(PER_ROW * 256, np.float32)
    theirs = ggml_product(matrices)[2]
    ours = best(lambda m: path_a_numba.matvec(m, x), matrices, 3)
    assert report("q4k_f32_matvec numba (vs Q8_K dot)", ours, theirs, matrices[0].nbytes) > 0.01


@pytest.mark.parametrize(
    "kernels", [dequantize_numba, dequantize_reference], ids=["numba", "numpy"]
)
def test_dequantise(matrices, kernels, request):
    parts = [m.reshape(-1, 144)[:40000] for m in matrices]
    theirs = best(ggml.dequantize_q4k, parts)
    ours = best(kernels.dequantize, parts)
    assert (
        report(f"q4k_dequantize {request.node.callspec.id}", ours, theirs, parts[0].nbytes) > 0.01
    )


@pytest.mark.parametrize("kernels", [quantize_numba, quantize_reference], ids=["numba", "numpy"])
def test_quantise_weights(kernels, request):
    x = [np.random.default_rng(7).normal(size=(4000, 256)).astype(np.float32)]
    theirs, ours = best(ggml.quantize_q4k, x, 3), best(kernels.quantize, x, 3)
    assert report(f"q4k_quantize {request.node.callspec.id}", ours, theirs, x[0].nbytes) > 0.01


@pytest.mark.parametrize("kernels", [q8k_numba, q8k_reference], ids=["numba", "numpy"])
def test_quantise_activations(kernels, request):
    x = [np.random.default_rng(7).normal(size=(20000, 256)).astype(np.float32)]
    theirs, ours = best(ggml.quantize_q8k, x), best(kernels.quantize_ggml, x)
    assert report(f"q8k_quantize_ggml {request.node.callspec.id}", ours, theirs, x[0].nbytes) > 0.01


def test_batched_product():
    """The product a forward pass is made of: 576 rows, 6 blocks, 120 tokens, in at most 50 ms."""
    blocks = random_blocks("batch", 576 * 6).reshape(576, 6, 144)
    rng = np.random.default_rng(7)
    quants = rng.integers(-127, 128, (120, 6, 256)).astype(np.int8)
    scale = rng.normal(size=(120, 6)).astype(np.float32)
    seconds = best(lambda m: matmat(m, scale, quants), [blocks])
    say("q4k_q8k_matmat numpy, 120 tokens", seconds, blocks.nbytes)
    assert seconds < 0.05


def test_the_oracle_is_the_fast_library():
    """Control: the ratios mean something only if ggml runs its AVX2 route here."""
    features = ctypes.CDLL(str(ggml._folder() / "libggml-cpu.so.0"))
    assert features.ggml_cpu_has_avx2()
    assert features.ggml_cpu_has_fma()
