"""Opening sound GGUF files: what is read, how it is handed out, and which files are none."""

import os
import re
import struct
import time
from pathlib import Path

import pytest

from pv.errors import BadInputError, MissingError
from pv.tensors.ggml_types import BLOCKS, GgmlType, bytes_of
from pv.tensors.gguf_errors import ChangedModel, GgufError, WrongTensorType
from pv.tensors.gguf_header import open_model
from pv.tensors.gguf_layout import TensorInfo
from pv.tensors.gguf_metadata import MetaArray, ValueType
from tests.unit.tensors.gguf_drafts import ARRAY, F32, I32, Q6_K, STRING, U32, array, text, u32


def test_reads_what_the_independent_writer_wrote(written_model):
    with open_model(written_model) as model:
        plain = {k: v for k, v in model.metadata.items() if not isinstance(v, MetaArray)}
        arrays = {k: v.values() for k, v in model.metadata.items() if isinstance(v, MetaArray)}
        assert plain == {
            "general.architecture": "llama",
            "llama.block_count": 1,
            "llama.rope.freq_base": 10000.0,
            "general.name": "a small one" + "." * 224,
            "a.flag": True,
            "a.number": -5,
        }
        assert arrays == {
            "tokenizer.ggml.tokens": ("a", "é", "\u202e", ""),
            "tokenizer.ggml.scores": (0.5, -1.0, 2.0, 0.0),
        }
        down = model.tensors["blk.0.ffn_down.weight"]
        assert down == TensorInfo(
            "blk.0.ffn_down.weight", GgmlType.Q4_K, (4, 1024), (1024, 4), down.offset, 2304
        )
        expected = bytes(i % 251 for i in range(2304))
        assert bytes(model.raw("blk.0.ffn_down.weight", require=GgmlType.Q4_K)) == expected
        assert (model.version, model.warnings, model.size) == (
            3,
            (),
            written_model.stat().st_size,
        )


def test_agrees_with_the_independent_reader(written_model, draft, tmp_path, differential):
    drafted = tmp_path / "draft.gguf"
    drafted.write_bytes(draft.packed())
    assert differential([written_model, drafted]) == 2


def test_views_are_read_only_and_outlive_the_file(written_model):
    with open_model(written_model) as model:
        view = model.raw("output_norm.weight")
    assert view.readonly
    assert struct.unpack_from("<f", view) == (-1.0,)
    view.release()


def test_a_view_copies_nothing(written_model):
    with open_model(written_model) as model:
        first, second = model.raw("output_norm.weight"), model.raw("output_norm.weight")
        assert first.obj is second.obj


def test_a_second_look_reads_its_own_mapping_and_notices_another_file(written_model):
    with open_model(written_model) as first:
        seen = {name: value for name, value in first.metadata.items() if is_plain(value)}
    with open_model(written_model) as second:
        assert {name: second.metadata[name] for name in seen} == seen
        assert second.metadata["tokenizer.ggml.tokens"].values()
    with written_model.open("ab") as file:
        file.write(bytes(32))
    with open_model(written_model) as third:
        assert third.size == second.size + 32
        assert {name: third.metadata[name] for name in seen} == seen


def is_plain(value):
    return isinstance(value, str | int | float)


def test_wrong_type_names_both_types_and_the_tensor(draft, tmp_path):
    path = tmp_path / "six.gguf"
    draft.tensors[0].kind = Q6_K  # 16 blocks of 210 bytes
    draft.tensors[1].offset = 3360
    draft.data = bytes(3360 + 1056)
    path.write_bytes(draft.packed())
    with open_model(path) as model, pytest.raises(WrongTensorType) as caught:
        model.raw("blk.0.ffn_down.weight", require=GgmlType.Q4_K)
    assert "tensor 'blk.0.ffn_down.weight': expected type Q4_K, found Q6_K" in caught.value.message
    assert (caught.value.required, caught.value.found) == (GgmlType.Q4_K, GgmlType.Q6_K)


def test_absent_tensor_names_the_nearest(written_model):
    with open_model(written_model) as model, pytest.raises(BadInputError) as caught:
        model.raw("blk.0.ffn_dwn.weight")
    assert "the nearest name is 'blk.0.ffn_down.weight'" in caught.value.message


@pytest.mark.parametrize("change", ["longer", "shorter", "touched"])
def test_a_change_after_the_scan_is_refused(written_model, change):
    with open_model(written_model) as model:
        if change == "touched":
            os.utime(written_model, ns=(1, 1))
        else:
            os.truncate(written_model, model.size + (4 if change == "longer" else -4))
        with pytest.raises(ChangedModel, match="changed while it was in use"):
            model.raw("output_norm.weight")


def _make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (Path.mkdir, "is a directory, expected a regular file"),
        (_make_fifo, "is a named pipe, expected a regular file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a character device"),
        (lambda path: path.symlink_to(path), "cannot be opened"),
        (lambda path: path.write_bytes(b""), "the file is empty"),
    ],
    ids=["directory", "fifo", "device", "loop", "empty"],
)
def test_what_is_no_regular_file_is_refused(tmp_path, make, words):
    path = tmp_path / "model.gguf"
    make(path)
    with pytest.raises(GgufError, match=re.escape(words)):
        open_model(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(MissingError, match="no such model file"):
        open_model(tmp_path / "none.gguf")


def test_version_two_is_read_with_a_warning(draft, tmp_path):
    path = tmp_path / "two.gguf"
    draft.version = struct.pack("<I", 2)
    path.write_bytes(draft.packed())
    with open_model(path) as model:
        assert model.warnings == ("version 2 of the format, 3 is current",)


def test_a_part_of_a_split_model_is_read_with_a_warning(draft, tmp_path):
    path = tmp_path / "part.gguf"
    draft.set_key(b"llama.block_count", U32, u32(9))
    draft.set_key(b"split.count", U32, u32(3))
    path.write_bytes(draft.packed())
    with open_model(path) as model:
        assert model.warnings == ("one part of a model split into 3 files",)


def test_gaps_are_reported(draft, tmp_path):
    path = tmp_path / "gap.gguf"
    draft.tensors[1].offset += 64
    draft.data = bytes(2304 + 64 + 1056 + 96)
    path.write_bytes(draft.packed())
    with open_model(path) as model:
        assert model.warnings == (
            "64 unused bytes before tensor 'output_norm.weight'",
            "96 unused bytes after the last tensor",
        )


@pytest.mark.parametrize("name", [b"../../etc/passwd", b"\x1b[2J", "\u202egnp".encode()])
def test_hostile_names_are_escaped_when_shown(draft, tmp_path, name):
    path = tmp_path / "names.gguf"
    draft.tensors[1].name = name
    path.write_bytes(draft.packed())
    with open_model(path) as model, pytest.raises(WrongTensorType) as caught:
        model.raw(name.decode(), require=GgmlType.Q4_K)
    assert caught.value.explain().isprintable() is False  # the line break before the advice
    assert all(part.isprintable() for part in caught.value.explain().split("\n"))


def test_large_vocabularies_cost_little(draft, tmp_path):
    count = 250_000
    tokens = b"".join(text(b"token%d" % index) for index in range(count))
    draft.set_key(b"tokenizer.ggml.tokens", ARRAY, array(STRING, count, tokens))
    draft.set_key(b"tokenizer.ggml.scores", ARRAY, array(F32, count, bytes(4 * count)))
    draft.set_key(b"tokenizer.ggml.token_type", ARRAY, array(I32, count, bytes(4 * count)))
    path = tmp_path / "large.gguf"
    path.write_bytes(draft.packed())
    start = time.perf_counter()
    with open_model(path) as model:
        took = time.perf_counter() - start
        tokens_found = model.metadata["tokenizer.ggml.tokens"]
        assert (tokens_found.element, len(tokens_found)) == (ValueType.STRING, count)
        assert tokens_found.strings()[-1] == "token249999"
    assert took < 2.0  # measured 0.1 s; the bound only excludes one object per element


def test_block_sizes_are_those_of_the_independent_table():
    import gguf

    sizes = {int(kind): size for kind, size in gguf.GGML_QUANT_SIZES.items()}
    stored = {int(kind): tuple(block) for kind, block in BLOCKS.items() if int(kind) in sizes}
    assert stored == {number: sizes[number] for number in stored}
    assert set(BLOCKS) == set(GgmlType)
    assert len(stored) >= 28


def test_bytes_of_refuses_part_of_a_block():
    assert bytes_of(GgmlType.Q4_K, 512) == 288
    with pytest.raises(ValueError, match="not whole blocks of 256"):
        bytes_of(GgmlType.Q4_K, 300)
