"""What a user names in the environment reaches the harness that declares it, and its receipt."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from pv.discharge.outside import declared, given
from pv.errors import UsageError
from tests.unit.forward.random_model import Recipe, write_model

ROOT = Path(__file__).parents[3]
CONTRACT = """\
metadata:
  id: outside-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  description: a live contract whose harness asks for something of the user's
changelog:
  - {{ version: 1.0.0, date: 2026-05-06, changes: [start] }}
falsification_tests:
  - id: FALSIFY-OUTSIDE-001
    rule: what a user has is used
    prediction: it is
    harness: {harness}
    parameters: {parameters}
    models:
      quorum: all
      accept:
        - {{ name: tiny, architecture: llama, sha256: {sha256} }}
      require: {{}}
    expect:
      - {{ metric: {metric}, op: "{op}", value: {value}, reason: the tests say so }}
    controls: [{control}]
    if_fails: nothing
"""
LOADS = {
    "harness": "falsifiers/model_file/llama_cpp_agreement.py::loads",
    "parameters": "{ sentences: 1 }",
    "metric": "loaded",
    "op": "==",
    "value": 1,
    "control": "cut_file",
}
COSINE = {
    "harness": "falsifiers/model_file/source_cosine.py::by_layer",
    "parameters": "{ }",
    "metric": "cosine",
    "op": ">=",
    "value": 0.99,
    "control": "next_layer",
}
SCORE = {
    "harness": "falsifiers/model_file/human_eval.py::score",
    "parameters": "{ tokens: 1, seconds: 5 }",
    "metric": "tasks",
    "op": "==",
    "value": 2,
    "control": "half_of_the_tasks",
}
OWN = {
    "harness": "falsifiers/own.py::size",
    "parameters": "{ }",
    "metric": "seen",
    "op": "==",
    "value": 1,
    "control": "blind",
}
OWN_HARNESS = """\
import os

from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"blind": "it does not look"}
OUTSIDE = {"PV_MY_DATA": "a file of numbers"}


def size(run):
    seen = 0 if run.fault else int("PV_MY_DATA" in os.environ)
    hidden = int("PV_OTHER" in os.environ or "LD_PRELOAD" in os.environ)
    over = Sample("none", 1, (1,), "none", "int64", "the environment")
    return Measurements((Metric("seen", seen, "1", over), Metric("hidden", hidden, "1", over)))
"""
INTERPRETER = """\
#!{python}
import json, os, sys
import numpy as np
assert sys.argv[1] == "-c" and "llama_cpp" in sys.argv[2]
asked = json.load(sys.stdin)
print("llama_cpp 7.8.9", flush=True)
if os.path.getsize(asked["model"]) <= 1 << 16:
    sys.exit("cannot load")
np.save(asked["answers"], np.zeros((len(asked["prompts"]), {vocabulary}), np.float32))
"""
TASK = {
    "task_id": "T/0",
    "prompt": "def f():\n",
    "test": "def check(f):\n    pass\n",
    "entry_point": "f",
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """One model in two types: what is judged, and what it was made from."""
    folder = tmp_path_factory.mktemp("models")
    return [write_model(folder / f"{kind}.gguf", Recipe(types=kind)) for kind in ("Q8_0", "F32")]


@pytest.fixture
def pv(tmp_path, models):
    """Return a maker of registries with one falsifier, and a caller of `pv` on them."""
    root = tmp_path / "registry"
    (root / "contracts").mkdir(parents=True)
    (root / "falsifiers").mkdir()
    (root / "falsifiers" / "own.py").write_text(OWN_HARNESS)

    def call(fields, *words, **variables):
        sha256 = hashlib.sha256(models[0].read_bytes()).hexdigest()
        text = CONTRACT.format(sha256=sha256, **fields)
        (root / "contracts" / "outside-v1.yaml").write_text(text)
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PV_")}
        model = ("--live", "--model", str(models[0])) if words[0] == "discharge" else ()
        return subprocess.run(
            [sys.executable, "-m", "pv", *words, "OUTSIDE-001", *model, "--root", str(root)],
            env={
                **clean,
                "PYTHONPATH": str(ROOT),
                "PV_CONFIG_DIR": str(tmp_path / "config"),
                "PV_CACHE_DIR": str(tmp_path / "cache"),
                "COLUMNS": "80",
                **variables,
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    call.root = root
    return call


def receipt(pv):
    (path,) = pv.root.glob(".pv/receipts/*/*.json")
    return json.loads(path.read_text())["predicate"]


def test_the_interpreter_that_is_named_answers_and_stands_in_the_receipt(pv, tmp_path):
    python = tmp_path / "python-with-llama"
    python.write_text(INTERPRETER.format(python=sys.executable, vocabulary=320))
    python.chmod(0o755)
    ran = pv(LOADS, "discharge", PV_LLAMA_CPP_PYTHON=str(python))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert receipt(pv)["environment"]["outside"] == {
        "PV_LLAMA_CPP_PYTHON": {
            "file": "python-with-llama",
            "sha256": hashlib.sha256(python.read_bytes()).hexdigest(),
        },
        "llama_cpp": {"version": "7.8.9"},
    }


@pytest.mark.parametrize("what", ["absent", "folder", "no program", "another program"])
def test_an_interpreter_that_cannot_answer_is_skipped_by_name(pv, tmp_path, what):
    (tmp_path / "text").write_text("no program")
    named = {
        "absent": tmp_path / "gone",
        "folder": tmp_path,
        "no program": tmp_path / "text",
        "another program": shutil.which("true"),
    }[what]
    ran = pv(LOADS, "discharge", PV_LLAMA_CPP_PYTHON=str(named))
    assert ran.returncode == 3, ran.stdout
    assert "SKIPPED" in ran.stdout
    assert "llama_cpp" in ran.stdout or "PV_LLAMA_CPP_PYTHON" in ran.stdout


@pytest.mark.parametrize("relative", [False, True])
def test_the_source_that_is_named_is_compared_and_stands_in_the_receipt(
    pv, tmp_path, models, relative
):
    (tmp_path / "source.gguf").symlink_to(models[1])
    named = "source.gguf" if relative else str(tmp_path / "source.gguf")
    ran = pv(COSINE, "discharge", PV_SOURCE_MODEL=named)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    digest = hashlib.sha256(models[1].read_bytes()).hexdigest()
    said = receipt(pv)
    assert said["environment"]["outside"] == {
        "PV_SOURCE_MODEL": {"file": "source.gguf", "sha256": digest}
    }
    assert str(tmp_path) not in json.dumps(said)


def test_the_data_set_that_is_named_is_read(pv, tmp_path):
    (tmp_path / "tasks.jsonl").write_text(f"{json.dumps(TASK)}\n" * 2)
    ran = pv(SCORE, "discharge", PV_HUMAN_EVAL=str(tmp_path / "tasks.jsonl"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "PV_HUMAN_EVAL" in receipt(pv)["environment"]["outside"]


@pytest.mark.parametrize(
    ("fields", "variable", "told"),
    [
        (COSINE, "PV_SOURCE_MODEL", "the source of this model is not here"),
        (SCORE, "PV_HUMAN_EVAL", "the data set of HumanEval is not here"),
    ],
)
def test_unset_and_wrong_paths_are_skipped_by_name(pv, tmp_path, fields, variable, told):
    for variables in ({}, {variable: str(tmp_path / "gone")}, {variable: ""}):
        ran = pv(fields, "discharge", **variables)
        assert ran.returncode == 3, ran.stdout
        said = " ".join(ran.stdout.split())
        assert "SKIPPED" in said
        assert told in said
        assert variable in said


def test_a_source_that_is_no_model_is_bad_input(pv, tmp_path):
    (tmp_path / "text").write_text("no model")
    ran = pv(COSINE, "discharge", PV_SOURCE_MODEL=str(tmp_path / "text"))
    assert ran.returncode == 3
    assert "bad input" in ran.stdout


def test_nothing_but_what_is_declared_reaches_a_harness(pv):
    ran = pv(OWN, "discharge", PV_MY_DATA="/nowhere", PV_OTHER="1", LD_PRELOAD="")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    said = receipt(pv)
    found = {each["name"]: each["value"] for each in said["measurements"]["metrics"]}
    assert found == {"seen": 1, "hidden": 0}
    assert said["environment"]["outside"] == {"PV_MY_DATA": {"file": "nowhere", "sha256": None}}
    assert pv(OWN, "discharge").returncode == 1, "unset it is not seen"


@pytest.mark.parametrize("words", [("discharge", "--dry-run"), ("explain",)])
def test_plan_and_story_say_what_is_read_from_outside(pv, words):
    unset = " ".join(pv(OWN, *words).stdout.split())
    assert "PV_MY_DATA (a file of numbers): not set" in unset
    named = " ".join(pv(OWN, *words, PV_MY_DATA="/data/mine").stdout.split())
    assert "PV_MY_DATA (a file of numbers): /data/mine" in named


def test_other_variables_cannot_be_declared(tmp_path):
    """What libraries or the interpreter read would change what is computed, and say so nowhere."""
    for said in ('{"LD_PRELOAD": "x"}', '{"PV_FAULT": "x"}', "names()", '{"PV_A": 1}', '["PV_A"]'):
        (tmp_path / "own.py").write_text(f"OUTSIDE = {said}\n")
        with pytest.raises(UsageError, match=r"own\.py: OUTSIDE"):
            declared(tmp_path, ["own.py::size"])


def test_declarations_are_read_and_not_run(tmp_path, monkeypatch):
    text = """\
        raise SystemExit
        OUTSIDE: dict[str, str] = {"PV_A": "a", "PV_B": "b"}
        """
    (tmp_path / "own.py").write_text(textwrap.dedent(text))
    (tmp_path / "broken.py").write_text("OUTSIDE = (")
    found = declared(tmp_path, ["own.py::size", "broken.py::size", "gone.py::size", "no reference"])
    assert found == {"PV_A": "a", "PV_B": "b"}
    monkeypatch.setenv("PV_A", "here")
    monkeypatch.delenv("PV_B", raising=False)
    (tmp_path / "here").write_text("")
    monkeypatch.chdir(tmp_path)
    assert given(found) == {"PV_A": str(tmp_path / "here")}
    monkeypatch.setenv("PV_A", "a-program")
    assert given(found) == {"PV_A": "a-program"}
