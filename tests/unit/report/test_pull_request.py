"""`pv pr-body`: what changed, what bears it, and what nothing bears."""

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
  - id: FALSIFY-R-001
    rule: nothing is left
    prediction: nothing is left
    harness: falsifiers/zero.py::zero
    parameters: { size: 4 }
    expect: [{ metric: left, op: "<=", value: 0.5, reason: "by construction" }]
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
        self.contract = root / "contracts" / "r-v1.yaml"
        for path, text in ((self.contract, CONTRACT), (root / "falsifiers" / "zero.py", HARNESS)):
            path.parent.mkdir()
            path.write_text(text)
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "the question"]):
            command = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost"]
            subprocess.run([*command, "-C", str(root), *words], check=True)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def body(self):
        return self.pv("pr-body", "--base", "HEAD")


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


def test_a_move_with_its_receipt_is_told_with_measurement_method_and_command(registry):
    assert registry.pv("discharge", "R-001", "--record").exit_code == 0
    assert registry.pv("promote", "R-001").exit_code == 0
    done = registry.body()
    assert done.exit_code == 0, done.output
    text = done.output
    assert "- 1 new receipt: 1 HELD" in text
    assert "- 1 contract changed\n- 1 status or verdict moved\n" in text
    assert "| `contracts/r-v1.yaml` | 1.0.0 → 1.1.0 | MINOR, declared |" in text
    assert "| falsifier R-001 | BOUND → DISCHARGED | HELD " in text
    assert "| `R-001` | `left` | <= 0.5 | 0 | met | [" in text
    assert "1 of 1 planted faults went red" in text
    assert "stood since " in text
    assert "- [ ] `pv discharge R-001`" in text
    assert "Claimed and not backed" not in text


def test_a_claim_without_a_receipt_stands_apart_and_fails(registry):
    registry.contract.write_text(CONTRACT.replace("status: BOUND", "status: DISCHARGED"))
    done = registry.body()
    assert done.exit_code == 1
    assert (
        "## Claimed and not backed by receipts\n\n- R-001 claims DISCHARGED: no receipt"
        in done.output
    )
    assert "| falsifier R-001 | BOUND → DISCHARGED | no new receipt of its own |" in done.output
    assert "MINOR, NOT declared" in done.output
    assert "## Measurements" not in done.output


def test_a_receipt_that_went_stale_bears_nothing(registry):
    assert registry.pv("discharge", "R-001", "--record").exit_code == 0
    harness = registry.root / "falsifiers" / "zero.py"
    harness.write_text(HARNESS.replace("one more", "another"))
    text = registry.body().output
    assert "new receipt" not in text
    assert "- 1 other file changed" in text
    heading, told = "## New receipts that do not count", text.partition("## New receipts")[2]
    assert heading in text
    assert "is stale: changed since: source:falsifiers/zero.py" in told


AWAITED = """\
  - id: FALSIFY-R-002
    rule: it has learnt
    prediction: the loss is low
    awaits: { source: the training run, reason: "it takes days" }
    expect: [ { metric: loss, unit: nats, op: "<", value: 2.2, reason: "a plan" } ]
    if_fails: train on
    status: BLOCKED
"""


def test_what_others_measured_stands_apart_from_what_ran_here(registry):
    registry.contract.write_text(CONTRACT + AWAITED)
    commit = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(registry.root)]
    subprocess.run([*commit, "commit", "-qam", "another"], check=True)
    said = ("--source", "run 41", "--by", "the team", "--record")
    assert registry.pv("measure", "R-002", "loss=2.1 nats", *said).exit_code == 0
    assert registry.pv("promote", "R-002").exit_code == 0
    text = registry.body().output
    assert "- 1 new receipt: 1 HELD" in text
    assert "## Shown elsewhere: nothing ran here" in text
    assert "| `R-002` | loss 2.1 < 2.2 nats, by the team from run 41 | HELD | [" in text
    assert "| falsifier R-002 | BLOCKED → PARTIAL_ALGORITHM_LEVEL | HELD elsewhere " in text
    assert "## Measurements" not in text


def test_no_change_is_no_text_to_send(registry):
    done = registry.body()
    assert done.exit_code == 3
    assert "Nothing has changed since `HEAD`." in done.output


def test_a_revision_that_is_none_is_named(registry):
    assert "nowhere" in str(registry.pv("pr-body", "--base", "nowhere").exception)
