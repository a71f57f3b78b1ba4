"""Damaged and hostile GGUF files: each is refused in time, with a place, and never by accident."""

import os
import random
import re
import resource
import struct
import time
from pathlib import Path

import pytest

from pv.errors import PvError
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from pv.tensors.gguf_metadata import MetaArray
from tests.unit.tensors.gguf_drafts import (
    ARRAY,
    BOOL,
    F32,
    F32_TENSOR,
    I32,
    STRING,
    U8,
    U32,
    DraftTensor,
    array,
    text,
    u32,
)

SLOWEST = 5.0  # seconds a single file may take


def setting(**fields):
    def apply(draft):
        for name, value in fields.items():
            setattr(draft, name, value)

    return apply


def key(name: bytes, kind: int, value: bytes):
    return lambda draft: draft.set_key(name, kind, value)


def raw_key(packed_name: bytes):
    return lambda draft: draft.keys.append((packed_name, U32, u32(1)))


def first(**fields):
    """Change the first tensor, the Q4_K one of 1024 columns and 4 rows."""

    def apply(draft):
        for name, value in fields.items():
            setattr(draft.tensors[0], name, value)

    return apply


def second(**fields):
    def apply(draft):
        for name, value in fields.items():
            setattr(draft.tensors[1], name, value)

    return apply


def drop_alignment_and_misplace(draft):
    draft.keys = [one for one in draft.keys if b"alignment" not in one[0]]
    draft.tensors[1].offset = 2304 + 16


CASES = {
    "wrong magic": (setting(magic=b"GGML"), "magic: is b'GGML', expected b'GGUF'"),
    "reversed magic": (setting(magic=b"FUGG"), "magic: is a big-endian GGUF file"),
    "version 0": (setting(version=u32(0)), "version: is 0, expected 2 or 3"),
    "version 1": (setting(version=u32(1)), "version: is 1, expected 2 or 3"),
    "version 99": (setting(version=u32(99)), "version: is 99"),
    "version 2^32-1": (setting(version=b"\xff" * 4), "version: is 4294967295"),
    "big-endian version": (setting(version=b"\0\0\0\x03"), "version: is 3 in big-endian order"),
    "tensors 10^7": (setting(tensor_count=10**7), "tensor count: is 10000000, the limit is"),
    "tensors 10^6": (setting(tensor_count=10**6), "tensor count: is 1000000, the limit is"),
    "tensors 2^16": (setting(tensor_count=2**16), "65536 items of tensor count: the file ends"),
    "tensors 2^63": (setting(tensor_count=2**63), "tensor count: is 9223372036854775808"),
    "tensors 2^64-1": (setting(tensor_count=2**64 - 1), "tensor count: is"),
    "keys 2^40": (setting(key_count=2**40), "key-value count: is 1099511627776"),
    "keys 2^63": (setting(key_count=2**63), "key-value count: is"),
    "keys 2^16": (setting(key_count=2**16), "65536 items of key-value count: the file ends"),
    "key length 2^62": (raw_key(text(b"k", 2**62)), "key 8: length is"),
    "key length 2^64-1": (raw_key(text(b"k", 2**64 - 1)), "key 8: length is"),
    "key length 0": (raw_key(text(b"")), "key 8: is empty"),
    "key with NUL": (raw_key(text(b"a\0b")), "key 8: contains NUL"),
    "key not UTF-8": (raw_key(text(b"\xff\xfe")), "key 8: is not UTF-8"),
    "key twice": (raw_key(text(b"a.flag")), "key 'a.flag': occurs twice"),
    "string 2^40": (key(b"s", STRING, text(b"", 2**40)), "key 's': length is 1099511627776"),
    "string 2^63": (key(b"s", STRING, text(b"", 2**63)), "key 's': length is"),
    "string 2^64-1": (key(b"s", STRING, text(b"", 2**64 - 1)), "key 's': length is"),
    "string past end": (key(b"s", STRING, text(b"", 10**6)), "key 's': the file ends too early"),
    "string not UTF-8": (key(b"s", STRING, text(b"ok\xff")), "key 's': is not UTF-8"),
    "u8 array 2^40": (key(b"a", ARRAY, array(U8, 2**40)), "elements of key 'a': the file ends"),
    "u8 array 2^63": (key(b"a", ARRAY, array(U8, 2**63)), "elements of key 'a': the file ends"),
    "u32 array 10^7": (key(b"a", ARRAY, array(U32, 10**7)), "10000000 elements of key 'a'"),
    "i32 array 2^40, unaligned": (key(b"abc", ARRAY, array(I32, 2**40)), "elements of key 'abc'"),
    "string array 10^8": (key(b"a", ARRAY, array(STRING, 10**8)), "100000000 elements of key 'a'"),
    "string array, long element": (
        key(b"a", ARRAY, array(STRING, 2, text(b"x") + text(b"", 2**63))),
        "key 'a'[1]: string of 9223372036854775808 bytes passes the end",
    ),
    "array of arrays": (
        key(b"a", ARRAY, array(ARRAY, 1, array(U8, 1, b"x"))),
        "key 'a': is an array of arrays",
    ),
    "array of arrays, 5000 deep": (
        key(b"a", ARRAY, array(ARRAY, 1) * 5000),
        "key 'a': is an array of arrays",
    ),
    "array of arrays 10^7": (key(b"a", ARRAY, array(ARRAY, 10**7)), "is an array of arrays"),
    "bool 2": (key(b"b", BOOL, b"\x02"), "key 'b': bool is 2, expected 0 or 1"),
    "value type 13": (key(b"t", 13, b""), "value type of key 't': unknown value type 13"),
    "value type 77": (key(b"t", 77, b""), "unknown value type 77"),
    "value type 255": (key(b"t", 255, b""), "unknown value type 255"),
    "element type 13": (
        key(b"t", ARRAY, array(13, 1)),
        "element of key 't': unknown value type 13",
    ),
    "alignment 0": (key(b"general.alignment", U32, u32(0)), "is 0, expected a power of two"),
    "alignment 3": (key(b"general.alignment", U32, u32(3)), "is 3, expected a power of two"),
    "alignment 4": (key(b"general.alignment", U32, u32(4)), "is 4, expected a power of two"),
    "alignment 2^31": (key(b"general.alignment", U32, u32(2**31)), "is 2147483648, expected"),
    "alignment as text": (
        key(b"general.alignment", STRING, text(b"32")),
        "key 'general.alignment': expected u32, found string",
    ),
    "alignment absent": (drop_alignment_and_misplace, "offset 2320 is not a multiple of"),
    "no dimensions": (first(n_dims=0, dims=[]), "has 0 dimensions, expected 1 to 4"),
    "5 dimensions": (first(dims=[256, 1, 1, 1, 1]), "has 5 dimensions"),
    "10^6 dimensions": (first(n_dims=10**6), "has 1000000 dimensions"),
    "2^31 dimensions": (first(n_dims=2**31), "has 2147483648 dimensions"),
    "2^32-1 dimensions": (first(n_dims=2**32 - 1), "has 4294967295 dimensions"),
    "dims 2^40 x 2^40": (first(dims=[2**40, 2**40]), "passes 2^63"),
    "dims 2^32 x 2^32": (first(dims=[2**32, 2**32]), "passes 2^63"),
    "dims wrap to 4": (first(dims=[2**33, 2**33, 2]), "passes 2^63"),
    "dim 0": (first(dims=[1024, 0]), "a dimension is 0: (1024, 0)"),
    "dims past the end": (first(dims=[2**30, 4]), "pass the end of the file"),
    "300 columns of Q4_K": (first(dims=[300, 4]), "rows of 300 are not whole blocks of 256"),
    "100 columns of Q4_K": (first(dims=[100, 4]), "rows of 100 are not whole blocks of 256"),
    "tensor type 4": (first(kind=4), "unsupported tensor type 4, Q4_2, which ggml removed"),
    "tensor type 15": (first(kind=15), "unsupported tensor type 15"),
    "tensor type 999": (first(kind=999), "unsupported tensor type 999"),
    "tensor type 9999": (first(kind=9999), "unsupported tensor type 9999"),
    "offset 1": (first(offset=1), "offset 1 is not a multiple of the alignment 32"),
    "offset 7": (second(offset=7), "offset 7 is not a multiple"),
    "offset 2^30": (second(offset=2**30), "pass the end of the file · needed 1056 bytes, 0 left"),
    "offset 2^63": (second(offset=2**63), "pass the end of the file"),
    "offset 2^64-32": (second(offset=2**64 - 32), "pass the end of the file"),
    "same offset": (second(offset=0), "overlaps tensor"),
    "partial overlap": (
        second(offset=2304 - 32),
        "'output_norm.weight': overlaps tensor 'blk.0.ffn_down.weight'",
    ),
    "a byte short": (
        setting(data=bytes(2304 + 1055)),
        "pass the end of the file · needed 1056 bytes, 1055 left",
    ),
    "tensor twice": (
        second(name=b"blk.0.ffn_down.weight"),
        "'blk.0.ffn_down.weight': occurs twice",
    ),
    "name with NUL": (first(name=b"a\0b"), "name of tensor 0: contains NUL"),
    "name empty": (first(name=b""), "name of tensor 0: is empty"),
    "name of 10000": (first(name=b"n" * 10_000), "length is 10000, the limit is 64 bytes"),
    "name not UTF-8": (first(name=b"\xc3"), "name of tensor 0: is not UTF-8"),
    "name length 2^64-1": (first(name_length=2**64 - 1), "name of tensor 0: length is"),
    "scores as u8": (
        key(b"tokenizer.ggml.scores", ARRAY, array(U8, 2, b"ab")),
        "key 'tokenizer.ggml.scores': expected an array of f32, found an array of u8",
    ),
    "scores as number": (
        key(b"tokenizer.ggml.scores", F32, u32(0)),
        "expected an array of f32, found f32",
    ),
    "tokens as numbers": (
        key(b"tokenizer.ggml.tokens", ARRAY, array(U8, 2, b"ab")),
        "expected an array of string, found an array of u8",
    ),
    "architecture as number": (
        key(b"general.architecture", U32, u32(1)),
        "key 'general.architecture': expected string, found u32",
    ),
    "width as text": (
        key(b"llama.embedding_length", STRING, text(b"576")),
        "key 'llama.embedding_length': expected i16/i32/i64/i8/u16/u32/u64/u8, found string",
    ),
    "layers 0": (key(b"llama.block_count", U32, u32(0)), "is 0, expected 1 to 512"),
    "layers 513": (key(b"llama.block_count", U32, u32(513)), "is 513, expected 1 to 512"),
    "layer missing": (
        key(b"llama.block_count", U32, u32(2)),
        "declares 2 layers, but the file has no tensor of layer 1",
    ),
    "layer too many": (
        first(name=b"blk.7.ffn_down.weight"),
        "declares 1 layers, but the file has no tensor of layer 0",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_damage_is_refused_with_its_place(draft, tmp_path, case):
    apply, words = CASES[case]
    apply(draft)
    path = tmp_path / "damaged.gguf"
    path.write_bytes(draft.packed())
    start = time.perf_counter()
    with pytest.raises(GgufError, match=re.escape(words)) as caught:
        open_model(path)
    assert time.perf_counter() - start < SLOWEST
    assert str(path) in caught.value.message
    assert 0 <= caught.value.offset <= path.stat().st_size
    assert f"byte {caught.value.offset}: {caught.value.field}" in caught.value.message
    assert (caught.value.needed is None) == (caught.value.left is None)
    assert all(line.isprintable() for line in caught.value.explain().split("\n"))


def test_every_cut_is_refused(written_model):
    size = written_model.stat().st_size
    assert size == 4096
    for length in range(size - 1, -1, -1):
        os.truncate(written_model, length)
        with pytest.raises(GgufError):
            open_model(written_model)


def test_a_cut_in_the_header_counts_what_is_missing(written_model):
    os.truncate(written_model, 12)
    with pytest.raises(GgufError) as caught:
        open_model(written_model)
    fault = caught.value
    assert (fault.offset, fault.needed, fault.left) == (8, 8, 4)
    assert fault.field == "tensor count"


def test_a_true_big_endian_file_is_refused_by_name(tmp_path):
    import gguf
    import numpy as np

    path = tmp_path / "big.gguf"
    writer = gguf.GGUFWriter(path, "llama", endianess=gguf.GGUFEndian.BIG)
    writer.add_tensor("a", np.zeros(32, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(GgufError, match="big-endian order, which is not supported"):
        open_model(path)


def test_strings_that_are_not_utf8_are_refused_when_decoded(draft, tmp_path):
    draft.set_key(b"tokenizer.ggml.tokens", ARRAY, array(STRING, 2, text(b"ok") + text(b"\xff")))
    path = tmp_path / "tokens.gguf"
    path.write_bytes(draft.packed())
    with open_model(path) as model:
        tokens = model.metadata["tokenizer.ggml.tokens"]
        with pytest.raises(GgufError, match=re.escape("'tokenizer.ggml.tokens'[1]: is not UTF-8")):
            tokens.values()


def test_a_sparse_file_cannot_buy_time_with_empty_strings(draft, tmp_path):
    draft.set_key(b"a", ARRAY, array(STRING, 10**8))
    path = tmp_path / "sparse.gguf"
    path.write_bytes(draft.packed())
    os.truncate(path, 2 << 30)
    start = time.perf_counter()
    with pytest.raises(GgufError, match="strings in arrays pass the limit"):
        open_model(path)
    assert time.perf_counter() - start < SLOWEST


def test_the_most_tensors_take_no_time(draft, tmp_path):
    names = (b"%x" % index for index in range(1 << 16))
    draft.tensors = [
        DraftTensor(name, [8], F32_TENSOR, 32 * index) for index, name in enumerate(names)
    ]
    draft.keys = []
    draft.data = bytes(32 << 16)
    path = tmp_path / "many.gguf"
    path.write_bytes(draft.packed())
    start = time.perf_counter()
    with open_model(path) as model:
        assert len(model.tensors) == 1 << 16
    assert time.perf_counter() - start < SLOWEST


EXTREMES = [0, 1, 2**31, 2**32 - 1, 2**40, 2**62, 2**63, 2**64 - 32, 2**64 - 1]


def mutate(data: bytes, dice: random.Random) -> bytes:
    """Change 1 to 4 places: bytes, extreme lengths, cuts and insertions, mostly in the header."""
    found = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(min(len(found), 700) if dice.random() < 0.9 else len(found))
        match dice.randrange(5):
            case 0:
                found[at] = dice.randrange(256)
            case 1:
                found[at] ^= 1 << dice.randrange(8)
            case 2:
                found[at : at + 8] = struct.pack("<Q", dice.choice(EXTREMES))
            case 3:
                del found[at : at + dice.randint(1, 16)]
            case _:
                found[at:at] = dice.randbytes(dice.randint(1, 16))
    return bytes(found)


def use_fully(path: Path) -> bool:
    """Open a file and read all of it; False where it was refused as bad input."""
    refused = None
    try:
        with open_model(path) as model:
            for value in model.metadata.values():
                if isinstance(value, MetaArray):
                    value.values()
            for name in model.tensors:
                bytes(model.raw(name))
    except PvError as refusal:
        refused = refusal
    if refused is not None:
        assert refused.exit_code == 3
        assert all(line.isprintable() for line in refused.explain().split("\n"))
    return refused is None


def run_mutations(data: bytes, folder: Path, count: int, seed: int) -> list[Path]:
    """Try `count` mutations; return the files that were accepted."""
    dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
    accepted: list[Path] = []
    for index in range(count):
        path = folder / f"m{index}.gguf"
        path.write_bytes(mutate(data, dice))
        start = time.perf_counter()
        if use_fully(path):
            accepted.append(path)
        else:
            path.unlink()
        assert time.perf_counter() - start < SLOWEST, f"mutation {index} of seed {seed}"
    return accepted


def test_random_mutations_never_surprise(draft, tmp_path, differential):
    accepted = run_mutations(draft.packed(), tmp_path, 1000, seed=20260507)
    assert 20 < len(accepted) < 700  # both outcomes are met
    assert differential(accepted) > 10


@pytest.mark.soak
def test_many_random_mutations_never_surprise(draft, tmp_path, differential):
    accepted = run_mutations(draft.packed(), tmp_path, 10_000, seed=7)
    assert differential(accepted) > 100
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 512 << 10
