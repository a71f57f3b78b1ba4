"""Every type that can be decoded equals the independent decoder bit for bit; damage is refused."""

import re
import struct
import time

import gguf
import numpy as np
import pytest

from pv.tensors.dequantize import dequantize, dequantize_rows
from pv.tensors.ggml_types import BLOCKS, GgmlType
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model

F32 = GgmlType.F32
WEIGHTS = [kind for kind in GgmlType if kind not in {GgmlType.I8, GgmlType.I16, GgmlType.I32}]
DECODED = [
    GgmlType.F16,
    GgmlType.BF16,
    GgmlType.Q4_0,
    GgmlType.Q4_1,
    GgmlType.Q5_0,
    GgmlType.Q5_1,
    GgmlType.Q8_0,
    GgmlType.Q4_K,
    GgmlType.Q5_K,
    GgmlType.Q6_K,
]


def write(path, kind: GgmlType, raw: np.ndarray):
    """Write one matrix of `raw` bytes (rows, row bytes)."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tensor("w", raw, raw_dtype=gguf.GGMLQuantizationType(int(kind)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def random_blocks(kind: GgmlType, rows: int, blocks: int, seed: int) -> np.ndarray:
    """Random bytes of a type whose every value is finite: f16 parts get a small exponent."""
    random = np.random.default_rng(seed)
    raw = random.integers(0, 256, (rows, blocks, BLOCKS[kind].nbytes), dtype=np.uint8)
    if kind in {GgmlType.F16, GgmlType.BF16}:
        raw[..., 1] &= 0x3F
    elif kind is GgmlType.Q6_K:
        raw[..., 209] &= 0xBF
    else:
        raw[..., 1] &= 0xBF
        raw[..., 3] &= 0xBF
    return raw.reshape(rows, -1)


@pytest.mark.parametrize("kind", DECODED, ids=lambda kind: kind.name)
def test_bits_are_those_of_the_independent_decoder(tmp_path, kind):
    blocks = 1500 if BLOCKS[kind].weights == 32 else 7  # more than one slice, the last one short
    raw = random_blocks(kind, rows=3, blocks=blocks, seed=int(kind))
    expected = gguf.quants.dequantize(raw, gguf.GGMLQuantizationType(int(kind)))
    with open_model(write(tmp_path / "one.gguf", kind, raw)) as model:
        found = dequantize(model, "w")
        chosen = dequantize_rows(model, "w", np.array([2, 0, 2]))
    assert found.dtype == np.float32
    assert found.shape == (3, blocks * BLOCKS[kind].weights)
    np.testing.assert_array_equal(found.view(np.uint32), expected.astype("f4").view(np.uint32))
    np.testing.assert_array_equal(chosen, expected[[2, 0, 2]])


@pytest.mark.parametrize("kind", [GgmlType.F32, GgmlType.F64], ids=lambda kind: kind.name)
def test_plain_floats_are_taken_as_they_are(tmp_path, kind):
    values = np.linspace(-3, 3, 64).astype("<f4" if kind is F32 else "<f8").reshape(2, 32)
    with open_model(write(tmp_path / "one.gguf", kind, values.view(np.uint8))) as model:
        np.testing.assert_array_equal(dequantize(model, "w"), values.astype(np.float32))


def test_q4_1_layout_by_hand(tmp_path):
    block = struct.pack("<ee", 0.5, -2.0) + bytes(range(0x10, 0x20))
    raw = np.frombuffer(block, np.uint8).reshape(1, 20)
    with open_model(write(tmp_path / "one.gguf", GgmlType.Q4_1, raw)) as model:
        found = dequantize(model, "w")[0]
    assert found.tolist() == [0.5 * q - 2.0 for q in range(16)] + [-1.5] * 16


@pytest.mark.parametrize(
    "scale", [b"\x00\x7e", b"\x00\x7c", b"\x00\xfc"], ids=["nan", "inf", "-inf"]
)
@pytest.mark.parametrize("kind", [GgmlType.Q4_1, GgmlType.Q8_0, GgmlType.Q4_K, GgmlType.Q5_0])
def test_scales_that_are_not_finite_are_refused(tmp_path, kind, scale):
    raw = random_blocks(kind, rows=2, blocks=2, seed=1)
    raw[1, :2] = np.frombuffer(scale, np.uint8)
    path = write(tmp_path / "one.gguf", kind, raw)
    place = re.escape(f"tensor 'w': value {2 * BLOCKS[kind].weights}")
    with open_model(path) as model, pytest.raises(GgufError, match=place):
        dequantize(model, "w")


def test_negative_and_subnormal_scales_are_weights_too(tmp_path):
    block = struct.pack("<ee", -1.0, 2.0**-24) + b"\xf0" * 16
    raw = np.frombuffer(block, np.uint8).reshape(1, 20)
    with open_model(write(tmp_path / "one.gguf", GgmlType.Q4_1, raw)) as model:
        found = dequantize(model, "w")[0]
    assert found[:16].tolist() == [2.0**-24] * 16
    assert found[16:].tolist() == [np.float32(-15.0) + np.float32(2.0**-24)] * 16


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (GgmlType.I32, "holds integers (I32), expected weights"),
        (GgmlType.Q1_0, "type Q1_0 cannot be decoded by the installed gguf package"),
    ],
)
def test_what_holds_no_weights_is_refused(tmp_path, kind, words):
    raw = np.zeros((1, 4 * BLOCKS[kind].nbytes), np.uint8)
    path = write(tmp_path / "one.gguf", kind, raw)
    with open_model(path) as model, pytest.raises(GgufError, match=re.escape(words)):
        dequantize(model, "w")


@pytest.mark.parametrize("rows", [[3], [-1], [0, 99]])
def test_rows_that_do_not_exist_are_refused(tmp_path, rows):
    raw = random_blocks(GgmlType.Q8_0, rows=3, blocks=1, seed=1)
    with open_model(write(tmp_path / "one.gguf", GgmlType.Q8_0, raw)) as model:
        with pytest.raises(GgufError, match="the matrix has 3"):
            dequantize_rows(model, "w", np.array(rows))
        assert dequantize_rows(model, "w", np.array([], int)).shape == (0, 32)


def test_q4_1_is_fast(tmp_path):
    raw = random_blocks(GgmlType.Q4_1, rows=1000, blocks=320, seed=2)
    with open_model(write(tmp_path / "one.gguf", GgmlType.Q4_1, raw)) as model:
        start = time.perf_counter()
        weights = dequantize(model, "w").size
        took = time.perf_counter() - start
    assert weights / took > 25e6  # a second; measured 150e6 and more, the rest is a busy machine
