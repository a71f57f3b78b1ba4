"""ggml's order of float32 operations: near the exact result, and itself to the last bit."""

from fractions import Fraction

import numpy as np
import pytest

from pv.forward.reference import attend as exact_attend
from pv.kernels.float_order import numpy_f32 as float_order

F32 = np.float32


def random(*shape: int, seed: int = 1, scale: float = 1.0) -> np.ndarray:
    return (np.random.default_rng(seed).standard_normal(shape) * scale).astype(F32)


def halves(*shape: int, seed: int) -> np.ndarray:
    return random(*shape, seed=seed).astype(np.float16).astype(F32)


def nearest(value: Fraction) -> np.float32:
    """Round a fraction to float32 by trying the neighbours of its float64 value."""
    middle = F32(float(value))
    around = (np.nextafter(middle, F32(-np.inf)), middle, np.nextafter(middle, F32(np.inf)))
    return min(around, key=lambda one: abs(Fraction(float(one)) - value))


def test_fused_rounds_once():
    a, b, c = (random(500, seed=seed) for seed in (1, 2, 3))
    found = float_order.fused(a, b, c)
    exact = [
        nearest(Fraction(float(x)) * Fraction(float(y)) + Fraction(float(z)))
        for x, y, z in zip(a, b, c, strict=True)
    ]
    assert found.tolist() == exact
    assert (found != a * b + c).any()


def test_the_exponential_is_within_two_units_of_the_last_place():
    x = np.concatenate([random(2000, scale=9.0), np.linspace(-87, 88, 2000, dtype=F32)])
    found, exact = float_order.exponential(x), np.exp(x.astype(np.float64))
    assert (np.abs(found - exact) / np.spacing(exact.astype(F32)) < 2).all()
    # Bits of the vector routine at places of its own: 0, a power of two, and both ends.
    ends = float_order.exponential(np.array([0, np.log(2), -200, 200, -np.inf], F32))
    assert ends[0] == 1
    assert ends[1] == 2
    assert ends[2:].tolist() == [0, np.inf, 0]


@pytest.mark.parametrize("length", [1, 7, 31, 32, 33, 64, 100])
def test_a_dot_product_is_that_of_four_registers(length):
    x, y = halves(3, length, seed=4), halves(3, length, seed=5)
    found = float_order.dot(x, y)
    exact = (x.astype(np.float64) * y).sum(axis=1)
    assert np.abs(found - exact).max() < 2e-6 * max(1, length) ** 0.5
    for row in range(3):
        registers = np.zeros((4, 8), F32)
        padded = np.zeros((2, -(-length // 32) * 32), F32)
        padded[:, :length] = x[row], y[row]
        for at in range(padded.shape[1]):
            where = (at // 8 % 4, at % 8)
            registers[where] = F32(float(padded[0, at]) * float(padded[1, at]) + registers[where])
        lanes = (registers[0] + registers[2]) + (registers[1] + registers[3])
        four = lanes[:4] + lanes[4:]
        assert found[row] == (four[0] + four[1]) + (four[2] + four[3])


def test_attention_is_near_the_reference_and_no_token_depends_on_the_batch():
    queries, keys, values = (halves(9, heads, 32, seed=heads) for heads in (6, 2, 3))
    values = values[:, :2]
    whole = float_order.attend(queries, keys, values)
    assert np.abs(whole - exact_attend(queries, keys, values)).max() < 3e-3
    for token in range(9):
        alone = float_order.attend(
            queries[token : token + 1], keys[: token + 1], values[: token + 1]
        )
        assert (alone[0] == whole[token]).all()


def test_shares_add_up_and_leave_out_what_is_not_seen():
    shares = float_order.softmax(random(4, 11, scale=5.0), np.arange(11) < 7)
    assert np.abs(shares.sum(axis=1) - 1).max() < 1e-6
    assert (shares[:, 7:] == 0).all()
    assert (shares[:, :7] > 0).all()


def test_gate_and_rotation_are_near_the_plain_formulas():
    x = random(1000, scale=8.0)
    assert np.abs(float_order.silu(x) - x / (1 + np.exp(-x.astype(np.float64)))).max() < 3e-6
    assert float_order.silu(np.array([-1e4], F32)) == 0
    a, b, angle = (random(100, seed=seed) for seed in (6, 7, 8))
    first, second = float_order.rotated(a, b, np.cos(angle), np.sin(angle))
    turned = (a + 1j * b) * np.exp(1j * angle.astype(np.float64))
    assert np.abs(first - turned.real).max() < 1e-6
    assert np.abs(second - turned.imag).max() < 1e-6
