"""Planted faults in the kernels for Q6_K, Q8_0, Q8_1 and Q4_1: each is seen in the cases."""

from __future__ import annotations

import numpy as np
import pytest

from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order, Rounding
from pv.kernels.q4_1_dequantize import reference as q4_1
from pv.kernels.q4_1_q8_1_matvec import numpy_f32 as q4_1_product
from pv.kernels.q4_1_quantize import reference as q4_1_quantize
from pv.kernels.q6k_dequantize import reference as q6k
from pv.kernels.q6k_q8k_matvec import numpy_f32 as q6k_product
from pv.kernels.q8_0_dequantize import reference as q8_0
from pv.kernels.q8_0_q8_0_matvec import numpy_f32 as q8_0_product
from pv.kernels.q8_0_quantize import reference as q8_0_quantize
from pv.kernels.q8_1_quantize import reference as q8_1_quantize
from tests.kernels.agreement import same_bits, within
from tests.kernels.block_formats import (
    DECODERS,
    ENCODERS,
    PRODUCTS,
    ROUTES,
    Decoder,
    Product,
    by_ggml,
    name_of,
)

DECODE = {"q6_K": q6k.dequantize, "q8_0": q8_0.dequantize, "q4_1": q4_1.dequantize}
MULTIPLY = {
    "q6_K_q8_K": q6k_product.matvec,
    "q8_0_q8_0": q8_0_product.matvec,
    "q4_1_q8_1": q4_1_product.matvec,
}


def moved(change):
    """A reader's fault: what it takes for its fields stands elsewhere in the bytes."""

    def read(blocks):
        copied = blocks.copy()
        change(copied)
        return copied

    return read


def _nibbles(at, to):
    def change(b):
        b[..., at:to] = (b[..., at:to] << 4) | (b[..., at:to] >> 4)

    return change


def _swap(one, other):
    def change(b):
        b[..., one], b[..., other] = b[..., other].copy(), b[..., one].copy()

    return change


def _roll(at, to, by):
    def change(b):
        b[..., at:to] = np.roll(b[..., at:to], by, axis=-1)

    return change


def _set(at, to, value):
    def change(b):
        b[..., at:to] = value

    return change


def _mask(at, to, bits):
    def change(b):
        b[..., at:to] &= bits

    return change


def _rotate_pairs(b):
    b[..., 128:192] = (b[..., 128:192] << 2) | (b[..., 128:192] >> 6)


READERS = {
    "q6_K": {
        "nibble order": _nibbles(0, 128),
        "bit pairs of the next quarter": _rotate_pairs,
        "high bits dropped": _set(128, 192, 0),
        "one high bit dropped": _mask(128, 192, 0x55),
        "swapped sub-blocks": _swap(slice(192, 193), slice(193, 194)),
        "scales of the next sub-block": _roll(192, 208, 1),
        "low bits of the scale dropped": _mask(192, 208, 0xFE),
        "sign of the scale dropped": _mask(192, 208, 0x7F),
        "swapped halves": _swap(slice(0, 64), slice(64, 128)),
        "bytes of d swapped": _swap(slice(208, 209), slice(209, 210)),
        "sign of d dropped": _mask(209, 210, 0x7F),
    },
    "q8_0": {
        "quants one byte on": _roll(2, 34, 1),
        "swapped halves": _swap(slice(2, 18), slice(18, 34)),
        "sign of the quants dropped": _mask(2, 34, 0x7F),
        "low bits of the quants dropped": _mask(2, 34, 0xFE),
        "bytes of d swapped": _swap(slice(0, 1), slice(1, 2)),
        "low bits of d dropped": _mask(0, 1, 0xF0),
    },
    "q4_1": {
        "nibble order": _nibbles(4, 20),
        "dropped minimum": _set(2, 4, 0),
        "scale and minimum swapped": _swap(slice(0, 2), slice(2, 4)),
        "sign of the minimum dropped": _mask(3, 4, 0x7F),
        "nibbles one byte on": _roll(4, 20, 1),
        "low bits of d dropped": _mask(0, 1, 0xF0),
    },
}


def of(operation):
    """The reader's faults of an operation's weights."""
    return READERS[operation.kind if isinstance(operation, Decoder) else operation.kinds[:4]]


READING = [
    pytest.param(operation, fault, id=f"{name_of(operation)}-{fault}")
    for operation in [*DECODERS, *PRODUCTS]
    for fault in of(operation)
]


def expected_of(operation):
    return [(case, by_ggml(operation, case.arguments)) for case in operation.case.cases()]


EXPECTED = {name_of(each): expected_of(each) for each in [*DECODERS, *ENCODERS, *PRODUCTS]}


def problems(operation, kernel):
    """What the comparison of the cases says, bit for bit, case by case and route by route."""
    for case, expected in EXPECTED[name_of(operation)]:
        if isinstance(operation, Product):
            for name, order in ROUTES.items():
                yield same_bits(expected[name], kernel(*case.arguments, order))
        else:
            yield same_bits(expected, kernel(*case.arguments).reshape(expected.shape))


def far(operation, kernel):
    """What the bound round float64 says of a product, over the same cases."""
    for case, _ in EXPECTED[name_of(operation)]:
        exact = operation.exact.matvec(*case.arguments)
        magnitude = operation.exact.absolute_terms(*case.arguments)
        for order in ROUTES.values():
            yield within(exact, kernel(*case.arguments, order), case.tolerance, magnitude)


def sound(operation):
    return DECODE[operation.kind] if isinstance(operation, Decoder) else MULTIPLY[operation.kinds]


@pytest.mark.parametrize("operation", [*DECODERS, *PRODUCTS], ids=name_of)
def test_sound_kernels_raise_no_alarm(operation):
    assert not any(problems(operation, sound(operation)))
    if isinstance(operation, Product):
        assert not any(far(operation, sound(operation)))


@pytest.mark.parametrize(("operation", "fault"), READING)
def test_reading_faults_are_seen(operation, fault):
    read, kernel = moved(of(operation)[fault]), sound(operation)

    def wrong(blocks, *more):
        return kernel(read(blocks), *more)

    assert any(problems(operation, wrong))
    if isinstance(operation, Product):
        assert any(far(operation, wrong))


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("scales", lambda b: b[..., 192:208].astype(np.int32)),
        ("quants", lambda b: RIGHT_QUANTS(b) + 32),
        ("quants", lambda b: RIGHT_QUANTS(b) - 1),
        ("super_scales", lambda b: np.ascontiguousarray(b[..., :2]).view("<f2")[..., 0] * 1.0),
    ],
    ids=["unsigned scales", "offset left out", "off by one", "d at the front"],
)
def test_faults_within_the_q6k_reader_are_seen(name, fault, monkeypatch):
    monkeypatch.setattr(q6k, name, fault)
    with np.errstate(all="ignore"):
        assert any(problems(DECODERS[0], q6k.dequantize))


RIGHT_QUANTS = q6k.quants
products = pytest.mark.parametrize("operation", PRODUCTS, ids=name_of)


@products
def test_a_row_off_by_one_is_seen(operation):
    wrong = lambda b, a, o: np.roll(sound(operation)(b, a, o), 1)  # noqa: E731  # the fault in one line
    assert any(far(operation, wrong))


@products
def test_float64_creep_is_seen_by_the_bits_alone(operation):
    def creeping(blocks, activation, order):
        return operation.exact.matvec(blocks, activation).astype(np.float32)

    assert any(problems(operation, creeping))
    assert not any(far(operation, creeping))


@products
def test_the_other_order_is_seen_by_the_bits_alone(operation):
    other = {Order.GGML_AVX2: Order.GGML_GENERIC, Order.GGML_GENERIC: Order.GGML_AVX2}
    wrong = lambda b, a, o: sound(operation)(b, a, other[o])  # noqa: E731  # the fault in one line
    assert any(problems(operation, wrong))
    assert not any(far(operation, wrong))


@products
def test_unfused_sums_are_seen(operation, monkeypatch):
    module = {"q6": q6k_product, "q8": q8_0_product, "q4": q4_1_product}[operation.kinds[:2]]
    monkeypatch.setattr(module, "multiply_add", lambda a, b, c: a * b + c)
    assert any(problems(operation, module.matvec))


@products
@pytest.mark.parametrize("factor", [1.1, 1.01, 1.001, 1.0001])
def test_a_scale_fault_is_seen(operation, factor):
    """The stored scale, as far as an f16 can hold it; the result, however little."""

    def wrong(blocks, activation, order):
        return sound(operation)(blocks, activation, order) * np.float32(factor)

    assert any(problems(operation, wrong))
    assert any(far(operation, wrong))


def test_the_sum_of_the_quants_is_taken_as_stored():
    """A product that sums the quants itself is nearer to the truth, and not ggml's."""
    operation = PRODUCTS[2]

    def summing(blocks, activation, order):
        fresh = activation.copy()
        total = activation[:, 4:].view(np.int8).sum(axis=1, dtype=np.int32)
        scale = np.ascontiguousarray(activation[:, :2]).view("<f2")[:, 0]
        fresh[:, 2:4] = (scale.astype(np.float32) * total).astype("<f2")[:, None].view(np.uint8)
        return sound(operation)(blocks, fresh, order)

    assert any(problems(operation, summing))


def short_encoder(rounding_of, *, from_stored=False):
    """Q8_0 with another rounding, or with the factor taken from the f16 that is stored."""

    def encode(x):
        step = np.abs(x).max(axis=-1, keepdims=True) / np.float32(127)
        base = step.astype(np.float16).astype(np.float32) if from_stored else step
        factor = np.where(base == 0, np.float32(0), np.float32(1) / base)
        values = rounding_of(x * factor)
        quants = np.where(np.isfinite(values), values, 0).astype(np.int32).astype(np.int8)
        return np.concatenate([step.astype("<f2").view(np.uint8), quants.view(np.uint8)], axis=-1)

    return encode


def half_away(values):
    return np.copysign(np.floor(np.abs(values).astype(np.float64) + 0.5), values)


ROUNDINGS = {
    "half even": np.rint,
    "floor": np.floor,
    "towards zero": np.trunc,
    "up": np.ceil,
    "half up": lambda v: np.floor(v.astype(np.float64) + 0.5),
    "half added in float32": lambda v: np.copysign(np.floor(np.abs(v) + np.float32(0.5)), v),
}


def test_the_fault_frame_itself_is_right():
    with np.errstate(all="ignore"):
        assert not any(problems(ENCODERS[0], short_encoder(half_away)))


@pytest.mark.parametrize("name", ROUNDINGS)
def test_wrong_roundings_are_seen(name):
    with np.errstate(all="ignore"):
        assert any(problems(ENCODERS[0], short_encoder(ROUNDINGS[name])))


def test_a_factor_from_the_stored_scale_is_seen():
    with np.errstate(all="ignore"):
        assert any(problems(ENCODERS[0], short_encoder(half_away, from_stored=True)))


@pytest.mark.parametrize("kind", ["q8_0", "q8_1"])
def test_one_rounding_is_not_the_other(kind):
    module = {"q8_0": q8_0_quantize, "q8_1": q8_1_quantize}[kind]
    swapped = {True: Rounding.REFERENCE, False: Rounding.AVX2}
    for operation in (each for each in ENCODERS if each.kind == kind):
        rounding = swapped[operation.vectors]
        assert any(problems(operation, lambda x, r=rounding: module.quantize(x, r)))


def test_a_sum_over_the_stored_scale_is_seen():
    """Q8_1's s is of the scale before it is stored as f16."""

    def wrong(x):
        blocks = q8_1_quantize.quantize(x)
        scale = np.ascontiguousarray(blocks[..., :2]).view("<f2").astype(np.float32)
        total = blocks[..., 4:].view(np.int8).sum(axis=-1, keepdims=True, dtype=np.int32)
        blocks[..., 2:4] = (scale * total).astype("<f2").view(np.uint8)
        return blocks

    with np.errstate(all="ignore"):
        assert any(problems(next(e for e in ENCODERS if name_of(e) == "q8_1-reference"), wrong))


def test_faults_of_the_q4_1_quantiser_are_seen():
    operation = ENCODERS[-1]
    assert not any(problems(operation, q4_1_quantize.quantize))
    wrong = {
        "nibble order": _nibbles(4, 20),
        "minimum left out": _set(2, 4, 0),
        "sub-blocks swapped": _swap(slice(4, 12), slice(12, 20)),
        "fields swapped": _swap(slice(0, 2), slice(2, 4)),
    }
    for change in wrong.values():
        assert any(problems(operation, lambda x, c=change: moved(c)(q4_1_quantize.quantize(x))))


def test_half_even_levels_are_seen_in_q4_1():
    def half_even(x):
        low, high = x.min(axis=-1, keepdims=True), x.max(axis=-1, keepdims=True)
        step = (high - low) / np.float32(15)
        factor = np.where(step == 0, np.float32(0), np.float32(1) / step)
        levels = np.rint((x - low) * factor)
        quants = np.minimum(np.where(np.isfinite(levels), levels, 0), 15).astype(np.uint8)
        fields = np.concatenate([step, low], axis=-1).astype("<f2").view(np.uint8)
        return np.concatenate([fields, quants[..., :16] | quants[..., 16:] << 4], axis=-1)

    case = next(c for c in ENCODERS[-1].case.cases() if c.name == "level-ties")
    (x,) = case.arguments
    assert same_bits(ggml.quantize("q4_1", x), half_even(x)) != ""
    assert same_bits(ggml.quantize("q4_1", x), q4_1_quantize.quantize(x)) == ""
