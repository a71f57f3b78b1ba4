"""Fixtures by hand, planted faults that change what they say, and inputs that are really read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.falsifiers.ffn_gguf import (
    compounding,
    dequantization,
    faults,
    fixtures,
    path_difference,
    reduction_order,
    token_batch,
)
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.kernels.q4k_dequantize.reference import dequantize
from tests.unit.falsifiers.own_registry import measure, numbers, synthetic


def test_activation_by_hand():
    x = fixtures.activation(0)
    assert (x.dtype, x.shape) == (np.float32, (256,))
    assert x[0] == np.float32(-128) * np.float32(0.05)
    assert x[134] == np.float32(6) * np.float32(0.05) + np.float32(1) * np.float32(0.01)
    assert fixtures.activation(3)[128] == np.float32(5) * np.float32(0.01)


def test_block_by_hand():
    raw = fixtures.block(2, 1).tobytes()
    assert raw[:4] == b"\x00\x3c\x00\xb4"
    assert raw[4:6] == bytes([3 + 2 + 11, 7 + 3 + 2 + 11])
    assert raw[16:18] == bytes([17 + 6 + 19, 13 + 17 + 6 + 19])


def test_cyclic_by_hand():
    form = {"factor": 31, "modulus": 23, "centre": 11, "step": 0.05}
    expected = [np.float32(level) * np.float32(0.05) for level in (-11, -3, 5)]
    assert fixtures.cyclic(3, form).tolist() == expected


@given(st.lists(st.integers(0, 63), min_size=16, max_size=16))
def test_packed_fields_are_read_back(values):
    scales, minima = np.array(values[:8]), np.array(values[8:])
    block = np.zeros(144, np.uint8)
    block[4:16] = fixtures.pack_fields(scales, minima)
    read = scalar_forms.fields(block.tobytes())
    assert read.scales == tuple(scales)
    assert read.minima == tuple(minima)


def test_symmetric_blocks_have_mean_zero_by_construction():
    blocks = fixtures.symmetric_blocks(np.random.default_rng(0), 3)
    weights = dequantize(blocks)
    read = scalar_forms.fields(blocks[0, 0].tobytes())
    step = 2.0**-10
    expected = [step * read.scales[i // 32] * (q - 7.5) for i, q in enumerate(read.nibbles)]
    assert weights[0, 0].tolist() == expected


@pytest.mark.parametrize("name", [*faults.DECODER, *faults.COARSE])
def test_a_fault_of_reading_changes_weights_and_leaves_its_input_alone(name):
    blocks = fixtures.with_scales(fixtures.matrix(1, 4), 0.3, 0.7)
    before = blocks.copy()
    assert (dequantize(faults.blocks_as_read(blocks, name)) != dequantize(blocks)).any()
    assert (blocks == before).all()


def test_each_fault_of_reading_is_the_one_it_says():
    raw = fixtures.block(0, 0)
    sound = scalar_forms.fields(raw.tobytes())

    def read(name):
        return scalar_forms.fields(faults.blocks_as_read(raw, name).tobytes())

    assert read("scale_min_swapped").scales == sound.minima
    assert read("scale_min_swapped").minima == sound.scales
    assert read("nibble_order").nibbles[:32] == sound.nibbles[32:64]
    assert read("missing_minimum") == sound._replace(dmin=0.0)
    assert read("sub_block_shift").scales == (*sound.scales[1:], sound.scales[0])
    assert read("sub_block_shift").nibbles == sound.nibbles


def test_floor_activation_rounds_down_and_keeps_the_scale():
    x = fixtures.activation(0).reshape(1, 256)
    sound, floored = faults.quantize(x, None), faults.quantize(x, "floor_activation")
    assert (floored.scale == sound.scale).all()
    lower = sound.quants.astype(int) - floored.quants
    assert set(np.unique(lower)) == {0, 1}


def flipped_at(bit):
    def block(row, index):
        raw = ORIGINAL(row, index)
        raw[bit // 8] ^= 1 << (bit % 8)
        return raw

    return block


ORIGINAL = fixtures.block


@pytest.mark.parametrize("bit", [9, 25, 40, 100, 128, 1090])
def test_a_flipped_bit_of_the_block_moves_008(monkeypatch, bit):
    parameters = {
        **synthetic()["FFN-GGUF-008"].parameters,
        "random_vectors": 1,
        "random_rows": 1,
    }
    sound = numbers(path_difference.difference(Run(parameters)))
    monkeypatch.setattr(path_difference, "block", flipped_at(bit))
    moved = numbers(path_difference.difference(Run(parameters)))
    assert moved["path_a_bits"] != sound["path_a_bits"]
    assert moved["path_b_bits"] != sound["path_b_bits"]


def test_flipped_bits_of_the_vectors_move_006(monkeypatch):
    of = synthetic()["FFN-GGUF-006"]
    few = {**of.parameters, "scaled_copies": 1, "random_vectors": 1}
    sound = numbers(reduction_order.agreement(Run(few)))

    def flipped(length):
        a, b = fixtures.dot_vectors(length)
        a.view(np.uint32)[3] ^= 1
        b.view(np.uint32)[100] ^= 1 << 20
        return a, b

    monkeypatch.setattr(reduction_order, "dot_vectors", flipped)
    moved = numbers(reduction_order.agreement(Run(few)))
    assert moved["scalar_bits"] != sound["scalar_bits"]
    assert moved["lanes_bits"] != sound["lanes_bits"]


def test_a_flipped_bit_of_the_first_weight_moves_007(monkeypatch):
    parameters = {**synthetic()["FFN-GGUF-007"].parameters, "random_blocks": 8}
    sound = numbers(dequantization.unpacking(Run(parameters)))
    monkeypatch.setattr(dequantization, "block", flipped_at(8 * 16))
    moved = numbers(dequantization.unpacking(Run(parameters)))
    assert moved["first_weight_bits"] != sound["first_weight_bits"]
    assert moved["last_weight_bits"] == sound["last_weight_bits"]
    assert moved["mismatches"] == 0


def test_a_flipped_bit_of_one_row_moves_009_and_013(monkeypatch):
    drift = synthetic()["FFN-GGUF-009"]
    tokens = synthetic()["FFN-GGUF-013"]
    few = {"random_chains": 1, "random_batches": 1}

    def both():
        return (
            numbers(compounding.growth(Run({**drift.parameters, **few})))["vector_rel_diff"],
            numbers(token_batch.batch(Run({**tokens.parameters, **few})))["final_rel_diff"],
        )

    def flipped(index, rows):
        made = fixtures.matrix(index, rows)
        if index == 0:
            made[17, 0, 20] ^= 0x10
        return made

    sound = both()
    monkeypatch.setattr(compounding, "matrix", flipped)
    moved = both()
    assert all(before != after for before, after in zip(sound[0], moved[0], strict=True))
    assert all(before != after for before, after in zip(sound[1], moved[1], strict=True))


MOVES = {
    "FFN-GGUF-005": (
        "first_output_bits",
        {"weight": {"factor": 31, "modulus": 23, "centre": 11, "step": 0.051}},
    ),
    "FFN-GGUF-010": ("rel_diff_sequential", {"row": 1}),
    "FFN-GGUF-011": ("amplification_f64", {"logits": [-1.5, 0.5, -0.8, 10.000001, 1.2, -0.3, 0.7]}),
    "FFN-GGUF-012": ("output_drift_f32", {"key_position": 2}),
    "FFN-GGUF-015": ("drift_after", {"token": 1}),
}


@pytest.mark.parametrize("short", MOVES)
def test_a_changed_input_moves_the_measurement(short):
    metric, change = MOVES[short]
    of = synthetic()[short]
    assert numbers(measure(of))[metric] != numbers(measure(of, **change))[metric]
