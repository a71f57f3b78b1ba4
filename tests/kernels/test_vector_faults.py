"""Planted faults in the vector code itself: it is compiled with one word changed, and is caught."""

from __future__ import annotations

import numpy as np
import pytest
from llvmlite import ir
from numba import njit

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.processor.numba_compile import has_vectors
from pv.kernels.q4k_dequantize import case as q4k_case
from pv.kernels.q4k_q8k_matvec import case as q4k_product_case
from pv.kernels.q6k_dequantize import case as q6k_case
from pv.kernels.q6k_q8k_matvec import case as q6k_product_case
from pv.kernels.q8k_quantize.reference import to_bytes
from tests.kernels.agreement import same_bits

pytestmark = pytest.mark.skipif(not has_vectors(), reason="this processor lacks AVX2, FMA or F16C")


def modules():
    """Imported late: where they cannot be compiled, they abort the process."""
    from pv.kernels.processor.numba_vectors import Emitter
    from pv.kernels.q4k_dequantize import numba_avx2 as q4k
    from pv.kernels.q4k_q8k_matvec import numba_avx2 as q4k_product
    from pv.kernels.q6k_dequantize import numba_avx2 as q6k
    from pv.kernels.q6k_q8k_matvec import numba_avx2 as q6k_product

    return {
        "emitter": Emitter,
        "q4k": (q4k, q4k.blocks, q4k_case, "q4_K", 144),
        "q6k": (q6k, q6k.blocks, q6k_case, "q6_K", 210),
        "q4k_product": (q4k_product, q4k_product.rows, q4k_product_case, "q4_K_q8_K", 8),
        "q6k_product": (q6k_product, q6k_product.rows, q6k_product_case, "q6_K_q8_K", 16),
    }


def compiled_anew(kernel):
    """Compile what the kernel was made of, as its module stands now; nothing of it is kept."""
    (signature,) = kernel.nopython_signatures
    made = njit(nogil=True)(kernel.py_func)
    made.compile(signature.args)
    return made


def alarms(name, kernel):
    """Run a kernel of addresses over the cases of its operation, and compare with ggml."""
    _, _, case, kind, size = modules()[name]
    for each in case.cases():
        if name.endswith("product"):
            blocks, activation = each.arguments
            nb = blocks.shape[1]
            sums = activation.quants.reshape(nb, size, -1).sum(axis=-1, dtype=np.int16)
            out = np.empty(len(blocks), np.float32)
            given = roomy(blocks), *map(roomy, (*activation[:2], sums))
            first, *places = (part.ctypes.data for part in given)
            kernel(first, *given[0].strides[:2], *places, nb, out)
            expected = ggml.dot(blocks, to_bytes(activation), "avx2", kind)
        else:
            blocks = np.ascontiguousarray(each.arguments[0]).reshape(-1, size)
            out = np.empty((len(blocks), 256), np.float32)
            kernel(blocks.ctypes.data, size, out.ctypes.data, len(blocks))
            expected = ggml.dequantize(kind, blocks)
        yield same_bits(expected, out)


def roomy(array):
    """A copy with as much room behind it again: a wrong step reads what is there, and only that."""
    room = np.zeros((2 * len(array) + 2, *array.shape[1:]), array.dtype)
    room[: len(array)] = array
    return room[: len(array)]


def swapped(right):
    return lambda *given: right(*given)[::-1]


def other_quarter(right):
    return lambda emit, low, high, quarter: right(emit, low, high, quarter ^ 1)


def no_offset(right):
    def quants(emit, low, high, quarter):
        return emit.builder.add(right(emit, low, high, quarter), emit.splat(1, low.type))

    return quants


def apart(right):
    def fma(emit, a, b, c):
        return emit.builder.fadd(emit.builder.fmul(a, b), c)

    return fma


def other_fold(right):
    def fold(emit, lanes):
        parts = [emit.builder.extract_element(lanes, ir.IntType(32)(i)) for i in range(4)]
        add = emit.builder.fadd
        return add(add(parts[0], parts[1]), add(parts[2], parts[3]))

    return fold


def next_half(right):
    return lambda emit, base, offset: right(emit, base, offset ^ 2)


FAULTS = [
    ("q4k", "module", "_six_bits", swapped),
    ("q4k", "emitter", "half", next_half),
    ("q4k_product", "emitter", "half", next_half),
    ("q4k_product", "emitter", "fma", apart),
    ("q4k_product", "emitter", "fold_four", other_fold),
    ("q6k", "module", "_quants", other_quarter),
    ("q6k", "module", "_quants", no_offset),
    ("q6k_product", "module", "_quants", other_quarter),
    ("q6k_product", "module", "_quants", no_offset),
    ("q6k_product", "emitter", "fma", apart),
    ("q6k_product", "emitter", "fold_four", other_fold),
]


@pytest.mark.parametrize("name", ["q4k", "q6k", "q4k_product", "q6k_product"])
def test_the_code_compiled_anew_is_right(name):
    """Control: the frame in which the faults stand raises no alarm of its own."""
    assert not any(alarms(name, compiled_anew(modules()[name][1])))


@pytest.mark.parametrize(
    ("name", "where", "word", "fault"),
    FAULTS,
    ids=[f"{name}-{word}-{fault.__name__}" for name, _, word, fault in FAULTS],
)
def test_a_changed_word_is_seen(name, where, word, fault, monkeypatch):
    found = modules()
    module = found["emitter"] if where == "emitter" else found[name][0]
    monkeypatch.setattr(module, word, fault(getattr(module, word)))
    assert any(alarms(name, compiled_anew(found[name][1])))


@pytest.mark.parametrize(
    ("name", "at", "by"),
    [
        ("q4k_product", 1, 144),  # the next row starts one block on
        ("q4k_product", 2, 1),  # blocks one byte apart
        ("q6k_product", 1, 210),
        ("q6k_product", 2, -1),
        ("q4k_product", 5, 2),  # the sums of the next sub-block
        ("q6k_product", 5, 2),
        ("q4k_product", 4, 1),  # the quants one place on
        ("q6k_product", 4, 1),
    ],
)
def test_a_step_off_by_one_is_seen(name, at, by):
    kernel = modules()[name][1]

    def wrong(*arguments):
        given = list(arguments)
        given[at] += by
        kernel(*given)

    assert any(alarms(name, wrong))
