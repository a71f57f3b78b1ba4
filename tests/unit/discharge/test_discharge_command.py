"""`pv discharge` end to end: real children, what is printed, exit codes, receipts left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError

ROOT = Path(__file__).parents[3]
BESIDE = """\
    beside:
      - name: as published
        harness: falsifiers/toy.py::excess
        parameters: { step: 9.0 }
        expect:
          - { metric: excess, op: "<=", value: 2.0, reason: "as published" }
"""


@pytest.fixture
def pv(toy):
    def call(*arguments):
        return CliRunner().invoke(app, ["discharge", *arguments, "--root", str(toy.root)])

    return call


def receipts(toy, place=".pv/receipts"):
    return sorted(each.relative_to(toy.root).as_posix() for each in toy.root.glob(f"{place}/*/*"))


def test_held_prints_the_verdict_first_and_the_command_last(toy, pv):
    toy.contract(toy.entry())
    found = pv("TOY-001")
    lines = found.stdout.splitlines()
    assert found.exit_code == 0
    assert lines[0] == "TOY-001         HELD          excess 1 <= 2"
    assert "met      excess 1 <= 2" in lines
    assert "control  tripled: red: excess 3 > 2" in lines
    assert "again    pv discharge TOY-001" in lines
    (path,) = receipts(toy)
    assert f"receipt  {path}" in lines
    assert lines[-1] == "1 HELD (exit 0)"
    assert receipts(toy, "contracts/evidence") == []


def test_recorded_receipts_go_to_the_registry_and_repeat_as_one(toy, pv):
    toy.contract(toy.entry())
    assert pv("TOY-001", "--record").exit_code == 0
    assert pv("TOY-001", "--record").exit_code == 0
    assert len(receipts(toy, "contracts/evidence")) == 1
    assert receipts(toy) == []


def test_refuted_shows_the_number_and_exits_1(toy, pv):
    toy.contract(toy.entry(step=2.5))
    found = pv("TOY-001")
    assert found.exit_code == 1
    assert found.stdout.startswith("TOY-001         REFUTED       excess 2.5 > 2\n")


@pytest.mark.parametrize(
    ("function", "word", "text"),
    [
        ("toothless", "INCONCLUSIVE", "control tripled stayed green"),
        ("not_finite", "ERROR", "metric excess is nan"),
        ("control_not_finite", "INCONCLUSIVE", "shows nothing"),
        ("other_metric", "ERROR", "excess is expected and was not"),
        ("raises", "ERROR", "ZeroDivisionError"),
        ("segfaults", "ERROR", "SIGSEGV"),
        ("missing", "SKIPPED", "no tokenizer here"),
        ("sleeps", "TIMEOUT", "the limit of 2 s"),
    ],
)
def test_no_verdict_on_the_claim_exits_3(toy, pv, function, word, text):
    toy.contract(toy.entry(function=function))
    found = pv("TOY-001", "--timeout", "2")
    flat = " ".join(found.stdout.split())
    assert found.exit_code == 3
    assert flat.startswith(f"TOY-001 {word} ")
    assert text in flat
    assert len(receipts(toy)) == (word == "INCONCLUSIVE")
    assert "Traceback" not in found.stdout
    if word in ("ERROR", "TIMEOUT"):
        assert (toy.root / ".pv/logs/FALSIFY-TOY-001.txt").read_text().startswith(word)


def test_an_unknown_control_is_named(toy, pv):
    toy.contract(toy.entry(controls="tripeld"))
    found = pv("TOY-001")
    assert found.exit_code == 3
    text = " ".join(found.stdout.split())
    assert "control 'tripeld' is unknown, expected one of harmless, tripled" in text


def test_a_failing_falsifier_leaves_the_next_one_alone(toy, pv):
    toy.contract(toy.entry("001", "segfaults"), toy.entry("002"), toy.entry("003", step=5.0))
    found = pv("--all")
    words = [line.split()[1] for line in found.stdout.splitlines()[:1]]
    assert words == ["ERROR"]
    assert "TOY-002              HELD          excess 1 <= 2" in found.stdout
    assert "TOY-003              REFUTED       excess 5 > 2" in found.stdout
    assert found.stdout.endswith("1 HELD, 1 REFUTED, 1 ERROR (exit 1)\n")
    assert found.exit_code == 1


def test_the_first_lines_set_the_published_question_beside_the_proper_one(toy, pv):
    toy.contract(toy.entry() + BESIDE)
    found = pv("TOY-001")
    assert found.stdout.splitlines()[:3] == [
        "as published    REFUTED       excess 9 > 2",
        "asked properly  HELD          excess 1 <= 2",
        "",
    ]
    assert found.exit_code == 0


def test_no_line_is_wider_than_80_columns(toy, pv):
    toy.contract(
        toy.entry() + BESIDE, toy.entry("002", "bad_input"), toy.entry("003", "numpy_values")
    )
    for each in ("001", "002", "003"):
        assert max(len(line) for line in pv(each).stdout.splitlines()) <= 80


def test_json_has_the_same_outcomes(toy, pv):
    toy.contract(toy.entry(step=2.5))
    found = pv("TOY-001", "--format", "json")
    data = json.loads(found.stdout)
    assert (found.exit_code, data["exit_code"], data["schema_version"]) == (1, 1, 1)
    (outcome,) = data["outcomes"]
    assert (outcome["verdict"], outcome["comparisons"][0]["worst"]) == ("REFUTED", 2.5)
    assert outcome["command"] == ["pv", "discharge", "TOY-001"]


def test_the_simulator_is_recorded_as_one(toy, pv):
    toy.contract(toy.entry())
    found = pv("TOY-001", "--device", "sim", "--format", "json")
    (outcome,) = json.loads(found.stdout)["outcomes"]
    assert (outcome["device"], outcome["environment"]["device"]) == ("cuda-simulator",) * 2
    assert outcome["command"] == ["pv", "discharge", "TOY-001", "--device", "sim"]


def test_nothing_to_run_is_a_usage_error(toy, pv):
    toy.contract(toy.entry())
    assert isinstance(pv().exception, UsageError)
    assert isinstance(pv("TOY-9").exception, UsageError)


def test_control_characters_of_a_harness_do_not_reach_the_terminal(toy, pv):
    toy.harness.write_text(
        toy.harness.read_text().replace('"by the harness"', '"\\x1b[2J\\x07 by the harness"')
    )
    toy.contract(toy.entry(function="raises"))
    found = pv("TOY-001")
    assert "\x1b" not in found.stdout
    assert "\\x1b[2J" in found.stdout


def test_the_frame_starts_without_numpy_and_its_friends():
    code = (
        "import sys\nimport pv.cli.main, pv.discharge.dispatch, pv.output.discharge_text,"
        " pv.evidence.receipt, pv.output.status_text\n"
        "print([m for m in ('numpy', 'numba', 'pydantic', 'rich', 'gguf', 'jinja2', 'tree_sitter')"
        " if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_reports_do_not_depend_on_where_and_how_they_are_made(toy, tmp_path_factory):
    toy.contract(toy.entry() + BESIDE)
    seen = set()
    for seed, zone, place in (("1", "UTC", toy.root), ("77", "Asia/Tokyo", ROOT)):
        environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": seed, "TZ": zone}
        environment["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-m", "pv", "discharge", "TOY-001", "--root", str(toy.root)]
        done = subprocess.run(
            command, cwd=place, env=environment, capture_output=True, text=True, check=True
        )
        seen.add("\n".join(x for x in done.stdout.splitlines() if not x.endswith(" s")))
    assert len(seen) == 1
    assert len(receipts(toy)) == 1


def test_advice_stands_apart_from_what_happened(toy, pv):
    toy.contract(toy.entry(function="toothless"))
    found = pv("TOY-001", "--device", "sim")
    assert found.exit_code == 3
    said = " ".join(found.stdout.split())
    assert "it never asks for the device · do: run it with --device cpu" in said
