"""How rotations are scaled, and what a file may say about it."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.forward.engine import ENGINES
from pv.forward.rotation import Rotation, Yarn, yarn_divisors, yarn_magnitude
from pv.forward.shape import read_shape
from pv.forward.trunk import Trunk
from pv.kernels.layout import Pairing
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from tests.unit.forward.random_model import Recipe, write_model

YARN = {"type": "yarn", "factor": 4.0, "original_context_length": 128}


def shape_of(path, **fields):
    with open_model(write_model(path / "m.gguf", Recipe(layers=1, **fields))) as model:
        return read_shape(model)


def by_inverse_frequency(base, dim, factor, context):
    """YaRN as its authors write it: a blend of two lists of frequencies, by turns per context."""
    plain = 1.0 / base ** (np.arange(0, dim, 2) / dim)

    def dimension(turns):
        return dim * np.log(context / (turns * 2 * np.pi)) / (2 * np.log(base))

    low, high = np.floor(dimension(32)), np.ceil(dimension(1))
    ramp = np.clip((np.arange(dim // 2) - max(low, 0)) / (min(high, dim - 1) - max(low, 0)), 0, 1)
    return plain / factor * ramp + plain * (1 - ramp)


@pytest.mark.parametrize(
    ("base", "dim", "factor", "context"),
    [(10000.0, 64, 4.0, 128), (1e6, 128, 4.0, 32768), (10000.0, 128, 16.0, 4096)],
)
def test_yarn_blends_frequencies_as_published(base, dim, factor, context):
    plain = base ** (-np.arange(dim // 2) / (dim // 2))
    found = plain / yarn_divisors(base, dim, factor, Yarn(context))
    np.testing.assert_allclose(found, by_inverse_frequency(base, dim, factor, context), rtol=1e-12)


@given(st.floats(100, 1e7), st.integers(4, 64), st.floats(1.0, 64.0), st.integers(64, 1 << 20))
def test_yarn_divides_by_1_to_factor_and_slow_pairs_most(base, half, factor, context):
    divisors = yarn_divisors(base, 2 * half, factor, Yarn(context))
    assert (np.diff(divisors) >= -1e-9).all()
    assert (divisors >= 1 - 1e-9).all()
    assert (divisors <= factor * (1 + 1e-9)).all()


def test_what_a_file_declares_is_read(tmp_path):
    assert shape_of(tmp_path).rotation == Rotation(10000.0, Pairing.NORM)
    linear = shape_of(tmp_path, scaling={"type": "linear", "factor": 4.0}).rotation
    assert linear.divisors == (4.0,) * 32
    yarn = shape_of(tmp_path, architecture="qwen2", scaling=YARN).rotation
    assert yarn.pairing is Pairing.NEOX
    assert (yarn.divisors[0], yarn.divisors[-1]) == (1.0, 4.0)
    assert yarn.magnitude == pytest.approx(1 + 0.1 * np.log(4))
    twice = shape_of(tmp_path, scaling={**YARN, "attn_factor": 2.0}).rotation
    assert twice.magnitude == pytest.approx(2 * yarn_magnitude(4.0))
    factors = shape_of(tmp_path, factors=True, scaling={"type": "linear", "factor": 2.0}).rotation
    np.testing.assert_allclose(factors.divisors, 2 * np.geomspace(1, 8, 32), rtol=1e-6)


@pytest.mark.parametrize(
    ("scaling", "words"),
    [
        ({"type": "longrope", "factor": 4.0}, "expected none, linear or yarn, found 'longrope'"),
        ({"type": "linear", "factor": -1.0}, "expected a positive number, found -1.0"),
        ({"type": "linear", "factor": 4}, "expected a positive number, found 4"),
        ({**YARN, "yarn_ext_factor": 0.5}, "expected 1, found 0.5"),
        ({**YARN, "original_context_length": "long"}, "expected a positive integer, found 'long'"),
        ({"type": "yarn", "alpha": 1.0}, "key 'llama.rope.scaling.alpha': is not understood"),
    ],
)
def test_what_is_not_understood_is_refused(tmp_path, scaling, words):
    with pytest.raises(GgufError, match=re.escape(words)):
        shape_of(tmp_path, scaling=scaling)


def test_factors_are_understood_where_the_architecture_has_them(tmp_path):
    with pytest.raises(GgufError, match="not understood in the architecture qwen2"):
        shape_of(tmp_path, architecture="qwen2", factors=True)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("pairing", Pairing)
@pytest.mark.parametrize("scaled", [False, True])
def test_both_engines_turn_pairs_by_the_same_angles(tmp_path, name, pairing, scaled):
    divisors = tuple(np.geomspace(1, 8, 32).tolist()) if scaled else ()
    rotation = Rotation(10000.0, pairing, divisors, 1.25 if scaled else 1.0)
    x = np.random.default_rng(1).standard_normal((5, 3, 64)).astype(np.float32)
    positions = np.array([0, 1, 7, 100, 2000])
    with open_model(write_model(tmp_path / "m.gguf", Recipe(layers=1))) as model:
        found = ENGINES[name](Trunk(model)).rope(x, positions, rotation)
    halves = (x[..., 0::2], x[..., 1::2]) if pairing is Pairing.NORM else (x[..., :32], x[..., 32:])
    turns = 10000.0 ** (-np.arange(32) / 32) / (np.array(divisors) if scaled else 1.0)
    pairs = (halves[0] + 1j * halves[1]) * np.exp(1j * positions[:, None, None] * turns)
    pairs *= rotation.magnitude
    parts = (
        np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)
        if pairing is Pairing.NORM
        else np.concatenate([pairs.real, pairs.imag], axis=-1)
    )
    # The angle of pair i is a product of i + 1 float32 factors: 2000 radians off by 2**-24 each.
    limit = 1e-6 if name == "reference" else 4e-3
    assert np.abs(found - parts).max() <= limit * np.abs(parts).max()
