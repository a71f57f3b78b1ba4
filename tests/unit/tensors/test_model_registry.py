"""Names of models: added, listed, verified and resolved; every absence and change has its error."""

import hashlib
import json
import os
import shutil

import pytest

from pv.errors import BadInputError, MissingError, UsageError
from pv.marks import Mark
from pv.tensors import model_registry
from pv.tensors.model_registry import Resolved


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    """Keep the user's own folders out of it."""
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def digest(written_model) -> str:
    return hashlib.sha256(written_model.read_bytes()).hexdigest()


def test_add_list_verify_resolve(written_model, digest, tmp_path):
    expected = Resolved("tiny-q4k", written_model, digest)
    assert model_registry.listed() == ()
    assert model_registry.add("tiny-q4k", written_model) == expected
    assert model_registry.listed() == (expected,)
    assert model_registry.verify("tiny-q4k") == expected
    assert model_registry.resolve("tiny-q4k") == expected
    assert [one.name for one in (tmp_path / "config").iterdir()] == ["models.json"]


def test_the_configuration_is_plain_json(written_model, digest):
    model_registry.add("b", written_model)
    model_registry.add("a", written_model)
    entry = {"path": str(written_model), "sha256": digest}
    found = json.loads(model_registry.configuration_path().read_text())
    assert found == {"format": 1, "models": {"a": entry, "b": entry}}
    assert list(found["models"]) == ["a", "b"]


def test_an_override_wins_over_environment_and_configuration(
    written_model, digest, tmp_path, monkeypatch
):
    other, third = tmp_path / "other.gguf", tmp_path / "third.gguf"
    shutil.copy(written_model, other)
    shutil.copy(written_model, third)
    model_registry.add("tiny.q4", written_model)
    monkeypatch.setenv("PV_MODEL_TINY_Q4", str(other))
    assert model_registry.resolve("tiny.q4") == Resolved("tiny.q4", other, digest)
    assert model_registry.resolve("tiny.q4", third) == Resolved("tiny.q4", third, digest)


def test_an_unknown_name_says_how_to_add_it(written_model):
    with pytest.raises(MissingError) as caught:
        model_registry.resolve("big")
    assert caught.value.explain() == (
        "model 'big' is not configured, no model is configured\n  do: pv models add big PATH"
    )
    model_registry.add("small", written_model)
    with pytest.raises(MissingError, match="'big' is not configured, known are small"):
        model_registry.resolve("big")


def test_a_file_that_is_gone_is_missing(written_model):
    model_registry.add("tiny", written_model)
    written_model.unlink()
    with pytest.raises(MissingError, match="is gone"):
        model_registry.resolve("tiny")


@pytest.mark.parametrize("ask", [model_registry.resolve, model_registry.verify])
def test_a_changed_file_is_an_error_with_both_digests(written_model, digest, ask):
    model_registry.add("tiny", written_model)
    content = bytearray(written_model.read_bytes())
    content[-1] ^= 1
    written_model.write_bytes(content)
    with pytest.raises(BadInputError) as caught:
        ask("tiny")
    changed = hashlib.sha256(content).hexdigest()
    assert f"expected sha256 {digest}, found {changed}" in caught.value.message


def test_verify_sees_a_bit_that_rotted_behind_the_same_time(written_model, monkeypatch):
    monkeypatch.setattr("pv.tensors.digest._SETTLED_AFTER", -1.0)
    model_registry.add("tiny", written_model)
    before = written_model.stat()
    with written_model.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x55")
    os.utime(written_model, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(BadInputError, match="changed: expected sha256"):
        model_registry.verify("tiny")


def test_only_sound_models_are_added(tmp_path):
    path = tmp_path / "text.gguf"
    path.write_text("GGUF it is not")
    with pytest.raises(BadInputError, match="version: is"):
        model_registry.add("text", path)
    with pytest.raises(MissingError):
        model_registry.add("none", tmp_path / "none.gguf")
    loop = tmp_path / "loop.gguf"
    loop.symlink_to(loop)
    with pytest.raises(BadInputError, match="cannot be opened: Too many levels"):
        model_registry.add("loop", loop)
    assert model_registry.listed() == ()


@pytest.mark.parametrize("name", ["", "-x", "../x", "a b", "a\n", "x" * 129, "\u202ex"])
def test_names_that_are_none_are_refused(written_model, name):
    with pytest.raises(UsageError, match="model name"):
        model_registry.add(name, written_model)


@pytest.mark.parametrize(
    ("content", "words", "mark"),
    [
        (b'{\n  "format": 1,\n  oops', "is not JSON: Expecting property name", Mark(3, 3)),
        (b"\xff\xfe\x00", "is not JSON", Mark(1, 1)),
        (b"[" * 100_000, "is not JSON", Mark(1, 1)),
        (b"[]", "expected an object with format 1", Mark(1, 1)),
        (b'{"format": 2, "models": {}}', "expected an object with format 1", Mark(1, 1)),
        (b'{"format": 1, "models": []}', "expected an object under 'models'", Mark(1, 1)),
        (b'{"format": 1, "models": {"a": {}}}', "model 'a': expected a path and", Mark(1, 1)),
        (b'{"format": 1, "models": {"a": 3}}', "model 'a': expected a path and", Mark(1, 1)),
        (b" " * (2 << 20), "is longer than 1048576 bytes", Mark(1, 1)),
    ],
)
def test_a_damaged_configuration_is_a_located_error(content, words, mark, written_model):
    path = model_registry.configuration_path()
    path.parent.mkdir()
    path.write_bytes(content)
    for ask in (model_registry.listed, lambda: model_registry.add("x", written_model)):
        with pytest.raises(UsageError, match=words) as caught:
            ask()
        assert (caught.value.span.file, caught.value.span.start) == (str(path), mark)
    assert path.read_bytes() == content  # nothing is lost by trying


def test_a_folder_that_cannot_be_written_is_a_usage_error(written_model, tmp_path):
    (tmp_path / "config").mkdir()
    model_registry.configuration_path().mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        model_registry.add("tiny", written_model)
