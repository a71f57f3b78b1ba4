"""`pv trace`: what it prints, what it writes, how it refuses."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import BadInputError, MissingError, UsageError
from tests.unit.forward.random_model import Recipe, write_model

POINTS = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model") / "m.gguf", Recipe(architecture="qwen2"))


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))


def pv(*arguments):
    return CliRunner().invoke(app, ["trace", *(str(one) for one in arguments)])


@pytest.mark.parametrize("words", [(), ("--layer", "1"), ("--tokens", "last", "--show", "rms")])
def test_the_table_fits_80_columns(model, words):
    shown = pv(model, "--prompt", "the thing", *words)
    assert shown.exit_code == 0, shown.exception
    lines = shown.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines) >= POINTS
    assert "next: " in shown.output


def test_json_holds_every_slot_with_its_sample(model):
    shown = pv(model, "--prompt", "the thing", "--json")
    data = json.loads(shown.output)
    assert data == json.loads(pv(model, "--prompt", "the thing", "--format", "json").output)
    assert data["architecture"] == "qwen2"
    assert len(data["statistics"]) == 2 * POINTS + 2
    for each in data["statistics"]:
        assert each["count"] == np.prod(each["shape"])
        assert each["tokens"] == "all"
    assert data["not_applicable"] == []
    assert len(data["model"]["sha256"]) == 64


def test_the_payload_holds_the_arrays_of_the_statistics(model, tmp_path):
    payload = tmp_path / "arrays.safetensors"
    shown = pv(model, "--ids", "3,1,4,1,5", "--json", "--payload", payload)
    assert shown.exit_code == 0, shown.exception
    arrays = load_file(payload)
    data = json.loads(shown.stdout)
    assert len(arrays) == len(data["statistics"])
    for each in data["statistics"]:
        slot = each["point"] if each["layer"] is None else f"blk.{each['layer']}.{each['point']}"
        assert list(arrays[slot].shape) == each["shape"]
        assert arrays[slot].max() == pytest.approx(each["maximum"])


def test_a_name_stands_for_its_file(model):
    from pv.tensors import model_registry

    model_registry.add("mine", model)
    assert pv("mine", "--ids", "1 2 3").exit_code == 0


def fault(*arguments):
    return pv(*arguments).exception


def test_refusals_are_named(model, tmp_path):
    assert isinstance(fault(model), UsageError)
    assert isinstance(fault(model, "--prompt", "a", "--ids", "1"), UsageError)
    assert isinstance(fault(model, "--ids", "one"), UsageError)
    assert isinstance(fault(model, "--prompt", ""), UsageError)
    assert isinstance(fault(model, "--ids", "99999"), UsageError)
    assert "context has 512" in fault(model, "--ids", "1 " * 513).message
    assert isinstance(fault(model, "--ids", "1", "--layer", "9"), UsageError)
    assert isinstance(fault(model, "--ids", "1", "--payload", tmp_path / "no" / "x"), UsageError)
    assert isinstance(fault("no-such-model", "--ids", "1"), MissingError)
    assert isinstance(fault(tmp_path / "gone.gguf", "--ids", "1"), MissingError)
    (tmp_path / "bad.gguf").write_bytes(b"GGUF")
    assert isinstance(fault(tmp_path / "bad.gguf", "--ids", "1"), BadInputError)


def test_an_architecture_that_is_not_known_is_named(tmp_path):
    path = write_model(tmp_path / "g.gguf", Recipe(architecture="gpt2"))
    told = fault(path, "--ids", "1,2")
    assert isinstance(told, BadInputError)
    assert "gpt2" in told.explain()
    assert "llama, qwen2" in told.explain()
