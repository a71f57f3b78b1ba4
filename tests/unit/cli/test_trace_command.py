"""`pv trace`: what it prints, what it writes, how it refuses."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import BadInputError, MissingError, UsageError
from pv.model.measurement import UnlikeStatisticsError
from tests.unit.forward.random_model import Recipe, write_model

POINTS = 8
WORDS = ("--ids", "3,1,4,1,5")


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


@pytest.fixture
def payload(model, tmp_path):
    """Arrays of the production engine over all tokens."""
    path = tmp_path / "theirs.safetensors"
    assert pv(model, *WORDS, "--engine", "production", "--payload", path).exit_code == 0
    return path


def test_the_arrays_of_another_engine_are_compared_slot_by_slot(model, payload):
    shown = pv(model, *WORDS, "--against", payload)
    assert shown.exit_code == 0, shown.exception
    assert max(map(len, shown.output.splitlines())) <= 80
    assert "18 slots in both" in shown.output
    data = json.loads(pv(model, *WORDS, "--against", payload, "--json").output)
    slots = {each["slot"]: each for each in data["comparison"]["slots"]}
    assert len(slots) == 2 * POINTS + 2
    assert all(0 <= each["relative"] < 0.2 for each in slots.values())
    assert slots["logits"]["cosine"] > 0.99
    same = json.loads(
        pv(model, *WORDS, "--engine", "production", "--against", payload, "--json").output
    )
    assert {each["relative"] for each in same["comparison"]["slots"]} == {0.0}
    assert {each["std_ratio"] for each in same["comparison"]["slots"]} == {1.0}


def test_arrays_over_other_tokens_have_no_ratio(model, payload):
    refused = fault(model, *WORDS, "--tokens", "last", "--against", payload)
    assert isinstance(refused, UnlikeStatisticsError)
    assert "tokens all against last" in refused.message
    refused = fault(model, "--ids", "3,1,4", "--against", payload)
    assert isinstance(refused, BadInputError)
    assert "other token ids" in refused.message


def test_arrays_that_are_none_are_refused_by_name(model, payload, tmp_path):
    arrays = load_file(payload)
    bad = tmp_path / "bad.safetensors"
    for data, words in (
        (payload.read_bytes()[:100], "cannot be read"),
        (b"\xff" * 40, "cannot be read"),
        (save({"other": arrays["logits"]}), "no slot is in both"),
        (save({"logits": np.full_like(arrays["logits"], np.nan)}), "numbers are lost"),
        (save({"logits": arrays["logits"][:2]}), "elements"),
    ):
        bad.write_bytes(data)
        refused = fault(model, *WORDS, "--against", bad)
        assert isinstance(refused, BadInputError)
        assert words in refused.message
    assert isinstance(fault(model, *WORDS, "--against", tmp_path / "no"), MissingError)


def test_slots_that_one_side_lacks_are_named(model, payload):
    arrays = load_file(payload)
    arrays["mine.alone"] = arrays.pop("blk.1.silu_gate")
    payload.write_bytes(save(arrays))
    shown = pv(model, *WORDS, "--against", payload)
    assert "theirs lacks blk.1.silu_gate" in shown.output
    assert "ours lacks mine.alone" in shown.output
