"""`pv trace`: what it prints, what it writes, how it refuses."""

import json

import numpy as np
import pytest
from safetensors.numpy import load_file, save
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import BadInputError, MissingError, UsageError
from pv.model.measurement import UnlikeStatisticsError
from pv.output.escape import width
from pv.output.trace_text import likeliest
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
    assert "18 of 18 slots compared" in shown.output
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
        (
            save({"logits": np.full_like(arrays["logits"], np.nan)}),
            "1,600 of 1,600 numbers of theirs",
        ),
        (save({"logits": arrays["logits"][:2]}), "elements"),
        (save({"logits": arrays["logits"].astype(np.int32)}), "logits is an array of int32"),
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
    assert shown.exit_code == 3, "absence is no success"
    assert "17 of 18 slots compared" in shown.output
    assert "theirs lacks blk.1.silu_gate" in shown.output
    assert "ours lacks mine.alone" in shown.output


def test_more_slots_than_ours_are_all_compared(model, payload):
    arrays = load_file(payload)
    payload.write_bytes(save({**arrays, "mine.alone": arrays["logits"]}))
    assert pv(model, *WORDS, "--against", payload).exit_code == 0


@pytest.fixture
def untraced(monkeypatch):
    """Let a pass that begins fail: what is refused is refused before."""

    def never(*_words, **_options):
        raise AssertionError("a pass began")

    monkeypatch.setattr("pv.forward.trace.trace", never)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--layer", "2"), "expected a layer from 0 to 1"),
        (("--layer", "-1", "--json"), "expected a layer from 0 to 1"),
        (("--layer", "99", "--json"), "expected a layer from 0 to 1"),
        (("--payload", "{folder}"), "is a folder"),
        (("--payload", "/dev/null"), "is a pipe or a device"),
        (("--payload", "{model}"), "the file that is read"),
        (("--payload", "{link}"), "the file that is read"),
        (("--payload", "{second}"), "the file that is read"),
        (("--payload", "{theirs}", "--against", "{theirs}"), "the file that is read"),
        (("--payload", "{folder}/contract.yaml"), "no earlier output"),
        (("--against", "{folder}"), "is a folder"),
        (("--against", "{model}"), "cannot be read"),
        (("--against", "{theirs}", "--layer", "1"), "expected one of both"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_before_the_pass(model, payload, tmp_path, untraced, words, told):
    (tmp_path / "link").symlink_to(model)
    (tmp_path / "second").unlink(missing_ok=True)
    (tmp_path / "second").hardlink_to(model)
    (tmp_path / "contract.yaml").write_text("metadata: {}\n")
    names = {
        "folder": tmp_path,
        "model": model,
        "link": tmp_path / "link",
        "second": tmp_path / "second",
        "theirs": payload,
    }
    before = model.read_bytes()
    refused = fault(model, *WORDS, *(each.format(**names) for each in words))
    assert isinstance(refused, UsageError | BadInputError | MissingError), refused
    assert told in refused.message
    assert model.read_bytes() == before


@pytest.mark.parametrize(
    "ids", ["1,,2", ",1", "1,", "-1", "1.0", "99999999999999999999", "9" * 5000, "1;2", "٣"]
)
def test_ids_that_are_none_are_usage(model, ids):
    refused = fault(model, "--ids", ids)
    assert isinstance(refused, UsageError)
    assert "expected token ids" in refused.message
    assert "504,3575,282" in refused.advice


@pytest.mark.parametrize("ids", ["1,2", "1, 2", "1 2", " 1 ,2 "])
def test_ids_stand_behind_each_other(model, ids):
    assert json.loads(pv(model, "--ids", ids, "--json").stdout)["ids"] == [1, 2]


def test_json_of_one_layer_holds_that_layer(model):
    data = json.loads(pv(model, *WORDS, "--layer", "1", "--json").output)
    assert {each["layer"] for each in data["statistics"]} == {1}


def test_a_prompt_without_blanks_fits_80_columns_in_any_script(model):
    for text in ("a" * 200, "東京は日本の首都です" * 12):
        shown = pv(model, "--prompt", text)
        assert shown.exit_code == 0, shown.exception
        lines = shown.output.splitlines()
        assert max(sum(width(each) for each in line) for line in lines) <= 80
        assert text[:20] in shown.output


def test_pieces_of_any_script_are_printed_and_control_characters_are_not():
    told = likeliest([(1, 2.0, "東"), (2, 1.5, "\x1b["), (3, 1.0, "\u202e"), (4, 0.5, None)])
    assert told == 'next: "東" 2.00   "\\u001b[" 1.50   "\\u202e" 1.00   token 4 0.50'


def test_one_token_is_one(model):
    assert "1 tokens" not in pv(model, "--ids", "5").output
