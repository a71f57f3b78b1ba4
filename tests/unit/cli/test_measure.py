"""`pv measure`: a number from outside is bound to metric and unit, and never a discharge."""

from __future__ import annotations

import json
import subprocess

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.yamlfile.judge import judge_text

CONTRACT = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: ship
  status: PROPOSED
  description: a model that is trained elsewhere
  references: [ { section: "5" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
models:
  - id: MODEL-2
    criteria:
      - { id: AC-003, criterion: cross-entropy of at most 2.2, gates: [FALSIFY-SHIP-013] }
      - { id: AC-010, criterion: at least 100 tokens a second, gates: [FALSIFY-SHIP-020] }
falsification_tests:
  - id: FALSIFY-SHIP-013
    rule: the model has learnt
    prediction: validation loss is at most 2.2
    awaits: { source: the training run, reason: "it takes days on a device that is not here" }
    expect: [ { metric: val_loss, unit: nats/token, op: "<=", value: 2.2, reason: "table 5.2" } ]
    if_fails: train on
    status: BLOCKED
  - id: FALSIFY-SHIP-020
    rule: it decodes fast enough
    prediction: at least 100 tokens a second
    awaits: { source: the benchmark, reason: "the machine is elsewhere" }
    expect: [ { metric: decode, unit: tok/s, op: ">=", value: 100, reason: "table 5.2" } ]
    if_fails: profile it
    status: BLOCKED
"""
FILE = "contracts/ship-v1.yaml"
SAID = ("--source", "run 41, step 9000", "--by", "the training team", "--record")


class Home:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        self.write(CONTRACT)
        self.commit()

    def write(self, text):
        (self.root / FILE).write_text(text)

    def commit(self):
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(self.root)]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "state"]):
            subprocess.run([*git, *words], check=True)

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def state(self, falsifier):
        told = json.loads(self.pv("status", "--format", "json").output)
        (one,) = [e for e in told["contracts"][0]["falsifiers"] if e["id"] == falsifier]
        return one["state"], "; ".join(one["reasons"])

    @property
    def receipts(self):
        return sorted(self.root.glob("contracts/evidence/*/*.json"))


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def test_until_a_number_comes_the_falsifier_is_blocked_and_says_for_what(home):
    assert home.state("FALSIFY-SHIP-013") == (
        "BLOCKED",
        "awaits val_loss in nats/token from the training run",
    )
    named = home.pv("discharge", "SHIP-013")
    assert named.exit_code == 3
    assert "awaits: it takes days" in named.output


def test_a_number_that_meets_the_limit_counts_and_never_discharges(home):
    done = home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID)
    assert done.exit_code == 0, done.exception
    said = "val_loss 2.14 <= 2.2 nats/token, by the training team from run 41, step 9000"
    assert done.output.startswith(f"HELD FALSIFY-SHIP-013: {said}\n")
    state, why = home.state("FALSIFY-SHIP-013")
    assert (state, why) == ("PARTIAL_ALGORITHM_LEVEL", f"{said}; nothing ran here")
    verified = home.pv("evidence", "verify")
    assert verified.exit_code == 0, verified.output


def test_a_number_that_misses_the_limit_refutes_whatever_is_typed(home):
    """The published 5.36 under a criterion of at most 2.2."""
    home.write(CONTRACT.replace("status: BLOCKED", "status: DISCHARGED", 1))
    home.commit()
    done = home.pv("measure", "SHIP-013", "val_loss=5.36 nats/token", *SAID)
    assert done.exit_code == 1
    assert "REFUTED FALSIFY-SHIP-013: val_loss 5.36 > 2.2 nats/token" in done.output
    assert home.state("FALSIFY-SHIP-013")[0] == "REFUTED"
    assert "PV-STA-001" in home.pv("lint").output


REFUSED = [
    # 325.1 tokens a second belong to another criterion than the one they were credited to
    (("SHIP-013", "decode=325.1 tok/s"), "does not ask for decode, expected val_loss in nats"),
    (("SHIP-013", "val_loss=2.1 bits"), "val_loss is given in bits, expected nats/token"),
    (("SHIP-013", "val_loss=2.1"), "val_loss is given in no unit, expected nats/token"),
    (("SHIP-013", "val_loss=low nats/token"), "expected METRIC=NUMBER UNIT"),
    (("SHIP-013", "val_loss=nan nats/token"), "expected METRIC=NUMBER UNIT"),
    (("SHIP-013", "val_loss=1 nats/token", "val_loss=2 nats/token"), "was given twice"),
    (("SHIP-013", "val_loss=1 nats/token", "--on", "2999-01-01"), "expected no day after today"),
    (("SHIP-013", "val_loss=1 nats/token", "--on", "May"), "expected a day as YYYY-MM-DD"),
    (("SHIP-099", "val_loss=1 nats/token"), "no contract has a falsifier 'SHIP-099'"),
    (("SHIP-013", "val_loss=1 nats/token", "--file", "gone.log"), "gone.log"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_is_not_asked_for_is_refused_and_nothing_is_written(home, words, said):
    done = home.pv("measure", *words, *SAID)
    assert done.exit_code not in (0, 1) or done.exception is not None
    assert said in str(done.exception)
    assert home.receipts == []


def test_a_falsifier_that_runs_awaits_no_number(home):
    awaits = CONTRACT.split("    awaits", 1)[1].split("\n", 1)[0]
    home.write(CONTRACT.replace(f"awaits{awaits}", 'planned: { reason: "not yet" }'))
    done = home.pv("measure", "SHIP-013", "val_loss=1 nats/token", *SAID)
    assert "awaits no number: it has planned, expected `awaits`" in str(done.exception)


def test_a_moved_limit_asks_for_the_number_again(home):
    home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID)
    home.write(CONTRACT.replace("value: 2.2", "value: 2.0"))
    assert home.state("FALSIFY-SHIP-013")[0] == "STALE"


def test_a_limit_that_is_not_committed_makes_it_post_hoc(home):
    home.write(CONTRACT.replace("value: 2.2", "value: 2.5"))
    done = home.pv("measure", "SHIP-013", "val_loss=2.4 nats/token", *SAID)
    assert "POST-HOC: its limit is not committed" in done.output
    assert "POST-HOC" in home.state("FALSIFY-SHIP-013")[1]


def test_a_file_that_shows_it_is_recorded_by_digest(home, tmp_path):
    log = tmp_path / "train.log"
    log.write_text("step 9000 loss 2.14")
    home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID, "--file", str(log))
    (receipt,) = home.receipts
    names = [each["name"] for each in json.loads(receipt.read_text())["subject"]]
    assert names == ["falsifier:FALSIFY-SHIP-013", "file:train.log"]


def test_an_edited_verdict_or_a_missing_source_is_damage(home):
    home.pv("measure", "SHIP-013", "val_loss=5.36 nats/token", *SAID)
    (receipt,) = home.receipts
    import hashlib

    for before, after in (('"REFUTED"', '"HELD"'), ('"by":"the training team"', '"by":""')):
        text = receipt.read_text().replace(before, after)
        assert text != receipt.read_text()
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        (receipt.parent / f"{name}.json").write_text(text)
    told = home.pv("status").output
    assert told.count("DAMAGED") == 2


def test_the_columns_of_ship_stay_apart_until_the_file_gives_credit(home):
    home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID)

    def figures():
        (one,) = json.loads(home.pv("ship", "--format", "json").output)["models"]
        return one["percent"], one["foreign_percent"], one["criteria"][0]["foreign"]

    assert figures() == (0.0, 50.0, "DISCHARGED")
    credit = (
        'credits: { FOREIGN: 0.5 }\n    reasons: { credits: "trained elsewhere" }\n    criteria:'
    )
    home.write(CONTRACT.replace("criteria:", credit))
    assert figures() == (25.0, 50.0, "DISCHARGED")


def test_a_number_ages_from_the_day_on_which_it_was_measured(home):
    home.write(CONTRACT.replace("  kind: ship\n", "  kind: ship\n  shelf_life: 4w\n"))
    home.commit()
    home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID, "--on", "2026-05-01")
    assert "its shelf life ended on 2026-05-29" in home.state("FALSIFY-SHIP-013")[1]
    assert "STALE" in home.pv("status", "--today", "2026-05-30").output
    assert "counts until 2026-05-29" in home.pv("status", "--today", "2026-05-29").output


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("metric: val_loss, unit: nats/token,", "metric: val_loss,", "unit is missing"),
        ("source: the training run, ", "", "source is missing"),
        (', reason: "it takes days on a device that is not here"', "", "reason is missing"),
        ("    expect: [ { metric: val_loss", "    x-e: [ { metric: val_loss", "expect is missing"),
    ],
)
def test_a_gate_that_cannot_be_judged_is_a_fault_of_the_file(before, after, said):
    assert before in CONTRACT
    judged = judge_text(CONTRACT.replace(before, after, 1), FILE)
    assert any(said in each.message for each in judged.findings)
    assert not any(said in each.message for each in judge_text(CONTRACT, FILE).findings)


def test_explain_and_due_name_the_command_that_enters_the_number(home):
    home.write(CONTRACT.replace("  kind: ship\n", "  kind: ship\n  shelf_life: 4w\n"))
    home.commit()
    again = "pv measure SHIP-013 'val_loss=NUMBER nats/token' --source WHERE --by WHO --record"
    before = " ".join(home.pv("explain", "SHIP-013").output.split())
    assert f"again {again}" in before
    home.pv("measure", "SHIP-013", "val_loss=2.14 nats/token", *SAID, "--on", "2026-05-01")
    told = " ".join(home.pv("explain", "SHIP-013").output.split())
    assert "HELD STALE on 2026-05-01, foreign: the training team, run 41, step 9000" in told
    assert "nothing ran here" in told
    due = " ".join(home.pv("status", "--due", "4w", "--today", "2026-05-29").output.split())
    assert f"2026-05-29 today SHIP-013 ship-v1 do: {again}" in due


def test_what_waits_for_a_number_is_ready_to_be_measured(home):
    home.write(
        CONTRACT.replace("    if_fails: train on\n", "    if_fails: train on\n    unblocks: []\n")
        + "  - id: FALSIFY-SHIP-001\n    rule: r\n    prediction: p\n    if_fails: x\n"
        "    planned: { reason: later }\n    unblocks: [FALSIFY-SHIP-013]\n"
    )
    told = json.loads(home.pv("status", "--ready", "--format", "json").output)
    (waiting,) = told["waiting"]
    assert waiting["command"].startswith("pv measure SHIP-013 'val_loss=NUMBER nats/token'")
