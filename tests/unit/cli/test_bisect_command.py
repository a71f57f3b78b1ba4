"""`pv bisect`: verdicts and their exit codes, the chart, refusals."""

import json
import xml.etree.ElementTree as ET

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import BadInputError, MissingError, UsageError
from pv.forward.planted import FAULTS
from pv.kernels import Backend, availability, find
from tests.unit.forward.random_model import Recipe, write_model


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    recipe = Recipe(architecture="qwen2", types="Q4_K", layers=10)
    return write_model(tmp_path_factory.mktemp("model") / "m.gguf", recipe)


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    monkeypatch.setenv("PV_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))


def pv(*arguments):
    return CliRunner().invoke(app, ["bisect", *(str(one) for one in arguments)])


def test_a_sound_engine_is_clean_and_exits_with_0(model):
    shown = pv(model, "--prompt", "the thing", "--prompt", "another one", "--layers", 3)
    assert shown.exit_code == 0, shown.exception
    lines = shown.output.splitlines()
    assert max(map(len, lines)) <= 80
    assert "clean: none of " in shown.output
    assert "would have been seen in each of" in shown.output


@pytest.mark.parametrize("engine", ["production", "reference"])
def test_a_planted_fault_is_named_first_and_exits_with_1(model, engine):
    shown = pv(model, "--ids", "3,1,4,1,5", "--engine", engine, "--plant", "1:scale", "--layers", 3)
    assert shown.exit_code == 1, shown.exception
    assert "found: layer 1 ffn_down" in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80
    assert "▶" in shown.output


def test_another_operation_can_be_asked_for(model):
    shown = pv(model, "--ids", "3,1,4,1,5", "--plant", "2:scale@attn_v", "--layers", 3)
    assert shown.exit_code == 1
    assert "found: layer 2 attn_v" in shown.output


def test_the_free_run_that_ended_is_told(model):
    shown = pv(model, "--ids", "3,1,4", "--plant", "1:half-sums", "--layers", 3)
    assert shown.exit_code == 1
    assert "no drift: the candidate's own run ended" in shown.output


def test_json_holds_every_operation_and_no_number_that_is_none(model):
    shown = pv(model, "--ids", "3,1,4,1,5", "--plant", "9:half-sums", "--json")
    data = json.loads(shown.output, parse_constant=pytest.fail)
    assert shown.exit_code == data["exit_code"] == 1
    assert data["first"]["sub_block"] == "attn_output"
    assert data["first"]["layer"] == 9
    assert data["first"]["over"] is None
    assert data["drift"] is None
    assert data["free_run_ended"]
    assert len(data["injected"]) == 10 * 20 + 2
    sound = json.loads(pv(model, "--ids", "3,1,4,1,5", "--format", "json").output)
    assert sound["first"] is None
    assert len(sound["drift"]["median"]) == 10


@pytest.mark.parametrize("plant", [None, "2:kv-heads", "2:half-sums"])
def test_the_picture_is_well_formed(model, tmp_path, plant):
    file = tmp_path / "b.svg"
    words = () if plant is None else ("--plant", plant)
    shown = pv(model, "--prompt", "the thing", "--layers", 4, "--svg", file, *words)
    assert shown.exit_code == (0 if plant is None else 1), shown.exception
    root = ET.fromstring(file.read_text())
    charts = root.findall("{*}svg")
    assert len(charts) == (1 if plant == "2:half-sums" else 2)
    assert len(charts[0].findall(".//{*}polyline")) == 2


def fault(*arguments):
    return pv(*arguments).exception


def test_refusals_are_named(model, tmp_path):
    refused = fault(model, "--engine", "reference")
    assert isinstance(refused, UsageError)
    assert "compared with itself" in refused.message
    for plant in ("floor", "1:no-such", "x:floor"):
        refused = fault(model, "--ids", "1", "--plant", plant)
        assert isinstance(refused, UsageError)
        assert "kv-heads" in refused.message
    assert isinstance(fault(model, "--ids", "1", "--plant", "99:floor"), UsageError)
    assert isinstance(fault(model, "--ids", "1", "--layers", "0"), UsageError)
    assert isinstance(fault(model, "--ids", "1", "--svg", tmp_path / "no" / "x.svg"), UsageError)
    assert isinstance(fault("no-such-model", "--ids", "1"), MissingError)
    (tmp_path / "bad.gguf").write_bytes(b"GGUF" * 9)
    assert isinstance(fault(tmp_path / "bad.gguf", "--ids", "1"), BadInputError)


def test_no_device_is_no_verdict(model):
    kernel = find("rms_norm", Backend.CUDA)
    if kernel is not None and availability(kernel).available:
        pytest.skip("there is a CUDA device, or its simulator")
    refused = fault(model, "--ids", "1,2", "--device", "cuda")
    assert isinstance(refused, MissingError)
    assert refused.exit_code == 3


def test_own_sentences_are_used_where_no_prompt_is_given(model):
    data = json.loads(pv(model, "--layers", 1, "--json").output)
    assert len(data["prompts"]) == 4
    assert data["prompts"][0]["text"] == "The capital of France is"


@pytest.mark.parametrize("plant", ["0:?", "?"])
def test_faults_are_listed(plant):
    shown = pv("no-such-model", "--plant", plant)
    assert shown.exit_code == 0
    assert max(map(len, shown.output.splitlines())) <= 80
    for name, each in FAULTS.items():
        assert f"    {name} " in shown.output
        assert all(place in shown.output for place in each.places)


def test_a_picture_takes_no_place_of_an_input_and_that_is_found_out_first(
    model, tmp_path, monkeypatch
):
    def never(*_words, **_options):
        raise AssertionError("a pass began")

    monkeypatch.setattr("pv.forward.bisect.bisect", never)
    (tmp_path / "link").symlink_to(model)
    (tmp_path / "second").hardlink_to(model)
    before = model.read_bytes()
    for place in (model, tmp_path / "link", tmp_path / "second", tmp_path, "/dev/null"):
        refused = pv(model, "--ids", "1,2", "--svg", place).exception
        assert isinstance(refused, UsageError), place
        assert "--svg" in refused.message
    assert model.read_bytes() == before


def test_one_token_of_one_prompt(model):
    assert "1 token of 1 prompt" in pv(model, "--ids", "5", "--layers", 1).output
