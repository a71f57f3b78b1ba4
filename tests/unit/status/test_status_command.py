"""`pv status`: claims beside what receipts support, over a registry on disk."""

from __future__ import annotations

import json
import textwrap

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

CONTRACT = """\
metadata:
  id: toy-v1
  version: 1.0.0
  created: 2026-05-06
  updated: 2026-05-06
  author: the tests
  kind: pattern
  status: CLAIM
  description: a contract for tests
changelog:
  - { version: 1.0.0, date: 2026-05-06, changes: [start] }
hypotheses:
  - { id: A1, claim: it grows, verdict: UNTESTED }
falsification_tests:
  - id: FALSIFY-TOY-001
    rule: excess is small
    prediction: excess stays at or below 2
    harness: falsifiers/toy.py::excess
    parameters: { step: 1.0 }
    expect:
      - { metric: excess, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    decides: { A1: { HELD: FALSIFIED, REFUTED: CONFIRMED } }
    if_fails: the construction is wrong
    status: STATE
  - id: FALSIFY-TOY-002
    rule: excess is small on a model
    prediction: excess stays at or below 2
    harness: falsifiers/toy.py::excess
    parameters: { step: 1.0 }
    models:
      quorum: all
      accept:
        - { name: small, architecture: llama, sha256: SHA }
    expect:
      - { metric: excess, op: "<=", value: 2.0, reason: "by construction" }
    controls: [tripled]
    if_fails: the construction is wrong
stages:
  - { id: M-1, status: PENDING, gates: [FALSIFY-TOY-001] }
qa_gate: { id: Q-1, name: all, falsifiers: [FALSIFY-TOY-001] }
""".replace("SHA", "a" * 64)
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"tripled": "each step times three"}


def excess(run):
    value = run.parameter("step") * (3 if run.fault else 1)
    sample = Sample("none", 1, (1,), "none", "float64")
    return Measurements((Metric("excess", value, "1", sample),))
"""


class Home:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        self.harness = root / "falsifiers" / "toy.py"
        self.harness.write_text(HARNESS)
        self.claim()

    def claim(self, contract="ACTIVE", state="BOUND"):
        text = CONTRACT.replace("CLAIM", contract).replace("STATE", state)
        (self.root / "contracts" / "toy-v1.yaml").write_text(text)

    def pv(self, *arguments):
        return CliRunner().invoke(app, [*arguments, "--root", str(self.root)])

    @property
    def receipts(self):
        return sorted(self.root.glob("contracts/evidence/*/*.json"))


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_the_whole_text_of_a_registry_without_receipts(home):
    found = home.pv("status")
    assert found.exit_code == 0
    assert found.stdout == textwrap.dedent(
        """\
        toy-v1: claims ACTIVE   derived ACTIVE
          weakest: FALSIFY-TOY-001 is BOUND
          falsifier  claimed     derived  why
          TOY-001    BOUND       BOUND    no receipt
          TOY-002    -           BOUND    small: BOUND
          stage  claimed     derived  why
          M-1    PENDING     PENDING  weakest: FALSIFY-TOY-001 is BOUND
          hypothesis  claimed      derived   why
          A1          UNTESTED     UNTESTED  FALSIFY-TOY-001 (BOUND) has no answer
          qa_gate Q-1 does not hold: not discharged: TOY-001

        models:
          [1] small
          falsifier  [1]
          TOY-002    BOUND

        OK: no claim is ahead; contracts 1, falsifiers 2 (exit 0)
        """
    )


def test_a_claim_ahead_of_its_evidence_is_marked_and_fails(home):
    home.claim("ACTIVE", "DISCHARGED")
    found = home.pv("status")
    assert found.exit_code == 1
    assert "TOY-001    DISCHARGED  >  BOUND    no receipt" in found.stdout
    assert "FAIL: claims ahead: 1; contracts" in found.stdout


def test_a_run_moves_states_stages_hypotheses_and_the_other_direction_is_marked(home):
    assert home.pv("discharge", "TOY-001", "--record").exit_code == 0
    found = home.pv("status")
    assert found.exit_code == 0
    # Not in git: the limit cannot be shown to be older than the result.
    assert "BOUND    <  PARTIAL_ALGORITHM_LEVEL\n      POST-HOC: " in found.stdout
    assert "A1          UNTESTED  <  FALSIFIED" in found.stdout
    assert "M-1    PENDING  <  ALGORITHM_LEVEL_DISCHARGED" in found.stdout


def test_no_line_is_wider_than_80_columns(home):
    home.claim("ACTIVE", "DISCHARGED")
    home.pv("discharge", "TOY-001", "--record")
    assert max(map(len, home.pv("status").stdout.splitlines())) <= 80


def test_local_receipts_count_only_when_asked_for(home):
    assert home.pv("discharge", "TOY-001").exit_code == 0
    assert "PARTIAL" not in home.pv("status").stdout
    assert "PARTIAL_ALGORITHM_LEVEL" in home.pv("status", "--local").stdout


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda home: home.harness.write_text(HARNESS + "\n"), "STALE"),
        (lambda home: home.harness.unlink(), "leads to no test"),
        (
            lambda home: home.harness.write_text(HARNESS.replace("tripled", "tripler")),
            "unknown control tripled, did you mean tripler?",
        ),
        (
            lambda home: home.harness.write_text(HARNESS.replace("tripled", "t")),
            "unknown control tripled\n",
        ),
    ],
)
def test_a_changed_or_removed_harness_demotes(home, spoil, words):
    home.pv("discharge", "TOY-001", "--record")
    spoil(home)
    assert words in home.pv("status").stdout


def test_a_flipped_byte_is_named_and_fails(home):
    home.pv("discharge", "TOY-001", "--record")
    (path,) = home.receipts
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    found = home.pv("status")
    assert found.exit_code == 1
    assert f"DAMAGED contracts/evidence/FALSIFY-TOY-001/{path.name}: digest differs" in found.stdout
    assert "damaged receipts: 1" in found.stdout


def test_receipts_of_no_falsifier_are_named(home):
    home.pv("discharge", "TOY-001", "--record")
    home.receipts[0].parent.rename(home.root / "contracts" / "evidence" / "FALSIFY-GONE-001")
    found = home.pv("status")
    assert found.exit_code == 3
    assert (
        "NOT JUDGED contracts/evidence/FALSIFY-GONE-001: receipts of no falsifier" in found.stdout
    )


def test_a_contract_that_does_not_parse_is_named_and_the_other_is_judged(home):
    (home.root / "contracts" / "broken.yaml").write_text("metadata: {")
    found = home.pv("status")
    assert found.exit_code == 3
    assert "NOT JUDGED contracts/broken.yaml:1" in found.stdout
    assert "toy-v1: claims ACTIVE" in found.stdout


def test_nothing_judged_is_no_success(tmp_path):
    (tmp_path / "contracts").mkdir()
    found = CliRunner().invoke(app, ["status", "--root", str(tmp_path)])
    assert (found.exit_code, found.stdout.strip()) == (
        3,
        f"no contract under {tmp_path / 'contracts'} was judged (exit 3)",
    )


def test_json_has_states_standings_and_receipts_by_id(home):
    home.claim("ACTIVE", "DISCHARGED")
    home.pv("discharge", "TOY-001", "--record")
    found = home.pv("status", "--format", "json")
    data = json.loads(found.stdout)
    (contract,) = data["contracts"]
    one = contract["falsifiers"][0]
    assert (one["state"], one["standing"]) == ("PARTIAL_ALGORITHM_LEVEL", "ahead")
    assert one["receipt"]["id"] == home.receipts[0].stem
    assert "statement" not in one["receipt"]
    assert contract["ahead"] == ["FALSIFY-TOY-001"]
    assert data["exit_code"] == found.exit_code == 1
