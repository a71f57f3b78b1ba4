"""`pv status --ready`: what has just become possible, by what, and what to run."""

from __future__ import annotations

import json
import subprocess

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

HEAD = """\
metadata:
  id: C-CHAIN
  version: 1.0.0
  kind: pattern
  status: ACTIVE
  description: a chain of questions
  references: [ a book ]
hypotheses:
  - { id: A1, claim: it grows }
falsification_tests:
"""
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"more": "one more"}


def zero(run):
    over = Sample("none", 1, (1,), "none", "int64", "nothing")
    return Measurements((Metric("left", 1 if run.fault else 0, "1", over),))
"""


def falsifier(number, *, unblocks="", bound=True, decides=""):
    binding = (
        f"""\
    harness: falsifiers/zero.py::zero
    parameters: {{ number: {number} }}
    expect: [{{ metric: left, op: "==", value: 0, reason: "by construction" }}]
    controls: [more]
"""
        if bound
        else '    planned: { reason: "not written yet" }\n'
    )
    edges = f"    unblocks: [{unblocks}]\n" if unblocks else ""
    return f"""\
  - id: FALSIFY-CHAIN-{number:03}
    rule: nothing is left
    prediction: nothing is left
{binding}{edges}{decides}    if_fails: something is left
"""


CHAIN = (
    HEAD
    + falsifier(1, unblocks="FALSIFY-CHAIN-003, AC-1, M-1, A1, C-CHAIN, the seven layer run")
    + falsifier(2, unblocks="FALSIFY-CHAIN-003, FALSIFY-CHAIN-004")
    + falsifier(3, decides="    decides: { A1: { HELD: CONFIRMED } }\n")
    + falsifier(4, bound=False)
    + "stages:\n  - { id: M-1, gates: [FALSIFY-CHAIN-001, FALSIFY-CHAIN-003] }\n"
)
SHIP = """\
metadata:
  version: 1.0.0
  kind: ship
  status: PROPOSED
  description: one model
  references: [ a ledger ]
models:
  - id: MODEL
    criteria:
      - { id: AC-1, criterion: c, gates: [FALSIFY-CHAIN-004] }
"""


class Home:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        (root / "falsifiers" / "zero.py").write_text(HARNESS)
        (root / "contracts" / "chain-v1.yaml").write_text(CHAIN)
        (root / "contracts" / "ship-v1.yaml").write_text(SHIP)
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(root)]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "state"]):
            subprocess.run([*git, *words], check=True)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def discharge(self, *names):
        done = self.pv("discharge", *names, "--record")
        assert done.exit_code == 0, done.output

    @property
    def ready(self):
        done = self.pv("status", "--ready", "--format", "json")
        assert done.exit_code == 0, done.output
        return json.loads(done.output)


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_before_anything_ran_everything_waits(home):
    found = home.ready
    assert (found["edges"], found["ready"]) == (8, [])
    waiting = {each["id"]: each["missing"] for each in found["waiting"]}
    both = ["FALSIFY-CHAIN-001", "FALSIFY-CHAIN-002"]
    assert waiting == {
        "A1": both[:1],
        "AC-1": both[:1],
        "C-CHAIN": both[:1],
        "FALSIFY-CHAIN-003": both,
        "FALSIFY-CHAIN-004": both[1:],
        "M-1": both[:1],
        "the seven layer run": both[:1],
    }
    text = home.pv("status", "--ready")
    assert text.output == "nothing became possible; still waiting: 7; edges 8 (exit 0)\n"


def test_one_of_two_beginnings_opens_what_hangs_on_it_alone(home):
    home.discharge("CHAIN-001")
    found = {each["id"]: each for each in home.ready["ready"]}
    assert set(found) == {"A1", "AC-1", "C-CHAIN", "M-1", "the seven layer run"}
    assert found["M-1"]["command"] == "pv discharge CHAIN-003 --record"
    assert found["A1"]["command"] == "pv discharge CHAIN-003 --record"
    assert found["C-CHAIN"]["command"] == "pv discharge CHAIN-002 CHAIN-003 --record"
    assert (found["AC-1"]["command"], found["AC-1"]["advice"]) == (None, "bind what CHAIN-004 runs")
    assert found["the seven layer run"]["kind"] == "text"
    assert all(each["since"] for each in found.values())


def test_text_says_by_what_since_when_and_what_to_do(home):
    home.discharge("CHAIN-001", "CHAIN-002")
    done = home.pv("status", "--ready")
    day = home.ready["ready"][0]["since"]
    assert "CHAIN-003  falsifier  BOUND  contracts/chain-v1.yaml:" in done.output
    assert f"  possible on {day} by CHAIN-001, CHAIN-002\n" in done.output
    assert "  do: pv discharge CHAIN-003 --record\n" in done.output
    assert "CHAIN-004  falsifier  PLANNED" in done.output
    assert done.output.endswith("7 became possible; edges 8 (exit 0)\n")


def test_what_has_been_done_is_no_longer_listed(home):
    home.discharge("CHAIN-001", "CHAIN-002")
    home.discharge("CHAIN-003")
    left = {each["id"] for each in home.ready["ready"]}
    assert left == {"AC-1", "C-CHAIN", "FALSIFY-CHAIN-004", "the seven layer run"}


def test_what_lost_its_receipt_opens_nothing_more(home):
    home.discharge("CHAIN-001")
    harness = home.root / "falsifiers" / "zero.py"
    harness.write_text(HARNESS.replace("one more", "another one"))
    assert home.ready["ready"] == []


def test_a_registry_without_edges_has_no_answer(home):
    (home.root / "contracts" / "chain-v1.yaml").write_text(HEAD + falsifier(1))
    done = home.pv("status", "--ready")
    assert (done.exit_code, done.output) == (3, "no falsifier says what it unblocks (exit 3)\n")


def test_a_file_that_cannot_be_read_leaves_the_answer_open(home):
    (home.root / "contracts" / "broken-v1.yaml").write_text("metadata: {")
    done = home.pv("status", "--ready")
    assert done.exit_code == 3
    assert "NOT JUDGED contracts/broken-v1.yaml" in done.output
