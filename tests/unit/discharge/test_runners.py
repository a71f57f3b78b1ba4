"""pytest nodes, cargo tests and commands: what counts is what was seen to run, by its name."""

from __future__ import annotations

import json
import shutil
import subprocess
import textwrap
from importlib.metadata import entry_points

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.discharge.runners.reference import runnable
from pv.model.contract import Binding, BindingKind

HEAD = """\
metadata:
  id: tests-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  description: tests of other kinds
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
falsification_tests:
"""
ENTRY = """\
  - id: FALSIFY-OWN-001
    rule: what the test says
    prediction: it passes
    %s
    controls: [planted]
    if_fails: it does not
"""
TESTS = """
import os, time
import pytest
from helper import VALUE

FAULT = os.environ.get("PV_FAULT")


def test_sound(record_property):
    record_property("value", VALUE)
    assert FAULT is None, "found the planted fault"


def test_red():
    assert VALUE == 8


def test_blind():
    pass


@pytest.mark.parametrize("number", [1, 2])
def test_cases(number):
    assert FAULT is None


@pytest.mark.skip(reason="no device here")
def test_skipped():
    pass


@pytest.mark.xfail(reason="known to be wrong")
def test_expected_to_fail():
    assert False


@pytest.fixture
def broken():
    raise OSError("no such thing")


def test_broken_fixture(broken):
    pass


def test_crash():
    os.kill(os.getpid(), 11)


def test_hang():
    time.sleep(1000)


class TestMethods:
    def test_one(self):
        assert FAULT is None
"""


# The plugins that are installed here take most of the time, and the tests need none of them.
WITHOUT_PLUGINS = " ".join(f"-p no:{each.name}" for each in entry_points(group="pytest11"))


@pytest.fixture
def registry(tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text(TESTS)
    (tmp_path / "tests" / "helper.py").write_text("VALUE = 7\n")
    (tmp_path / "tests" / "test_broken.py").write_text("import no_such_module\n")
    (tmp_path / "pytest.ini").write_text(f"[pytest]\naddopts = {WITHOUT_PLUGINS}\n")
    return tmp_path


@pytest.fixture
def discharge(registry):
    def call(binding, *options, more=""):
        entry = ENTRY % binding + (textwrap.indent(textwrap.dedent(more), "    ") if more else "")
        (registry / "contracts" / "tests-v1.yaml").write_text(HEAD + entry)
        arguments = ["discharge", "OWN-001", "--format", "json", *options, "--root", str(registry)]
        found = CliRunner().invoke(app, arguments)
        (outcome,) = json.loads(found.stdout)["outcomes"]
        return found.exit_code, outcome

    return call


def node(name, file="test_own"):
    return f"pytest: tests/{file}.py::{name}"


def test_a_test_that_passes_and_notices_the_planted_fault_holds(discharge, registry):
    code, outcome = discharge(node("test_sound"))
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]
    measured = {each["name"]: each["value"] for each in outcome["measurements"]["metrics"]}
    assert measured == {"tests_passed": 1, "tests_failed": 0, "value": 7}
    assert outcome["measurements"]["notes"] == ["tests/test_own.py::test_sound passed"]
    assert [each["red"] for each in outcome["controls"]] == [True]
    receipt = json.loads((registry / outcome["receipt"]).read_bytes())
    names = {each["name"] for each in receipt["subject"]}
    assert {
        "falsifier:FALSIFY-OWN-001",
        "source:tests/test_own.py",
        "source:tests/helper.py",
    } <= names
    assert "source:tests/test_broken.py" not in names


def test_numbers_that_a_test_records_are_held_against_limits(discharge):
    limit = 'expect:\n  - { metric: value, op: "<=", value: 6, reason: "by the rule" }\n'
    code, outcome = discharge(node("test_sound"), more=limit)
    assert (code, outcome["verdict"]) == (1, "REFUTED")
    assert "value 7 > 6" in outcome["headline"]


@pytest.mark.parametrize("name", ["test_cases", "test_cases[2]", "TestMethods::test_one"])
def test_cases_and_methods_are_nodes_too(discharge, name):
    code, outcome = discharge(node(name))
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]


@pytest.mark.parametrize(
    ("name", "code", "verdict", "words"),
    [
        ("test_red", 1, "REFUTED", "tests_failed 1 != 0"),
        ("test_blind", 3, "INCONCLUSIVE", "control planted stayed green"),
        ("test_skipped", 3, "SKIPPED", "test_skipped skipped: Skipped: no device here"),
        ("test_expected_to_fail", 3, "ERROR", "expected to fail shows nothing"),
        ("test_broken_fixture", 3, "ERROR", "no such thing"),
        ("test_crash", 3, "ERROR", "ended by SIGSEGV"),
        ("test_hang", 3, "TIMEOUT", "the limit of 4 s"),
        ("test_absent", 3, "ERROR", "pytest saw no test tests/test_own.py::test_absent"),
    ],
)
def test_only_tests_that_ran_and_passed_count(discharge, name, code, verdict, words):
    limits = ("--timeout", "4") if name == "test_hang" else ()
    found, outcome = discharge(node(name), *limits)
    assert (found, outcome["verdict"]) == (code, verdict), outcome["headline"]
    assert words in outcome["headline"]
    if name == "test_absent":
        assert outcome["cause"] == "nothing ran"


def test_a_file_that_cannot_be_collected_is_an_error_with_its_reason(discharge):
    code, outcome = discharge(node("test_x", "test_broken"))
    assert (code, outcome["verdict"]) == (3, "ERROR")
    assert "No module named 'no_such_module'" in outcome["headline"]


def test_a_deselected_test_did_not_run(discharge, registry):
    (registry / "pytest.ini").write_text(f"[pytest]\naddopts = {WITHOUT_PLUGINS} -k cases\n")
    code, outcome = discharge(node("test_sound"))
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "nothing ran")
    assert "was deselected" in outcome["headline"]


SCRIPT = """\
#!/bin/sh
# counts what it was asked to count
test -z "$PV_FAULT" || { echo "checksum differs"; echo "score: 0.5"; exit 1; }
echo "checksum agrees"
echo "score: 1.25"
"""
SUCCESS = """\
command:
      argv: [sh, tests/check.sh]
      success: { checks: { agrees: "checksum agrees" }, measures: { score: "score: ([0-9.]+)" } }
"""


@pytest.fixture
def script(registry):
    file = registry / "tests" / "check.sh"
    file.write_text(SCRIPT)
    return file


def test_a_command_with_a_declared_success_measures_and_checks(discharge, script, registry):
    limit = 'expect:\n  - { metric: score, op: ">=", value: 1.2, reason: "by the rule" }\n'
    code, outcome = discharge(SUCCESS, more=limit)
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]
    measured = {each["name"]: each["value"] for each in outcome["measurements"]["metrics"]}
    assert measured == {"tests_passed": 3, "tests_failed": 0, "score": 1.25}
    receipt = json.loads((registry / outcome["receipt"]).read_bytes())
    assert "source:tests/check.sh" in {each["name"] for each in receipt["subject"]}


@pytest.mark.parametrize(
    ("change", "code", "verdict", "words"),
    [
        (("agrees", "is another"), 1, "REFUTED", "tests_failed 1 != 0"),
        (("1.25", "many"), 1, "REFUTED", "tests_failed"),
        (("echo", "exit 5; echo"), 1, "REFUTED", "tests_failed"),
        (("echo", "no-such-program"), 1, "REFUTED", "tests_failed"),
        (("exit 1", "exit 0"), 0, "HELD", "tests_failed"),
    ],
)
def test_what_a_command_lacks_refutes_it(discharge, script, change, code, verdict, words):
    script.write_text(script.read_text().replace(*change))
    found, outcome = discharge(SUCCESS)
    assert (found, outcome["verdict"]) == (code, verdict), outcome["headline"]
    assert words in outcome["headline"]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("command: [sh, tests/check.sh]", "declares no success"),
        ("command: { argv: [sh, tests/check.sh], success: { exit: 0 } }", "names no check"),
    ],
)
def test_a_command_without_a_declared_success_is_not_run(discharge, script, command, words):
    code, outcome = discharge(command)
    assert (code, outcome["verdict"]) == (3, "SKIPPED")
    assert words in outcome["headline"]


@pytest.mark.parametrize(
    ("success", "words"),
    [
        ('{ stdout: "(" }', "success.stdout: pattern '('"),
        ("{ measures: { a: x } }", "success.measures.a: a measure needs one group"),
        ('{ checks: { any: "" } }', "success.checks.any: pattern '' is found in every output"),
        ('{ checks: { any: ".*" } }', "success.checks.any: pattern '.*' is found in every"),
    ],
)
@pytest.mark.parametrize("asked", [("OWN-001",), ("--all",)])
def test_a_pattern_that_judges_nothing_is_bad_input(registry, script, success, words, asked):
    entry = ENTRY % f"command: {{ argv: [sh, tests/check.sh], success: {success} }}"
    (registry / "contracts" / "tests-v1.yaml").write_text(HEAD + entry)
    arguments = ["discharge", *asked, "--format", "json", "--root", str(registry)]
    found = CliRunner().invoke(app, arguments)
    (outcome,) = json.loads(found.stdout)["outcomes"]
    assert (found.exit_code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "bad input")
    assert f"contracts/tests-v1.yaml: {words}" in outcome["headline"]


@pytest.mark.parametrize(
    ("printed", "code", "verdict", "words"),
    [
        ("score: 1.25", 0, "HELD", "tests_failed"),
        ("score: 1.250", 0, "HELD", "tests_failed"),
        ("score: 1.5", 3, "ERROR", "finds several numbers: 1.25, 1.5"),
    ],
)
def test_numbers_that_differ_are_no_measurement(discharge, script, printed, code, verdict, words):
    script.write_text(script.read_text() + f'echo "{printed}"\n')
    found, outcome = discharge(SUCCESS)
    assert (found, outcome["verdict"]) == (code, verdict), outcome["headline"]
    assert words in outcome["headline"]


@pytest.mark.parametrize(
    ("under_fault", "red", "words"),
    [
        ("echo score: 0.5; exit 1", [True], "tests_failed 0 == 0"),
        ("exit 1", [True], "score >= 1.2 was broken by no control"),
        ("kill -SEGV $$", [], "control:planted: ended by SIGSEGV"),
        ("echo checksum agrees; echo score: 1.25; exit 0", [False], "stayed green"),
    ],
)
def test_a_success_that_is_not_met_under_a_fault_is_red(discharge, script, under_fault, red, words):
    limit = 'expect:\n  - { metric: score, op: ">=", value: 1.2, reason: "by the rule" }\n'
    lines = SCRIPT.splitlines(keepends=True)
    lines[2] = f'test -z "$PV_FAULT" || {{ {under_fault}; }}\n'
    script.write_text("".join(lines))
    _, outcome = discharge(SUCCESS, more=limit)
    assert [each["red"] for each in outcome.get("controls", ())] == red, outcome["headline"]
    assert words in outcome["headline"]


def test_a_named_file_that_is_missing_is_told(discharge):
    code, outcome = discharge(SUCCESS.replace("check.sh", "gone.sh"))
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "bad input")
    assert "not there: tests/gone.sh" in outcome["headline"]


def test_a_misspelt_success_is_a_fault_of_the_entry(discharge, script):
    code, outcome = discharge("command: { argv: [sh, x], success: { stdouts: x } }")
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "bad input")
    assert 'unknown key "stdouts"' in outcome["headline"]


def test_a_command_that_rests_on_no_file_shows_nothing(discharge):
    success = 'success: { stdout: "x" } }'
    code, outcome = discharge("command: { argv: [echo, x], " + success)
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "bad input")
    assert "names no file of the registry" in outcome["headline"]


def test_a_program_that_is_not_here_is_skipped_by_name(discharge, script):
    code, outcome = discharge(SUCCESS.replace("[sh,", "[no-such-shell,"))
    assert (code, outcome["verdict"]) == (3, "SKIPPED")
    assert "program 'no-such-shell' is not installed" in outcome["headline"]


@pytest.mark.parametrize(
    ("text", "kind", "argv"),
    [
        ("pytest -q tests/test_x.py::test_y", BindingKind.PYTEST, ()),
        ("python -m pytest tests/test_x.py::test_y", BindingKind.PYTEST, ()),
        ("tests/test_x.py::test_y", BindingKind.PYTEST, ()),
        (
            "cargo test -p kernels --lib parity",
            BindingKind.CARGO,
            ("cargo", "test", "-p", "kernels", "--lib", "parity"),
        ),
    ],
)
def test_texts_that_name_one_test_run(text, kind, argv):
    found = runnable(Binding(BindingKind.TEXT, text, ()))
    assert (found.kind, found.argv) == (kind, argv)


@pytest.mark.parametrize(
    "text",
    [
        "pytest tests/",
        "pytest -k parity tests/test_x.py",
        "pytest ../../etc/test_x.py::test_y",
        "cargo test a && cargo test b",
        "cd /etc && cargo test a",
        "grep -c x file",
        "a person looks at it",
    ],
)
def test_texts_that_name_none_are_told_and_not_run(text):
    assert isinstance(runnable(Binding(BindingKind.TEXT, text, ())), str)


LIBRARY = """
pub fn double(x: i32) -> i32 {
    if std::env::var("PV_FAULT").is_ok() { x * 3 } else { x * 2 }
}
#[cfg(test)]
mod tests {
    #[test]
    fn doubles() { assert_eq!(super::double(2), 4); }
    #[test]
    fn doubles_no_less() { assert!(super::double(2) < 4); }
    #[test]
    #[ignore = "needs a model"]
    fn live() { assert_eq!(super::double(4), 8); }
    #[test]
    fn aborts() { std::process::abort(); }
}
"""
MANIFEST = """
[package]
name = "small"
version = "0.1.0"
edition = "2021"
"""


@pytest.fixture(scope="module")
def cargo_home(tmp_path_factory):
    """Build once: what cargo compiles is kept for all cases."""
    if shutil.which("cargo") is None:
        pytest.skip("cargo is not installed")
    return tmp_path_factory.mktemp("crate")


@pytest.fixture
def crate(registry, cargo_home):
    (registry / "src").mkdir()
    (registry / "src" / "lib.rs").write_text(LIBRARY)
    (registry / "Cargo.toml").write_text(MANIFEST)
    (registry / "Cargo.lock").write_text(
        'version = 3\n[[package]]\nname = "small"\nversion = "0.1.0"\n'
    )
    (registry / ".pv").mkdir()
    (registry / ".pv" / "cargo-target").symlink_to(cargo_home)
    return registry


def cargo(name, more=""):
    return f"cargo: {{ package: small, filter: tests::{name}{more} }}"


def test_a_cargo_test_is_seen_to_run_and_pass_by_its_name(discharge, crate):
    code, outcome = discharge(cargo("doubles"))
    assert (code, outcome["verdict"]) == (0, "HELD"), outcome["headline"]
    assert outcome["measurements"]["notes"] == ["tests::doubles passed"]
    receipt = json.loads((crate / outcome["receipt"]).read_bytes())
    names = {each["name"] for each in receipt["subject"]}
    assert {"source:src/lib.rs", "source:Cargo.toml", "source:Cargo.lock"} <= names
    rustc = shutil.which("rustc")
    told = subprocess.run([rustc, "-V"], capture_output=True, text=True, check=True).stdout
    compiler = receipt["predicate"]["environment"]["outside"]["rustc"]["version"]
    assert f"rustc {compiler}".startswith(f"{told.strip()} (LLVM ")


@pytest.mark.parametrize(
    ("binding", "options", "code", "verdict", "words"),
    [
        (cargo("doubles_no_less"), (), 1, "REFUTED", "tests_failed 1 != 0"),
        (cargo("doubled"), (), 3, "ERROR", "cargo ran no test named tests::doubled"),
        (cargo("live"), (), 3, "SKIPPED", "tests::live skipped: needs a model"),
        (cargo("live"), ("--live",), 0, "HELD", "tests_failed 0 == 0"),
        (cargo("live", ", ignored: true"), (), 0, "HELD", "tests_failed 0 == 0"),
        (cargo("aborts"), (), 3, "ERROR", "a test was ended by SIGABRT"),
        ("cargo: cargo test -p small --lib doubles -- --exact", (), 3, "ERROR", "no test named"),
        ("test: cargo test -p small tests::doubles -- --exact", (), 0, "HELD", "tests_failed 0"),
        ("cargo: cargo test -p other tests::doubles", (), 3, "ERROR", "cargo ended with code 101"),
    ],
)
def test_what_a_cargo_test_comes_to(discharge, crate, binding, options, code, verdict, words):
    found, outcome = discharge(binding, *options)
    assert (found, outcome["verdict"]) == (code, verdict), outcome["headline"]
    assert words in outcome["headline"]


def test_a_crate_that_does_not_compile_says_why(discharge, crate):
    (crate / "src" / "lib.rs").write_text("fn f( {\n")
    code, outcome = discharge(cargo("doubles"))
    assert (code, outcome["verdict"], outcome["cause"]) == (3, "ERROR", "crash")
    assert "error: " in outcome["headline"]


def test_without_cargo_the_test_is_skipped_by_name(discharge, crate, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", "/nowhere")
    code, outcome = discharge(cargo("doubles"))
    assert (code, outcome["verdict"]) == (3, "SKIPPED")
    assert "program 'cargo' is not installed" in outcome["headline"]
