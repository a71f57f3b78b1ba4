"""Q6_K, Q8_0, Q8_1 and Q4_1 against ggml itself: bytes and bits, never closeness."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from pv.errors import BadInputError
from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.layout import Order
from pv.kernels.q8_0_dequantize.case import random_blocks as q8_0_blocks
from tests.kernels.agreement import same_bits, within
from tests.kernels.block_formats import (
    DECODERS,
    ENCODERS,
    PRODUCTS,
    ROUTES,
    Product,
    by_ggml,
    name_of,
    over,
)

QUICK = settings(max_examples=40, deadline=None, derandomize=True)
finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
decoders = pytest.mark.parametrize("operation", DECODERS, ids=name_of)
encoders = pytest.mark.parametrize("operation", ENCODERS, ids=name_of)
products = pytest.mark.parametrize("operation", PRODUCTS, ids=name_of)


@over([*DECODERS, *ENCODERS])
def test_blocks_have_ggmls_bits_in_every_case(operation, route):
    cases = operation.case.cases()
    assert cases
    for case in cases:
        expected = by_ggml(operation, case.arguments)
        found = route(*case.arguments)
        assert found.shape[:-1] == case.arguments[0].shape[:-1], case.name
        assert same_bits(expected, found.reshape(expected.shape)) == "", case.name


@over(DECODERS)
def test_every_f16_is_decoded_as_in_ggml(operation, route):
    for offset in operation.halves:
        blocks = np.repeat(operation.case.random_blocks("f16", 1), 65536, axis=0)
        blocks[:, offset : offset + 2] = np.arange(65536, dtype="<u2")[:, None].view(np.uint8)
        for part in np.array_split(blocks, 8):
            assert same_bits(by_ggml(operation, (part,)), route(part)) == ""


@over(ENCODERS)
def test_many_random_blocks_have_ggmls_bytes(operation, route):
    rng = np.random.default_rng(20261122)
    x = rng.normal(size=(20000, 32)) * np.exp(rng.normal(0, 9, (20000, 1)))
    x = np.where(rng.random(x.shape) < 0.01, x * 50, x)
    x = np.where(rng.random(x.shape) < 0.05, np.round(x), x).astype(np.float32)
    assert same_bits(by_ggml(operation, (x,)), route(x)) == ""


@over(PRODUCTS)
def test_products_have_ggmls_bits_in_ggmls_orders(operation, route):
    for case in operation.case.cases():
        for name, expected in by_ggml(operation, case.arguments).items():
            found = route(*case.arguments, ROUTES[name])
            assert same_bits(expected, found) == "", (case.name, name)


@products
def test_every_order_stays_within_the_bound_round_float64(operation):
    for case in operation.case.cases():
        exact = operation.exact.matvec(*case.arguments)
        magnitude = operation.exact.absolute_terms(*case.arguments)
        assert exact.dtype == magnitude.dtype == np.float64
        for found in by_ggml(operation, case.arguments).values():
            assert within(exact, found, case.tolerance, magnitude) == "", case.name


@products
def test_the_two_routes_of_ggml_differ_somewhere(operation):
    """Control: data on which the order shows, so that the bit tests can fail."""
    found = [by_ggml(operation, case.arguments) for case in operation.case.cases()]
    assert any(same_bits(each["generic"], each["avx2"]) for each in found)


@over(PRODUCTS)
def test_hard_scales_end_as_in_ggml(operation, route):
    """Infinite and NaN weights give NaN in the same rows, the others the same bits."""
    decoder = next(each for each in DECODERS if operation.kinds.startswith(each.kind))
    blocks = decoder.case.hard_scale_blocks()[:, None]
    activation = operation.case.activation("hard", 1)
    for name, expected in by_ggml(operation, (blocks, activation)).items():
        assert np.isnan(expected).any()
        assert same_bits(expected, route(blocks, activation, ROUTES[name])) == ""


@pytest.mark.parametrize("order", ROUTES)
def test_q8_0_loses_the_sign_of_128_where_ggml_does(order):
    """Bytes that no quantiser of ggml writes, but a file may hold."""
    operation = PRODUCTS[1]
    blocks, y = q8_0_blocks("w128", 40).reshape(20, 2, 34), q8_0_blocks("y128", 2)
    blocks[..., 2:] = np.array([128, 127, 255, 0], np.uint8)[np.arange(32) % 4]
    y[:, 2:] = 128
    expected = by_ggml(operation, (blocks, y))
    for route in operation.routes.values():
        assert same_bits(expected[order], route(blocks, y, ROUTES[order])) == ""
    exact = operation.exact.matvec(blocks, y)
    off = np.abs(exact - expected[order]) > 1e-3 * operation.exact.absolute_terms(blocks, y)
    assert off.all() if order == "avx2" else not off.any()


@over([*DECODERS, *PRODUCTS])
def test_views_are_read_as_what_they_show(operation, route):
    decoder = operation
    if isinstance(operation, Product):
        decoder = next(each for each in DECODERS if operation.kinds.startswith(each.kind))
    made = decoder.case.random_blocks("views", 96).reshape(12, 8, operation.size)
    made.flags.writeable = False
    for view in (
        made[::-1],
        made[:, ::2],
        made[::-3, ::-1],
        made.transpose(1, 0, 2),
        np.broadcast_to(made[:1], made.shape),
        np.repeat(made, 2, axis=-1)[..., ::2],
    ):
        more = ()
        if isinstance(operation, Product):
            more = (operation.case.activation("views", view.shape[1]),)
        packed = np.ascontiguousarray(view)
        assert same_bits(route(packed, *more), route(view, *more)) == ""


@over(PRODUCTS)
def test_products_refuse(operation, route):
    size = operation.size
    activation = operation.case.activation("refuse", 1)
    blocks = np.zeros((2, 1, size), np.uint8)
    for call, text in (
        (lambda: route(blocks[:, 0], activation), r"matrix: found shape \(2, \d+\), expected"),
        (lambda: route(blocks.view(np.int8), activation), "found dtype int8, expected uint8"),
        (lambda: route(np.zeros((2, 2, size), np.uint8), activation), "expected "),
        (lambda: route(blocks[:, :0], operation.case.activation("no", 0)), "expected "),
        (
            lambda: route(blocks, activation, Order.SEQUENTIAL),
            "order: found .* expected one of ggml",
        ),
    ):
        with pytest.raises(BadInputError, match=text):
            call()


@over(DECODERS)
def test_decoders_refuse(operation, route):
    with pytest.raises(BadInputError, match=rf"expected \(\.\.\., {operation.size}\)"):
        route(np.zeros((3, operation.size - 1), np.uint8))
    with pytest.raises(BadInputError, match="found dtype int8, expected uint8"):
        route(np.zeros((3, operation.size), np.int8))


@over(ENCODERS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_encoders_refuse(operation, route, bad):
    x = np.zeros((2, 32), np.float32)
    x[1, 7] = bad
    with pytest.raises(BadInputError, match=rf"element \[1, 7\] is {bad}.*1 of 64"):
        route(x)
    with pytest.raises(BadInputError, match=r"found shape \(2, 31\)"):
        route(x[:, :31])
    with pytest.raises(BadInputError, match="found dtype float64"):
        route(x.astype(float))


@encoders
def test_unknown_roundings_are_refused(operation):
    for route in operation.routes.values():
        if hasattr(route, "keywords"):
            with pytest.raises(BadInputError, match="rounding: found 'up', expected one of refer"):
                route(np.zeros((1, 32), np.float32), rounding="up")


@decoders
@QUICK
@given(st.data())
def test_any_bytes_decode_alike(operation, data):
    raw = data.draw(hnp.arrays(np.uint8, (2, 2, operation.size)))
    expected = by_ggml(operation, (raw,)).reshape(2, 2, -1)
    for route in operation.routes.values():
        assert same_bits(expected, route(raw)) == ""


@encoders
@QUICK
@given(x=hnp.arrays(np.float32, (3, 32), elements=finite))
def test_any_finite_values_encode_alike(operation, x):
    expected = by_ggml(operation, (x,))
    for route in operation.routes.values():
        assert same_bits(expected, route(x)) == ""


@pytest.mark.parametrize("kind", ["q8_0", "q4_1"])
def test_quantised_values_stay_near(kind):
    """Within half a step, the rounding of its f16 fields, and of a few products."""
    x = np.random.default_rng(5).normal(size=(500, 32)).astype(np.float32)
    found = ggml.dequantize(kind, ggml.quantize(kind, x))
    spread = np.abs(x).max(axis=1) / 127 if kind == "q8_0" else np.ptp(x, axis=1) / 15
    field = np.abs(x).max(axis=1) * 2.0**-10
    assert (np.abs(found - x).max(axis=1) <= 0.5 * spread + field).all()
