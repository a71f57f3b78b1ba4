"""Products of every stored type with several vectors: bits of ggml, bounds, independence."""

from __future__ import annotations

import gguf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pv.errors import BadInputError
from pv.falsifiers.q4k_q8k import ggml_oracle as ggml
from pv.kernels.activations import numba_cpu as activations_numba
from pv.kernels.activations import reference as activations_reference
from pv.kernels.block_matmat import case as cases
from pv.kernels.block_matmat import numba_cpu, numpy_f32, reference
from pv.kernels.layout import ACTIVATION_TYPES, LONG, WITH_MINIMUM, Activations, Stored
from pv.kernels.processor.numba_compile import has_vectors
from tests.kernels.agreement import parts, same_bits, within

ALL = [(kind, case) for kind in Stored for case in cases.cases(kind)]
EVERY = pytest.mark.parametrize(("kind", "case"), ALL, ids=[f"{k}-{c.name}" for k, c in ALL])
GGML = {
    Stored.Q4_K: "q4_K_q8_K",
    Stored.Q5_K: "q5_K_q8_K",
    Stored.Q6_K: "q6_K_q8_K",
    Stored.Q4_1: "q4_1_q8_1",
    Stored.Q5_1: "q5_1_q8_1",
    **{kind: f"{kind}_q8_0" for kind in (Stored.Q4_0, Stored.Q5_0, Stored.Q8_0)},
}


def as_ggml(kind: Stored, given: Activations, token: int) -> np.ndarray:
    """One vector as ggml's blocks."""
    scale, quants, sums = (part[token] for part in given)
    if kind in LONG:
        halves = sums.reshape(len(scale), 16).view(np.uint8)
        rows = [scale[:, None].view(np.uint8), quants.reshape(-1, 256).view(np.uint8), halves]
    else:
        fields = [scale, sums] if kind in WITH_MINIMUM else [scale]
        halves = np.stack(fields, axis=1).astype("<f2").view(np.uint8)
        rows = [halves, quants.reshape(-1, 32).view(np.uint8)]
    return np.concatenate(rows, axis=1)


@EVERY
def test_both_forms_have_ggmls_bits(kind, case):
    _, blocks, vectors = case.arguments
    tokens = range(len(vectors.scale))
    dots = [ggml.dot(blocks, as_ggml(kind, vectors, at), "avx2", GGML[kind]) for at in tokens]
    for module in (numpy_f32, numba_cpu):
        assert not same_bits(np.stack(dots), module.matmat(*case.arguments))


@EVERY
def test_the_result_is_within_its_bound_of_the_exact_one(kind, case):
    magnitude = reference.absolute_terms(*case.arguments)
    expected, found = reference.matmat(*case.arguments), numba_cpu.matmat(*case.arguments)
    assert expected.shape == found.shape
    if found.size:
        assert not within(expected, found, case.tolerance, magnitude)


@pytest.mark.parametrize("kind", Stored)
def test_the_reference_reads_blocks_as_the_gguf_package_does(kind):
    blocks = cases.random_blocks("gguf", kind, 7, 3)
    step, quants, low = reference.groups_of(kind, blocks)
    found = (step[..., None] * quants + low[..., None]).reshape(7, -1)
    number = gguf.GGMLQuantizationType[kind.upper()]
    expected = gguf.quants.dequantize(blocks.reshape(7, -1), number)
    scale = np.abs(step[..., None] * quants).reshape(7, -1) + np.abs(found)
    assert (np.abs(found - expected) <= 4 * 2.0**-24 * scale).all()


@pytest.mark.parametrize("kind", Stored)
@pytest.mark.parametrize("block", [0, 1, 2])
def test_every_byte_of_a_block_counts_for_its_row_alone(kind, block):
    """With two bits of any byte flipped, a row has other bits, near those of the reference."""
    blocks = cases.random_blocks("flip", kind, 2, 3)
    vectors = cases.activations("flip", kind, 3, 2)
    sound = numba_cpu.matmat(kind, blocks, vectors)
    for at in range(blocks.shape[2]):
        wrong = blocks.copy()
        wrong[1, block, at] ^= 0x21  # a bit of either nibble
        found = numba_cpu.matmat(kind, wrong, vectors)
        assert not same_bits(sound[:, 0], found[:, 0])
        assert (sound[:, 1] != found[:, 1]).any(), at
        magnitude = reference.absolute_terms(kind, wrong, vectors)
        exact = reference.matmat(kind, wrong, vectors)
        assert not within(exact, found, cases.tolerance(3), magnitude), at


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(list(Stored)), st.integers(1, 7), st.integers(1, 3), st.integers(1, 6))
def test_no_vector_and_no_row_depends_on_the_others(kind, rows, per_row, tokens):
    blocks = cases.random_blocks("alone", kind, rows, per_row)
    vectors = cases.activations("alone", kind, per_row, tokens)
    together = numba_cpu.matmat(kind, blocks, vectors)
    for at in range(tokens):
        one = Activations(*(part[at : at + 1] for part in vectors))
        assert not same_bits(together[at : at + 1], numba_cpu.matmat(kind, blocks, one))
    assert not same_bits(together[:, -1:], numba_cpu.matmat(kind, blocks[-1:], vectors))


@pytest.mark.parametrize("tokens", [1, 6])
def test_no_bit_depends_on_threads(tokens):
    blocks = cases.random_blocks("threads", Stored.Q8_0, 2049, 24)
    vectors = cases.activations("threads", Stored.Q8_0, 24, tokens)
    one, three = (
        numba_cpu.matmat(Stored.Q8_0, blocks, vectors, threads=threads) for threads in (1, 3)
    )
    assert not same_bits(one, three)


def test_vector_code_is_what_is_tested_here():
    assert has_vectors()


@pytest.mark.parametrize("module", [numpy_f32, numba_cpu])
@pytest.mark.parametrize(
    "change",
    [
        {"scale": np.ones((2, 2), np.float32)},
        {"quants": np.ones((2, 96), np.int16)},
        {"quants": np.ones((3, 96), np.int8)},
        {"sums": np.ones((2, 2), np.float32)},
    ],
)
def test_operands_that_do_not_fit_are_refused(module, change):
    blocks = cases.random_blocks("fit", Stored.Q4_1, 2, 3)
    vectors = cases.activations("fit", Stored.Q4_1, 3, 2)
    with pytest.raises(BadInputError):
        module.matmat(Stored.Q4_1, blocks, vectors._replace(**change))
    with pytest.raises(BadInputError, match="q4_1 matrix"):
        module.matmat(Stored.Q4_1, blocks[..., :-1], vectors)


def hard_vectors() -> np.ndarray:
    """Random, tied, empty, tiny and huge blocks; 2 vectors of 512 values each."""
    x = np.random.default_rng(3).standard_normal((9, 512)).astype(np.float32)
    x[1, :32] = 0
    x[2] = np.linspace(-127, 127, 512, dtype=np.float32).round() / 2
    x[3, 5], x[3, 40] = 3.0, -3.0
    x[4] *= np.float32(1e-38)
    x[5] = 0
    x[6] *= np.float32(1e30)
    x[7, ::32] = 127
    x[8, 100] = np.float32(1e-45)
    return x


@pytest.mark.parametrize("vectors", [True, False])
@pytest.mark.parametrize("name", ACTIVATION_TYPES)
def test_activations_have_the_bits_of_the_reference(name, vectors, monkeypatch):
    monkeypatch.setattr(activations_numba, "has_vectors", lambda: vectors)
    with np.errstate(all="ignore"):
        expected = activations_reference.quantize(name, hard_vectors())
        found = activations_numba.quantize(name, hard_vectors())
    pairs = zip(parts(expected), parts(found), strict=True)
    assert [same_bits(a, b) for a, b in pairs] == ["", "", ""]


@pytest.mark.parametrize("module", [activations_reference, activations_numba])
@pytest.mark.parametrize("name", ACTIVATION_TYPES)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_activations_that_are_not_finite_are_refused(module, name, value):
    x = hard_vectors()
    x[0, 511] = value
    with pytest.raises(BadInputError, match="is"):
        module.quantize(name, x)


@pytest.mark.parametrize("module", [activations_reference, activations_numba])
@pytest.mark.parametrize(("name", "width"), [("q8_k", 128), ("q8_0", 48), ("q9", 256)])
def test_other_types_and_broken_blocks_are_refused(module, name, width):
    with pytest.raises(BadInputError, match="expected"):
        module.quantize(name, np.ones((2, width), np.float32))
