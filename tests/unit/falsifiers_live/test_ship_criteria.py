"""The harnesses of the ship criteria: functions, packages, sources, other programs."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from pv.errors import BadInputError, MissingError, UsageError
from pv.falsifiers.model_file import (
    chat_rendering,
    decoding_rate,
    licence,
    llama_cpp_agreement,
    perplexity,
    source_cosine,
    source_weights,
    written_function,
)
from pv.falsifiers.model_file.texts import TEXTS
from pv.forward import transformer
from pv.forward.engine import reference
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tensors.package_model import SMOLLM2_135M
from pv.tokens import tokenizer_of
from tests.unit.falsifiers_live.contract_limits import entry, run_of, unmet
from tests.unit.forward.random_model import MATRICES, Recipe, write_model

HARNESSES = {
    "SHIP-DEMO-003": source_weights.kept,
    "SHIP-DEMO-004": llama_cpp_agreement.agrees,
    "SHIP-004": llama_cpp_agreement.loads,
    "SHIP-DEMO-005": perplexity.ratio,
    "SHIP-DEMO-007": decoding_rate.rate,
    "SHIP-DEMO-008": chat_rendering.golden,
    "SHIP-DEMO-009": licence.stated,
    "SHIP-DEMO-011": written_function.parses,
    "SHIP-002": written_function.parses,
    "SHIP-003": source_cosine.by_layer,
    "SHIP-008": chat_rendering.golden,
    "SHIP-009": licence.header,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "small.gguf"
    with open_model(write_model(path, Recipe(types="Q8_0", layers=2))) as found:
        yield found


def values(measured):
    return {each.name: each.value for each in measured.metrics}


@pytest.mark.parametrize(
    ("written", "function"),
    [
        ("\n    return n\n\nprint(1)", "def f(n):\n    return n\n\n"),
        ("\n    return n\n    cut he", "def f(n):\n    return n\n"),
        ("\n\treturn n\nx = 1\n    y", "def f(n):\n\treturn n\n"),
        (" return n", "def f(n): return n\n"),
        ("\n    return n", "def f(n):\n    return n\n"),
        ("", "def f(n):\n"),
    ],
)
def test_a_function_ends_where_its_lines_do_and_a_cut_line_does_not_count(written, function):
    assert written_function.function_of(f"def f(n):{written}") == function


@pytest.mark.parametrize(
    ("function", "errors", "statements"),
    [
        ("def f(n):\n    return n\n", 0, 1),
        ('def f(n):\n    """Only a text."""\n', 0, 0),
        ("def f(n):\n    pass\n", 0, 0),
        ("def f(n):\n    if n:\n        return 1\n    return f(n - 1)\n", 0, 2),
        ("def f(n):\n", 1, 0),
        ("def f(n):\nreturn n\n", 1, 0),
        ("def f(n):\n    return (n\n", 1, 0),
        ("def f(n):\n    return '\0'\n", 1, 0),
        ("def f(n):\n    return " + "(" * 5000 + "\n", 1, 0),
        ("x = 1\n", 0, 0),
        ("def f(n):\n    return '\\d'\n", 0, 1),
    ],
)
def test_what_python_makes_of_a_function(function, errors, statements):
    found = written_function.parsed(function)
    assert (found.syntax_errors, found.statements) == (errors, statements)


def test_nothing_that_a_model_writes_is_executed(tmp_path):
    mark = tmp_path / "mark"
    text = f"\n    return n\n    open({str(mark)!r}, 'w')\n    x = 1\n"
    found = values(written_function.of_text("def f(n):", text, 40))
    assert found["statements"] == 3
    assert not mark.exists()


def test_a_continuation_stops_at_an_end_token(model, monkeypatch):
    trunk, tokenizer = Trunk(model), tokenizer_of(model)
    end = min(tokenizer.ends)
    given = [tokenizer.encode("a")[0], end, tokenizer.encode("b")[0]]
    monkeypatch.setattr(written_function, "greedy", lambda *_: given)
    assert written_function.continued(trunk, tokenizer, "x", 3, None) == "a"


def test_surprise_is_the_sum_of_what_each_next_token_costs(model):
    trunk, texts = Trunk(model), [[5, 6, 7], [9, 8]]
    found = perplexity.surprise(trunk, texts, reference(trunk))
    for cost, text in zip(found, texts, strict=True):
        stream = transformer.run(trunk, [text], reference(trunk)).residual[-1]
        scores = transformer.logits(trunk, stream, reference(trunk)).astype(np.float64)
        chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        each = [-np.log(chances[at, token]) for at, token in enumerate(text[1:])]
        assert cost == pytest.approx(sum(each), rel=1e-6)


def test_the_texts_are_many_and_unlike_each_other():
    assert len(set(TEXTS)) == len(TEXTS) == 32


def test_decoded_tokens_are_those_of_one_pass_over_the_whole_text(model):
    trunk = Trunk(model)
    found = decoding_rate.decoded(trunk, [5, 6, 7], 4, None)
    assert decoding_rate._differing(trunk, [5, 6, 7], found.ids) == 0
    wrong = (found.ids[0], found.ids[1] ^ 1, *found.ids[2:])
    assert decoding_rate._differing(trunk, [5, 6, 7], wrong) >= 1


@pytest.mark.parametrize("chat", [{}, {"messages": []}, {"messages": "Hi", "rendered": "Hi"}])
def test_a_chat_that_is_none_is_refused(model, chat):
    with pytest.raises(BadInputError, match="expected messages and rendered"):
        chat_rendering.of_model(model, run_of("SHIP-DEMO-008", chats=[chat]))


@pytest.mark.parametrize(("found", "differing"), [("abc", 0), ("abd", 1), ("ab", 1), ("abcé", 2)])
def test_bytes_that_either_side_lacks_differ(found, differing):
    assert chat_rendering._differing(found, "abc") == differing


def test_a_model_that_names_no_source_is_missing_one(model):
    with pytest.raises(MissingError, match=r"its source is not named, which no package here has"):
        source_weights.source_of(model)


@pytest.fixture(scope="module")
def other_types(tmp_path_factory):
    """One model in two types, and one of another shape."""
    folder = tmp_path_factory.mktemp("types")
    recipes = (Recipe(types="Q8_0"), Recipe(types="F32"), Recipe(types="F32", layers=3))
    paths = (write_model(folder / f"{at}.gguf", each) for at, each in enumerate(recipes))
    return [Trunk(open_model(each)) for each in paths]


def test_the_cosine_of_every_layer_to_its_source(other_types):
    quantised, source, _ = other_types
    named = entry("SHIP-003")

    def found(fault=None):
        return source_cosine.of_trunks(quantised, source, run_of("SHIP-003", fault=fault))

    flat = [
        np.concatenate([each.weights(f"blk.1.{stem}.weight").ravel() for stem in MATRICES])
        for each in (quantised, source)
    ]
    flat = [each.astype(np.float64) for each in flat]
    expected = flat[0] @ flat[1] / np.linalg.norm(flat[0]) / np.linalg.norm(flat[1])
    assert values(found())["cosine"][1] == pytest.approx(expected, rel=1e-12)
    assert unmet(named, found()) == set()
    assert unmet(named, found("next_layer")) == {"cosine"}
    assert unmet(named, found("source_against_itself")) == {"layers_apart"}
    assert set(named.controls) == set(source_cosine.CONTROLS)


def test_a_source_of_another_shape_is_refused(other_types):
    with pytest.raises(BadInputError, match="its layers have other shapes"):
        source_cosine.of_trunks(other_types[0], other_types[2], run_of("SHIP-003"))


@pytest.mark.parametrize("named", [None, "/nowhere/source.gguf"])
def test_without_a_source_the_reason_is_told(monkeypatch, named):
    monkeypatch.delenv(source_cosine.VARIABLE, raising=False)
    if named:
        monkeypatch.setenv(source_cosine.VARIABLE, named)
    with pytest.raises(MissingError, match="the source of this model is not here"):
        source_cosine.source_path()


def test_limits_and_controls_of_a_header(model):
    stated = run_of("SHIP-009", licence="", provenance=["general.architecture"])
    named = entry("SHIP-009")
    assert unmet(named, licence.of_header(model, stated)) == set()
    for fault, limit in (
        ("other_licence_in_header", "header_differs"),
        ("unnamed_provenance", "provenance_missing"),
    ):
        planted = replace(stated, fault=fault)
        assert unmet(named, licence.of_header(model, planted)) == {limit}
    assert {"other_licence_in_header", "unnamed_provenance"} == set(named.controls)


def test_a_package_that_is_not_there_is_named():
    with pytest.raises(MissingError, match="package no-such-package is not installed"):
        licence.read_package("no-such-package")


def test_without_llama_cpp_the_reason_is_told(monkeypatch):
    monkeypatch.delenv(llama_cpp_agreement.VARIABLE, raising=False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(MissingError, match="llama_cpp is not installed"):
        llama_cpp_agreement.interpreter()


def test_an_interpreter_that_is_not_there_is_told(monkeypatch, model):
    monkeypatch.setenv(llama_cpp_agreement.VARIABLE, "/nowhere/python")
    ours = llama_cpp_agreement.of_ours(Trunk(model), [[5, 6]])
    with pytest.raises(MissingError, match="'/nowhere/python' cannot be run: No such file"):
        llama_cpp_agreement.of_model(model, ours, "/nowhere/python", run_of("SHIP-DEMO-004"))


def test_an_interpreter_without_llama_cpp_is_told(monkeypatch, model):
    monkeypatch.setattr(
        llama_cpp_agreement, "_CHILD", _Text("import no_such_module_of_llama_cpp\n")
    )
    ours = llama_cpp_agreement.of_ours(Trunk(model), [[5, 6]])
    with pytest.raises(MissingError, match="has no llama_cpp"):
        llama_cpp_agreement.of_model(model, ours, sys.executable, run_of("SHIP-DEMO-004"))


def test_a_child_that_answers_nothing_is_a_file_that_did_not_load(monkeypatch, model):
    monkeypatch.setattr(
        llama_cpp_agreement,
        "_CHILD",
        _Text("print('llama_cpp 1')\nraise SystemExit('cannot load')\n"),
    )
    ours = llama_cpp_agreement.of_ours(Trunk(model), [[5, 6]] * 6)
    run = run_of("SHIP-DEMO-004")
    found = values(llama_cpp_agreement.of_model(model, ours, sys.executable, run))
    assert found["loaded"] == 0
    assert found["words_differing"] == 6
    assert found["distance_ratio_upper"] > 2


class _Text:
    """The text of a child in the place of the file that holds it."""

    def __init__(self, text):
        self.text = text

    def read_text(self, encoding):
        assert encoding == "utf-8"
        return self.text


@pytest.mark.parametrize("short", HARNESSES)
def test_without_a_model_the_reason_is_told(short):
    with pytest.raises(MissingError, match="no model file was given"):
        HARNESSES[short](run_of(short))


@pytest.mark.parametrize("short", ["SHIP-DEMO-007", "SHIP-DEMO-009", "SHIP-DEMO-011"])
def test_an_unknown_control_is_refused_by_name(short, model):
    run, trunk = run_of(short, fault="no_such_fault"), Trunk(model)
    measure = {
        "SHIP-DEMO-007": lambda: decoding_rate.of_trunk(trunk, [5], run),
        "SHIP-DEMO-009": lambda: licence.of_model(model, licence.Stated("", ""), run),
        "SHIP-DEMO-011": lambda: written_function.of_trunk(trunk, tokenizer_of(model), run),
    }
    with pytest.raises(UsageError, match="'no_such_fault' is unknown, expected one of"):
        measure[short]()


@pytest.mark.model
def test_the_package_states_the_licence_of_the_model():
    found = licence.read_package(SMOLLM2_135M.package)
    assert found.name == "Apache-2.0"
    assert "TERMS AND CONDITIONS" in found.text
