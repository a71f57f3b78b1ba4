"""Kernels against ggml in one process, one thread, best of n; `make bench` prints the ratios."""

from __future__ import annotations

import ctypes
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numba import njit

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order
from pv.kernels.processor.numba_compile import has_vectors
from pv.kernels.q4k_dequantize import numba_cpu as dequantize_numba
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_dequantize.case import random_blocks
from pv.kernels.q4k_f32_matvec import numba_cpu as path_a_numba
from pv.kernels.q4k_q8k_matvec import case as matvec_case
from pv.kernels.q4k_q8k_matvec import numba_cpu as path_b_numba
from pv.kernels.q4k_q8k_matvec.numpy_f32 import matmat
from pv.kernels.q4k_quantize import numba_cpu as quantize_numba
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q6k_dequantize import case as q6k_case
from pv.kernels.q6k_dequantize import numba_cpu as q6k
from pv.kernels.q6k_q8k_matvec import numba_cpu as q6k_product
from pv.kernels.q8k_quantize import numba_cpu as q8k_numba
from pv.kernels.q8k_quantize import reference as q8k_reference
from tests.kernels.agreement import same_bits
from tests.kernels.block_formats import DECODERS, PRODUCTS, ROUTES

pytestmark = pytest.mark.bench

SHAPES = [(3584, 74), (18944, 14)]
"""Rows x blocks a row: 3584 x 18944 and 18944 x 3584 weights, 38 MB each."""
COPIES = 6  # 229 MB read in turn, so that nothing stays in the last-level cache
shapes = pytest.mark.parametrize(
    "matrices", SHAPES, ids=["3584x18944", "18944x3584"], indirect=True
)


@pytest.fixture(scope="module")
def matrices(request):
    """Equal matrices at different addresses."""
    rows, per_row = getattr(request, "param", SHAPES[0])
    made = random_blocks("bench", rows * per_row).reshape(rows, per_row, 144)
    return [made, *(made.copy() for _ in range(COPIES - 1))]


def best(*calls, matrices, repeats=12, clock=time.thread_time):
    """The shortest time of `repeats` runs of each call, by turns, over rotating matrices, seconds.

    By turns, because a neighbour who takes the memory for a second would else take it from one;
    in time of this thread, because a neighbour who takes the core is no property of a kernel.
    """
    times = [[] for _ in calls]
    for turn in range(repeats):
        for place, call in enumerate(calls):
            matrix = matrices[(turn * len(calls) + place) % len(matrices)]
            start = clock()
            call(matrix)
            times[place].append(clock() - start)
    shortest = [min(each) for each in times]
    return shortest if len(calls) > 1 else shortest[0]


def say(name, seconds, size, ending=""):
    rate = size / seconds / 1e9
    sys.stdout.write(f"\n{name:36} {seconds * 1e3:9.2f} ms {rate:8.2f} GB/s {ending}")


def report(name, seconds, ggml_seconds, size):
    ratio = ggml_seconds / seconds
    say(name, seconds, size, f"{ratio:6.2f} x ggml")
    return ratio


@njit(nogil=True)
def _each_row(dot, rows, per_row, block_bytes, places):
    out, matrix, activation = places
    step = block_bytes * per_row
    for row in range(rows):
        dot(256 * per_row, out + 4 * row, 0, matrix + step * row, 0, activation, 0, 1)


def ggml_dots(matrix, packed, out, name="ggml_vec_dot_q4_K_q8_K"):
    """ggml's dot of every row, called from a compiled loop: a Python loop would halve its rate."""
    dot = ggml._cpu()[name]
    dot.restype = None
    dot.argtypes = [ctypes.c_int, *[ctypes.c_uint64] * 6, ctypes.c_int]
    rows, per_row, size = matrix.shape
    _each_row(dot, rows, per_row, size, tuple(a.ctypes.data for a in (out, matrix, packed)))
    return out


def halves(matrix):
    """The two halves of the rows, views."""
    middle = len(matrix) // 2
    return matrix[:middle], matrix[middle:]


def ggml_product(matrices):
    """Activation, its bytes and a call of ggml, compiled."""
    rows, per_row = matrices[0].shape[:2]
    activation = matvec_case.activation("bench", per_row)
    packed, out = q8k_reference.to_bytes(activation), np.zeros(rows, np.float32)
    ggml_dots(matrices[0], packed, out)  # compiles the loop
    return activation, packed, lambda m: ggml_dots(m, packed, out)


def test_reading_is_the_ceiling(matrices):
    seconds = best(lambda m: m.reshape(-1).view(np.uint64).sum(), matrices=matrices)
    say("memory read", seconds, matrices[0].nbytes)


@shapes
@pytest.mark.skipif(not has_vectors(), reason="this processor lacks AVX2, FMA or F16C")
def test_quantised_product_by_vectors(matrices):
    """One thread, the same bits, at least 0.9 of ggml's rate."""
    activation, _, ggmls = ggml_product(matrices)
    ours = lambda m: path_b_numba.matvec(m, activation, Order.GGML_AVX2, vectors=True)  # noqa: E731  # one line
    assert same_bits(ggmls(matrices[0]), ours(matrices[0])) == ""
    theirs, seconds = best(ggmls, ours, matrices=matrices, repeats=24)
    say("q4k_q8k_matvec ggml", theirs, matrices[0].nbytes)
    assert report("q4k_q8k_matvec numba vectors", seconds, theirs, matrices[0].nbytes) >= 0.9


@shapes
@pytest.mark.skipif(not has_vectors(), reason="this processor lacks AVX2, FMA or F16C")
def test_quantised_product_by_two_threads(matrices):
    """Reported, not judged: the second core belongs to whoever comes first."""
    activation, packed, _ = ggml_product(matrices)
    with ThreadPoolExecutor(2) as pool:

        def ours(part):
            return path_b_numba.matvec(part, activation, Order.GGML_AVX2)

        def ggmls(part):
            return ggml_dots(part, packed, np.empty(len(part), np.float32))

        calls = [lambda m, f=f: list(pool.map(f, halves(m))) for f in (ggmls, ours)]
        theirs, seconds = best(*calls, matrices=matrices, repeats=24, clock=time.perf_counter)
    say("q4k_q8k_matvec ggml, 2 threads", theirs, matrices[0].nbytes)
    report("q4k_q8k_matvec vectors, 2 threads", seconds, theirs, matrices[0].nbytes)


@pytest.mark.parametrize("order", [Order.SEQUENTIAL, Order.GGML_GENERIC, Order.GGML_AVX2])
def test_quantised_product_by_loops(matrices, order):
    activation, _, ggmls = ggml_product(matrices)
    ours = lambda m: path_b_numba.matvec(m, activation, order, vectors=False)  # noqa: E731  # one line
    theirs, seconds = best(ggmls, ours, matrices=matrices, repeats=6)
    assert report(f"q4k_q8k_matvec loops {order}", seconds, theirs, matrices[0].nbytes) > 0.01


def test_float_product(matrices):
    x = np.ones(matrices[0].shape[1] * 256, np.float32)
    ggmls = ggml_product(matrices)[2]
    theirs, ours = best(ggmls, lambda m: path_a_numba.matvec(m, x), matrices=matrices, repeats=3)
    assert report("q4k_f32_matvec numba (vs Q8_K dot)", ours, theirs, matrices[0].nbytes) > 0.01


@shapes
@pytest.mark.parametrize("reused", [True, False], ids=["into one buffer", "into new memory"])
def test_dequantise(matrices, reused):
    """One thread, the whole matrix, at least 0.95 of ggml's rate."""
    parts = [m.reshape(-1, 144) for m in matrices]
    out = np.zeros((len(parts[0]), 256), np.float32)
    ggmls = lambda m: ggml.dequantize_q4k(m, out if reused else None)  # noqa: E731  # one line
    ours = lambda m: dequantize_numba.dequantize(m, out if reused else None)  # noqa: E731  # one line
    theirs, seconds = best(ggmls, ours, matrices=parts, repeats=24)
    where = "reused" if reused else "new"
    say(f"q4k_dequantize ggml, {where}", theirs, parts[0].nbytes)
    assert report(f"q4k_dequantize numba, {where}", seconds, theirs, parts[0].nbytes) >= 0.95


def test_dequantise_by_loops_and_by_numpy(matrices):
    parts = [m.reshape(-1, 144)[:40000] for m in matrices]
    loops = lambda m: dequantize_numba.dequantize(m, vectors=False)  # noqa: E731  # one line
    calls = ggml.dequantize_q4k, loops, dequantize_reference.dequantize
    theirs, *ours = best(*calls, matrices=parts, repeats=6)
    for name, seconds in zip(("loops", "numpy"), ours, strict=True):
        assert report(f"q4k_dequantize {name}", seconds, theirs, parts[0].nbytes) > 0.01


@pytest.mark.parametrize("kernels", [quantize_numba, quantize_reference], ids=["numba", "numpy"])
def test_quantise_weights(kernels, request):
    x = [np.random.default_rng(7).normal(size=(4000, 256)).astype(np.float32)]
    theirs, ours = best(ggml.quantize_q4k, kernels.quantize, matrices=x, repeats=3)
    assert report(f"q4k_quantize {request.node.callspec.id}", ours, theirs, x[0].nbytes) > 0.01


@pytest.mark.parametrize("kernels", [q8k_numba, q8k_reference], ids=["numba", "numpy"])
def test_quantise_activations(kernels, request):
    x = [np.random.default_rng(7).normal(size=(20000, 256)).astype(np.float32)]
    theirs, ours = best(ggml.quantize_q8k, kernels.quantize_ggml, matrices=x)
    assert report(f"q8k_quantize_ggml {request.node.callspec.id}", ours, theirs, x[0].nbytes) > 0.01


def test_batched_product():
    """The product a forward pass is made of: 576 rows, 6 blocks, 120 tokens, in at most 50 ms."""
    blocks = random_blocks("batch", 576 * 6).reshape(576, 6, 144)
    rng = np.random.default_rng(7)
    quants = rng.integers(-127, 128, (120, 6, 256)).astype(np.int8)
    scale = rng.normal(size=(120, 6)).astype(np.float32)
    seconds = best(lambda m: matmat(m, scale, quants), matrices=[blocks])
    say("q4k_q8k_matmat numpy, 120 tokens", seconds, blocks.nbytes)
    assert seconds < 0.05


@shapes
@pytest.mark.skipif(not has_vectors(), reason="this processor lacks AVX2, FMA or F16C")
def test_q6k_by_vectors(matrices):
    """The other half of a standard model's ffn_down: product and weights, one thread."""
    rows, per_row = matrices[0].shape[:2]
    made = q6k_case.random_blocks("bench", rows * per_row).reshape(rows, per_row, 210)
    copies = [made, made.copy(), made.copy(), made.copy()]
    activation = matvec_case.activation("bench", per_row)
    packed, out = q8k_reference.to_bytes(activation), np.zeros(rows, np.float32)
    ggmls = lambda m: ggml_dots(m, packed, out, "ggml_vec_dot_q6_K_q8_K")  # noqa: E731  # one line
    ours = lambda m: q6k_product.matvec(m, activation, vectors=True)  # noqa: E731  # one line
    assert same_bits(ggmls(made), ours(made)) == ""
    theirs, seconds = best(ggmls, ours, matrices=copies, repeats=24)
    say("q6k_q8k_matvec ggml", theirs, made.nbytes)
    assert report("q6k_q8k_matvec numba vectors", seconds, theirs, made.nbytes) >= 0.9
    weights = np.zeros((rows * per_row, 256), np.float32)
    parts = [m.reshape(-1, 210) for m in copies]
    calls = lambda m: ggml.dequantize("q6_K", m, weights), lambda m: q6k.dequantize(m, weights)
    theirs, seconds = best(*calls, matrices=parts, repeats=6)
    say("q6k_dequantize ggml, reused", theirs, made.nbytes)
    assert report("q6k_dequantize numba, reused", seconds, theirs, made.nbytes) >= 0.95


@pytest.mark.parametrize("operation", PRODUCTS[1:], ids=lambda each: each.kinds)
def test_products_of_short_blocks(operation):
    """Compiled loops in both orders, against ggml's vector routine."""
    decoder = next(each for each in DECODERS if operation.kinds.startswith(each.kind))
    made = decoder.case.random_blocks("bench", 3584 * 592).reshape(3584, 592, operation.size)
    activation = operation.case.activation("bench", 592)
    ours = operation.routes["loops"]
    calls = (
        lambda m: ggml.dot(m, activation, "avx2", operation.kinds),
        *(lambda m, o=order: ours(m, activation, o) for order in ROUTES.values()),
    )
    theirs, *seconds = best(*calls, matrices=[made, made.copy()], repeats=6)
    say(f"{operation.kinds} ggml", theirs, made.nbytes)
    for route, each in zip(ROUTES, seconds, strict=True):
        assert report(f"{operation.kinds} loops, {route}", each, theirs, made.nbytes) > 0.05


def test_the_oracle_is_the_fast_library():
    """Control: the ratios mean something only if ggml runs its AVX2 route here."""
    features = ctypes.CDLL(str(ggml._folder() / "libggml-cpu.so.0"))
    assert features.ggml_cpu_has_avx2()
    assert features.ggml_cpu_has_fma()
