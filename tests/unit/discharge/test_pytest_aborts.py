"""A pytest session that did not run to its end shows nothing; nothing above a registry counts."""

import json
import textwrap
from importlib.metadata import entry_points

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.runners.pytest_session import configuration

CONTRACT = """
metadata: { id: own-v1, version: 1.0.0, created: 2026-05-06, kind: pattern, status: ACTIVE,
  description: d, references: [none], author: the tests, updated: 2026-05-06 }
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
  - id: FALSIFY-OWN-001
    rule: r
    prediction: p
    pytest: "%s"
    controls: [planted]
    if_fails: f
"""
TESTS = """
import os, pytest
FAULT = os.environ.get("PV_FAULT")

def test_sound():
    assert FAULT is None

def test_exit():
    pytest.exit("bye", returncode=0)

def test_vanish(capfd):
    with capfd.disabled():
        print("last words", flush=True)
    os._exit(0)

def test_exit_under_fault():
    if FAULT:
        pytest.exit("fault", returncode=1)

def test_vanish_under_fault():
    if FAULT:
        os._exit(1)

@pytest.mark.parametrize("n", [1, 2, 3])
def test_cases(n):
    if n == 2:
        pytest.exit("half way", returncode=0)

@pytest.mark.parametrize("n", [1, 2])
def test_failed_first(n):
    if FAULT and n == 2:
        pytest.exit("after it")
    assert FAULT is None
"""
UNDER_FAULT = """
import os
if os.environ.get("PV_FAULT"):
    raise OSError("not collected under it")

def test_x():
    pass
"""
# What is installed here takes most of the time, and these tests need none of it.
OPTIONS = " ".join(f"-p no:{each.name}" for each in entry_points(group="pytest11"))


@pytest.fixture
def discharge(tmp_path):
    root = tmp_path / "above" / "registry"
    for each in ("contracts", "tests"):
        (root / each).mkdir(parents=True)
    (root / "tests" / "test_own.py").write_text(TESTS)
    (root / "tests" / "test_under_fault.py").write_text(UNDER_FAULT)
    (root / "pytest.ini").write_text(f"[pytest]\naddopts = {OPTIONS}\n")

    def call(node):
        (root / "contracts" / "own-v1.yaml").write_text(CONTRACT % node)
        arguments = ["discharge", "OWN-001", "--format", "json", "--root", str(root)]
        found = CliRunner().invoke(app, arguments)
        (outcome,) = json.loads(found.stdout)["outcomes"]
        return found.exit_code, outcome

    call.root = root
    return call


@pytest.mark.parametrize(
    ("node", "cause", "words"),
    [
        ("test_own.py::test_exit", "nothing ran", "test_exit did not run to its end: the session"),
        ("test_own.py::test_exit", "nothing ran", "bye"),
        ("test_own.py::test_cases", "nothing ran", "test_cases[2] did not run to its end"),
        (
            "test_own.py::test_vanish",
            "crash",
            "the process ended before pytest's report, with exit code 0: last words",
        ),
        ("test_own.py::test_exit_under_fault", "nothing ran", "control:planted: "),
        ("test_own.py::test_vanish_under_fault", "crash", "control:planted: the process ended"),
        ("test_under_fault.py::test_x", "crash", "control:planted: not collected"),
        ("test_gone.py::test_x", "bad input", "no file tests/test_gone.py in the registry"),
    ],
)
def test_an_aborted_session_is_no_verdict(discharge, node, cause, words):
    code, outcome = discharge(f"tests/{node}")
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", cause), outcome["headline"]
    assert words in outcome["headline"]
    assert not outcome.get("receipt")
    assert not [*discharge.root.glob(".pv/receipts/**/*.json")]


@pytest.mark.parametrize("name", ["test_sound", "test_failed_first"])
def test_a_test_that_failed_by_name_under_its_fault_is_red(discharge, name):
    code, outcome = discharge(f"tests/test_own.py::{name}")
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]


def test_what_stands_above_a_registry_decides_nothing(discharge):
    above = discharge.root.parent
    (above / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-k nothing"\n')
    (above / "conftest.py").write_text('raise OSError("not of this registry")\n')
    (discharge.root / "pytest.ini").unlink()
    code, outcome = discharge("tests/test_own.py::test_sound")
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]


def test_the_configuration_of_a_registry_is_a_source(discharge):
    (discharge.root / "pytest.ini").rename(discharge.root / "tox.ini")
    _, outcome = discharge("tests/test_own.py::test_sound")
    receipt = json.loads((discharge.root / outcome["receipt"]).read_bytes())
    assert "source:tox.ini" in {each["name"] for each in receipt["subject"]}


@pytest.mark.parametrize(
    ("name", "text", "configures"),
    [
        ("pytest.ini", "", True),
        ("pyproject.toml", "[tool.pytest.ini_options]\n", True),
        ("pyproject.toml", "[tool.ruff]\n", False),
        ("tox.ini", "[pytest]\n", True),
        ("tox.ini", "[tox]\n", False),
        ("setup.cfg", "[tool:pytest]\n", True),
        ("setup.cfg", "[metadata]\n", False),
    ],
)
def test_which_file_configures_pytest(tmp_path, name, text, configures):
    (tmp_path / name).write_text(textwrap.dedent(text))
    found = configuration(tmp_path)
    assert found == (tmp_path / name) if configures else found.name == "null"
