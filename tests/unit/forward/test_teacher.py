"""Derived teachers: the same bytes every time, all but ffn_down unchanged, digests enforced."""

import hashlib
import re

import numpy as np
import pytest

from pv.errors import BadInputError, MissingError, UsageError
from pv.forward import teacher
from pv.forward.teacher import Derivation, derive, requantised_down, write_teacher
from pv.kernels.q4k_quantize.reference import quantize
from pv.tensors.dequantize import dequantize
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_errors import WrongTensorType
from pv.tensors.gguf_header import open_model
from pv.tensors.gguf_metadata import MetaArray
from pv.tensors.package_model import PackageModel


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def derivation(small_llama, tmp_path, monkeypatch) -> Derivation:
    """A derivation of the small model, known by name, its source found as a package's would be."""
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    source = small_llama(down="Q4_1")
    content = source.read_bytes()
    with open_model(source) as model:
        down = requantised_down(model)
        write_teacher(model, sha256(content), down, tmp_path / "expected.gguf")
    small = Derivation(
        "small-q4k",
        PackageModel("small", "1", "small.gguf", len(content), sha256(content)),
        tensors_sha256=sha256(b"".join(one.tobytes() for one in down)),
        first_blocks_sha256=sha256(b"".join(one[0, :144].tobytes() for one in down)),
        file_sha256=sha256((tmp_path / "expected.gguf").read_bytes()),
    )
    monkeypatch.setitem(teacher.DERIVATIONS, "small-q4k", small)
    monkeypatch.setattr(teacher, "find_package_model", lambda _: source)
    return small


def plain(model) -> dict[str, object]:
    return {
        key: value.values() if isinstance(value, MetaArray) else value
        for key, value in model.metadata.items()
    }


def test_everything_but_ffn_down_is_unchanged(derivation, small_llama):
    made = derive("small-q4k")
    with open_model(small_llama(down="Q4_1")) as source, open_model(made.path) as derived:
        assert list(derived.tensors) == list(source.tensors)
        for name, info in source.tensors.items():
            if "ffn_down" in name:
                found = np.frombuffer(derived.raw(name, require=GgmlType.Q4_K), np.uint8)
                expected = quantize(dequantize(source, name).reshape(-1, 256)).reshape(-1)
                np.testing.assert_array_equal(found, expected)
                assert derived.tensors[name].shape == info.shape
            else:
                assert derived.tensors[name].type is info.type
                assert derived.raw(name) == source.raw(name)
        added = {
            "pv.derived.recipe": "q4_1-to-q4_k",
            "pv.derived.version": 1,
            "pv.derived.source_sha256": derivation.source.sha256,
        }
        assert plain(derived) == plain(source) | added
        kinds = [source.metadata.kind(key) for key in source.metadata]
        assert [derived.metadata.kind(key) for key in source.metadata] == kinds
        assert derived.warnings == ()
    assert made.sha256 == sha256(made.path.read_bytes())
    assert (made.size, made.tensors_sha256) == (
        made.path.stat().st_size,
        derivation.tensors_sha256,
    )


def test_an_unchanged_teacher_is_not_derived_again(derivation):
    first = derive("small-q4k")

    def never(weights):
        raise AssertionError("the teacher lies there already")

    assert derive("small-q4k", never) == first


def test_a_damaged_teacher_is_replaced(derivation):
    made = derive("small-q4k")
    content = made.path.read_bytes()
    made.path.write_bytes(content[:-1] + b"\x55")
    assert derive("small-q4k") == made
    assert made.path.read_bytes() == content


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("tensors_sha256", "small-q4k: tensors ffn_down: expected sha256 00"),
        ("first_blocks_sha256", "small-q4k: first blocks of ffn_down: expected sha256 00"),
        ("file_sha256", "small-q4k: file: expected sha256 00"),
    ],
)
def test_another_digest_is_an_error_with_both(derivation, monkeypatch, field, words):
    wrong = derivation._replace(**{field: "0" * 64})
    monkeypatch.setitem(teacher.DERIVATIONS, "small-q4k", wrong)
    with pytest.raises(BadInputError, match=words) as caught:
        derive("small-q4k")
    assert f"found {getattr(derivation, field)}" in caught.value.message


def test_a_quantiser_off_by_one_nibble_is_caught(derivation):
    def off(weights):
        blocks = quantize(weights)
        blocks[-1, -1] ^= 0x10
        return blocks

    with pytest.raises(BadInputError, match="tensors ffn_down: expected sha256"):
        derive("small-q4k", off)
    assert not teacher.teacher_path(derivation).exists()


def test_only_q4_1_is_requantised(small_llama):
    words = "tensor 'blk.0.ffn_down.weight': expected type Q4_1, found Q4_K"
    refusal = pytest.raises(WrongTensorType, match=re.escape(words))
    with open_model(small_llama(down="Q4_K")) as model, refusal:
        requantised_down(model)


def test_an_unknown_teacher_names_those_that_are_known():
    with pytest.raises(UsageError, match="expected one of smollm2-135m-ffn-q4k"):
        derive("no-such-teacher")


def test_an_absent_package_is_missing(monkeypatch):
    absent = PackageModel("no-such-model-package", "1", "x", 1, "0" * 64)
    gone = teacher.SMOLLM2_FFN_Q4K._replace(source=absent)
    monkeypatch.setitem(teacher.DERIVATIONS, "gone", gone)
    with pytest.raises(MissingError, match="is not installed"):
        derive("gone")


def test_a_cache_that_cannot_be_written_is_a_usage_error(derivation, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.raises(UsageError, match="cannot be written"):
        derive("small-q4k")
