"""`pv evidence` and `pv why`: every condition of a receipt is found and told."""

import json
import os
import subprocess

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

CONTRACT = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: pattern
  status: PROPOSED
  description: one question
  references: [ { section: "1" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
falsification_tests:
  - id: FALSIFY-E-001
    rule: nothing is left
    prediction: nothing is left
    harness: falsifiers/zero.py::zero
    parameters: { size: 4 }
    expect: [{ metric: left, op: "==", value: 0, reason: "by construction" }]
    controls: [one_off]
    if_fails: something is left
    status: BOUND
"""
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"one_off": "one more"}


def zero(run):
    over = Sample("none", run.parameter("size"), (4,), "none", "int64", "nothing")
    return Measurements((Metric("left", 1 if run.fault else 0, "1", over),))
"""


class Registry:
    def __init__(self, root):
        self.root = root
        self.contract = root / "contracts" / "e-v1.yaml"
        self.harness = root / "falsifiers" / "zero.py"
        for path, text in ((self.contract, CONTRACT), (self.harness, HARNESS)):
            path.parent.mkdir()
            path.write_text(text)
        self.git("init", "-q")
        self.commit("the question")
        done = self.pv("discharge", "E-001", "--record")
        assert done.exit_code == 0, done.output
        self.commit("its answer")

    def git(self, *words):
        who = ["-c", "user.name=t", "-c", "user.email=t@localhost"]
        command = ["git", *who, "-C", str(self.root), *words]
        subprocess.run(command, check=True, capture_output=True)

    def commit(self, message):
        self.git("add", "-A")
        self.git("commit", "-qm", message)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    @property
    def receipts(self):
        return sorted((self.root / "contracts" / "evidence").rglob("*.json"))


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


def test_a_sound_receipt_is_valid_listed_and_shown(registry):
    (receipt,) = registry.receipts
    assert registry.pv("evidence", "verify").output == "1 valid (exit 0)\n"
    assert registry.pv("evidence", "list").output.split()[:2] == ["valid", "HELD"]
    shown = json.loads(registry.pv("evidence", "show", receipt.stem[:6]).output)
    assert shown["predicate"]["falsifier"] == "FALSIFY-E-001"
    assert registry.pv("why", "e-001").exit_code == 0


def test_a_moved_source_is_told_with_the_commit_that_moved_it(registry):
    registry.harness.write_text(HARNESS.replace("one more", "another"))
    told = registry.pv("why", "E-001")
    assert told.exit_code == 1
    assert "source:falsifiers/zero.py\n    not committed, or not known to git" in told.output
    registry.commit("Zero is another")
    registry.harness.write_text(HARNESS.replace("one more", "a third"))
    registry.commit("And a third")
    lines = registry.pv("why", "E-001").output.splitlines()
    assert lines[1] == "  source:falsifiers/zero.py"
    assert lines[2].endswith("Zero is another")
    verified = registry.pv("evidence", "verify")
    assert verified.exit_code == 0
    assert "STALE" in verified.output
    assert "1 stale (exit 0)" in verified.output


def test_a_changed_limit_is_the_entry_that_moved(registry):
    registry.contract.write_text(CONTRACT.replace("value: 0", "value: 1"))
    registry.commit("A wider limit")
    data = json.loads(registry.pv("why", "E-001", "--format", "json").output)
    (moved,) = data["receipts"][0]["moved"]
    assert moved["subject"] == "falsifier:FALSIFY-E-001"
    assert moved["commit"].endswith("A wider limit")


def test_every_single_flipped_byte_of_a_receipt_is_caught(registry):
    (receipt,) = registry.receipts
    sound = receipt.read_bytes()
    for position in range(0, len(sound), max(1, len(sound) // 40)):
        receipt.write_bytes(sound[:position] + bytes([sound[position] ^ 1]) + sound[position + 1 :])
        verified = registry.pv("evidence", "verify")
        assert verified.exit_code == 1, position
        assert "DAMAGED" in verified.output


def test_a_receipt_of_no_falsifier_is_an_orphan(registry):
    registry.contract.write_text(CONTRACT.replace("FALSIFY-E-001", "FALSIFY-E-002"))
    verified = registry.pv("evidence", "verify")
    assert verified.exit_code == 1
    assert "ORPHANED" in verified.output


def test_a_missing_receipt_is_noticed_by_the_list_that_was_kept(registry, tmp_path):
    kept = tmp_path / "kept.txt"
    kept.write_text(registry.pv("evidence", "export").output)
    assert registry.pv("evidence", "verify", "--against", str(kept)).exit_code == 0
    done = registry.pv("discharge", "E-001", "--record")  # the same run is no second receipt
    assert done.exit_code == 0
    assert len(registry.receipts) == 1
    registry.receipts[0].unlink()
    assert registry.pv("evidence", "verify").exit_code == 3
    verified = registry.pv("evidence", "verify", "--against", str(kept))
    assert verified.exit_code == 1
    assert "MISSING" in verified.output
    kept.write_text("no digest\n")
    again = registry.pv("evidence", "verify", "--against", str(kept))
    assert f"{kept}:1: expected a sha256" in str(again.exception)


def test_two_receipts_of_one_falsifier_stand_side_by_side(registry):
    registry.contract.write_text(CONTRACT.replace("value: 0", "value: 1").replace("==", "<"))
    registry.commit("Another limit")
    assert registry.pv("discharge", "E-001", "--record").exit_code == 0
    one, other = registry.receipts
    shown = registry.pv("evidence", "compare", one.name, str(other))
    assert shown.exit_code == 0, shown.output
    assert "measured: 2 differ, 0 the same" in shown.output
    assert "≠ falsifier:FALSIFY-E-001" in shown.output
    assert "environment: 0 differ" in shown.output


REFUSED = [
    (("evidence", "show", "zzzz"), "no one receipt is named 'zzzz'"),
    (("evidence", "show", ""), "no one receipt is named ''"),
    (("why", "E-099"), "no contract has a falsifier 'E-099'"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_does_not_exist_is_named(words, said, registry):
    assert said in str(registry.pv(*words).exception)


EMPTY = [("evidence", each) for each in ("list", "export", "verify")]


@pytest.mark.parametrize("words", EMPTY)
def test_no_receipt_is_no_success(words, tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "e-v1.yaml").write_text(CONTRACT)
    done = CliRunner().invoke(app, [*words, "--root", str(tmp_path)])
    assert done.exit_code == 3


def test_a_receipt_of_any_size_is_damaged_and_not_read(registry):
    (receipt,) = registry.receipts
    huge = receipt.with_name("0123456789abcdef.json")
    huge.touch()
    os.truncate(huge, 1 << 40)
    done = registry.pv("evidence", "verify")
    assert done.exit_code == 1
    assert "1 valid, 1 damaged" in done.output
