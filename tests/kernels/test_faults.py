"""Planted faults: the comparison of the cases catches each, and leaves the right kernel alone."""

from __future__ import annotations

import numpy as np
import pytest

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Q8K, Order
from pv.kernels.q4k_dequantize import case as dequantize_case
from pv.kernels.q4k_dequantize import reference as dequantize_reference
from pv.kernels.q4k_f32_matvec import case as path_a_case
from pv.kernels.q4k_f32_matvec import reference as path_a
from pv.kernels.q4k_q8k_matvec import case as path_b_case
from pv.kernels.q4k_q8k_matvec import numpy_f32
from pv.kernels.q4k_q8k_matvec import reference as path_b
from pv.kernels.q4k_quantize import case as quantize_case
from pv.kernels.q4k_quantize import reference as quantize_reference
from pv.kernels.q8k_quantize import case as q8k_case
from pv.kernels.q8k_quantize import reference as q8k
from tests.kernels.agreement import same_bits, within

RIGHT_NIBBLES = dequantize_reference.nibbles
RIGHT_SCALES = dequantize_reference.sub_scales


def wrong_nibble_order(blocks):
    return (
        RIGHT_NIBBLES(blocks)
        .reshape(*blocks.shape[:-1], 4, 2, 32)[..., ::-1, :]
        .reshape(*blocks.shape[:-1], 8, 32)
    )


def swapped_sub_blocks(blocks):
    return RIGHT_NIBBLES(blocks)[..., [1, 0, 2, 3, 4, 5, 6, 7], :]


def dropped_minimum(blocks):
    scales, minima = RIGHT_SCALES(blocks)
    return scales, np.zeros_like(minima)


def lost_high_bits(blocks):
    scales, minima = RIGHT_SCALES(blocks)
    return np.where(np.arange(8) < 4, scales, scales & 15), minima


def exchanged_scale_and_minimum(blocks):
    return RIGHT_SCALES(blocks)[::-1]


def shifted_sub_block(blocks):
    return tuple(np.roll(part, 1, axis=-1) for part in RIGHT_SCALES(blocks))


def scale_off_by_one(blocks):
    scales, minima = RIGHT_SCALES(blocks)
    return scales + 1, minima


UNPACKING = [
    ("nibbles", wrong_nibble_order),
    ("nibbles", swapped_sub_blocks),
    ("sub_scales", dropped_minimum),
    ("sub_scales", lost_high_bits),
    ("sub_scales", exchanged_scale_and_minimum),
    ("sub_scales", shifted_sub_block),
    ("sub_scales", scale_off_by_one),
]
unpacking_faults = pytest.mark.parametrize(
    ("name", "fault"), UNPACKING, ids=lambda f: getattr(f, "__name__", f)
)


def dequantize_problems(kernel):
    for case in dequantize_case.cases():
        (blocks,) = case.arguments
        expected = ggml.dequantize_q4k(blocks.reshape(-1, 144)).reshape(*blocks.shape[:-1], 256)
        yield same_bits(expected, kernel(blocks))


def product_problems(kernel, reference, cases):
    """Compare with float64 values taken before any fault was planted."""
    for case, (exact, magnitude) in zip(cases.cases(), EXACT[reference], strict=True):
        yield within(exact, kernel(*case.arguments), case.tolerance, magnitude)


EXACT = {
    reference: [
        (reference.matvec_f64(*case.arguments), reference.absolute_terms(*case.arguments))
        for case in cases.cases()
    ]
    for reference, cases in ((path_a, path_a_case), (path_b, path_b_case))
}


def batched(blocks, activation):
    """The batched product of two equal vectors, of which the second is returned."""
    twice = [np.stack([part, part]) for part in (activation.scale, activation.quants)]
    return numpy_f32.matmat(blocks, *twice)[1]


def test_right_kernels_raise_no_alarm():
    assert not any(dequantize_problems(dequantize_reference.dequantize))
    assert not any(product_problems(path_a.matvec, path_a, path_a_case))
    assert not any(product_problems(batched, path_b, path_b_case))
    for order in Order:
        right = product_problems(lambda b, a, o=order: path_b.matvec(b, a, o), path_b, path_b_case)
        assert not any(right)


@unpacking_faults
def test_unpacking_faults_are_caught_in_weights(name, fault, monkeypatch):
    monkeypatch.setattr(dequantize_reference, name, fault)
    assert any(dequantize_problems(dequantize_reference.dequantize))


@unpacking_faults
def test_unpacking_faults_are_caught_in_the_float_product(name, fault, monkeypatch):
    monkeypatch.setattr(dequantize_reference, name, fault)
    assert any(product_problems(path_a.matvec, path_a, path_a_case))


@unpacking_faults
@pytest.mark.parametrize("order", [Order.SEQUENTIAL, Order.GGML_AVX2])
def test_unpacking_faults_are_caught_in_the_integer_product(name, fault, order, monkeypatch):
    monkeypatch.setattr(path_b, name, fault)
    wrong = product_problems(lambda b, a: path_b.matvec(b, a, order), path_b, path_b_case)
    assert any(wrong)


@pytest.mark.parametrize("factor", [1.1, 1.01, 1.001, 1.0001])
def test_a_scale_fault_is_caught(factor):
    def kernel(blocks, activation):
        wrong = activation._replace(scale=activation.scale * np.float32(factor))
        return path_b.matvec(blocks, wrong, Order.GGML_AVX2)

    assert any(product_problems(kernel, path_b, path_b_case))


def test_a_row_off_by_one_is_caught():
    kernel = lambda b, a: np.roll(path_b.matvec(b, a), 1)  # noqa: E731  # the fault in one line
    assert any(product_problems(kernel, path_b, path_b_case))


def test_float64_creep_is_caught_by_the_bits():
    """Closeness cannot see it: the result is better than the right one."""
    case = path_b_case.cases()[5]
    packed = q8k.to_bytes(case.arguments[1])
    creeping = path_b.matvec_f64(*case.arguments).astype(np.float32)
    assert same_bits(ggml.dot(case.arguments[0], packed, "avx2"), creeping) != ""


def quantize_with(rounding, pivot_of=lambda x: np.abs(x).max(axis=-1, keepdims=True)):
    """Quantise as the Rust convention does, with another rounding or pivot."""

    def kernel(x):
        pivot = pivot_of(x).astype(np.float32)
        scale = np.where(np.abs(pivot) > np.float32(1e-10), pivot, np.float32(1)) / np.float32(127)
        quants = np.clip(rounding(x * (np.float32(1) / scale)), -128, 127).astype(np.int8)
        quants = np.where(np.abs(pivot) > np.float32(1e-10), quants, np.int8(0))
        return Q8K(
            scale[..., 0], quants, quants.reshape(*x.shape[:-1], 16, 16).sum(-1).astype(np.int16)
        )

    return kernel


def away(values):
    return np.copysign(np.floor(np.abs(values).astype(np.float64) + 0.5), values)


def q8k_problems(kernel, reference):
    for case in q8k_case.cases():
        pairs = zip(reference(*case.arguments), kernel(*case.arguments), strict=True)
        yield next((p for p in (same_bits(e, f) for e, f in pairs) if p), "")


def test_the_fault_frame_itself_is_right():
    assert not any(q8k_problems(quantize_with(away), q8k.quantize_rust))


@pytest.mark.parametrize(
    "rounding",
    [np.rint, np.floor, np.trunc, np.ceil, lambda v: np.floor(v + np.float32(0.5))],
    ids=["half-even", "floor", "trunc", "ceil", "half-up"],
)
def test_wrong_roundings_are_caught(rounding):
    assert any(q8k_problems(quantize_with(rounding), q8k.quantize_rust))


def test_adding_one_half_in_float32_is_caught():
    """0.49999997 + 0.5 is 1 in float32: the classic way to get half-away wrong."""
    wrong = lambda v: np.copysign(np.floor(np.abs(v) + np.float32(0.5)), v)  # noqa: E731  # as above
    assert any(q8k_problems(quantize_with(wrong), q8k.quantize_rust))


def test_one_convention_is_not_the_other():
    assert any(q8k_problems(q8k.quantize_rust, q8k.quantize_ggml))


def test_the_last_of_equal_pivots_is_caught():
    def last(x):
        mirrored = q8k.quantize_ggml(np.ascontiguousarray(x[..., ::-1]))
        return Q8K(mirrored.scale, mirrored.quants[..., ::-1], mirrored.bsums[..., ::-1])

    assert any(q8k_problems(last, q8k.quantize_ggml))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("_TRIALS", 20),
        ("_nearest", lambda v: np.floor(v).astype(np.int32)),
        ("_fold", lambda terms: terms.sum(axis=0, dtype=np.float64).astype(np.float32)),
        ("_pack_nibbles", lambda q: np.roll(RIGHT_PACK(q), 32, axis=-1)),
    ],
    ids=["one-trial-less", "floor", "float64-sums", "swapped-chunks"],
)
def test_quantiser_faults_are_caught(name, fault, monkeypatch):
    expected = [ggml.quantize_q4k(c.arguments[0].reshape(-1, 256)) for c in quantize_case.cases()]
    monkeypatch.setattr(quantize_reference, name, fault)
    found = [
        quantize_reference.quantize(*c.arguments).reshape(-1, 144) for c in quantize_case.cases()
    ]
    assert any(same_bits(e, f) for e, f in zip(expected, found, strict=True))


RIGHT_PACK = quantize_reference._pack_nibbles
