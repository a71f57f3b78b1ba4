"""`pv promote`, `demote`, `bump`, `note`: claims follow receipts, and no other byte moves."""

import difflib
import json
import subprocess

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from pv.cli.main import app

PARITY = """\
# Two engines over one file.   <- this comment stays
metadata:
  kind: pattern
  version: 1.1.0
  status: PROPOSED      # a claim
  created: '2026-04-27'
  updated: '2026-04-27'
  changelog:
    1.1.0:
    - Adds the gate on equal samples
    1.0.0:
    - First version
  description: >
    Layer by layer, the spread of one engine is that of the other.
  references: [ { section: "27" } ]
proof_obligations:
  - { id: O-1, type: bound, property: "every layer is in the band" }
falsification_tests:
  - id: FALSIFY-PARITY-001
    rule: every layer is in the band
    prediction: all 28 ratios are within a factor of 2
    harness: falsifiers/parity.py::ratios
    parameters: { layers: 28 }
    expect:
      - { metric: spread, op: within, value: [0.5, 2.0], reason: "the published band" }
    controls: [tripled]
    if_fails: an engine differs
    status: BOUND
  - id: FALSIFY-PARITY-002
    rule: layer 3 alone is in the band
    prediction: its ratio is within a factor of 2
    harness: falsifiers/parity.py::ratios
    parameters: { layers: 4 }
    expect:
      - { metric: spread, op: within, value: [0.5, 2.0], reason: "the published band" }
    controls: [tripled]
    if_fails: an engine differs
    status: BOUND
  - id: FALSIFY-PARITY-007   # the precondition
    rule: both sides are of one sample
    prediction: counts are equal
    harness: falsifiers/parity.py::ratios
    parameters: { layers: 7 }
    expect:
      - { metric: spread, op: within, value: [0.5, 2.0], reason: "the published band" }
    controls: [tripled]
    if_fails: the samples differ
    status: BOUND
stages:
  - { id: M-1, status: PENDING, gates: [FALSIFY-PARITY-001, FALSIFY-PARITY-007] }
verification_summary: { total_obligations: 1, discharged: 0, status: pending }
"""
HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"tripled": "one engine multiplies by three"}


def ratios(run):
    layers = run.parameter("layers")
    value = tuple((3.0 if run.fault else 1.0) + n / 1000 for n in range(layers))
    over = Sample("none", layers, (layers,), "none", "float64", "ratios")
    return Measurements((Metric("spread", value, "1", over),))
"""
FILE = "contracts/parity-v1.yaml"


class Registry:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        self.write(PARITY)
        (root / "falsifiers" / "parity.py").write_text(HARNESS)

    def write(self, text):
        (self.root / FILE).write_text(text)

    @property
    def text(self):
        return (self.root / FILE).read_text()

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def commit(self):
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(self.root)]
        subprocess.run([*git, "init", "-q"], check=True)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-qm", "state"], check=True)

    def discharge(self):
        self.commit()
        done = self.pv("discharge", "--all", "--record")
        assert done.exit_code == 0, done.output


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


def changed(before, after):
    """Return the removed and the added lines."""
    lines = list(difflib.unified_diff(before.split("\n"), after.split("\n"), lineterm="", n=0))[2:]
    removed = [each[1:].strip() for each in lines if each.startswith("-")]
    return removed, [each[1:].strip() for each in lines if each.startswith("+")]


def test_without_receipts_the_promotion_is_refused(registry):
    done = registry.pv("promote", "parity-v1", "--to", "ACTIVE_FUNCTIONAL")
    assert done.exit_code == 1
    words = " ".join(done.output.split())
    assert "PROPOSED → ACTIVE_FUNCTIONAL: its evidence is behind: weakest" in words
    assert registry.text == PARITY


def test_with_receipts_it_is_made_and_nothing_else_moves(registry):
    registry.discharge()
    done = registry.pv(
        "promote", "parity-v1", "--to", "ACTIVE_FUNCTIONAL", "--note", "The fix has landed"
    )
    assert done.exit_code == 0, done.output
    removed, added = changed(PARITY, registry.text)
    assert removed == [
        "version: 1.1.0",
        "status: PROPOSED      # a claim",
        "updated: '2026-04-27'",
        *["status: BOUND"] * 3,
        "- { id: M-1, status: PENDING, gates: [FALSIFY-PARITY-001, FALSIFY-PARITY-007] }",
        "verification_summary: { total_obligations: 1, discharged: 0, status: pending }",
    ]
    assert added[:2] == ["version: 1.2.0", "status: ACTIVE_FUNCTIONAL      # a claim"]
    assert added.count("status: DISCHARGED") == 3
    assert (
        "- { id: M-1, status: DISCHARGED, gates: [FALSIFY-PARITY-001, FALSIFY-PARITY-007] }"
        in added
    )
    summary = "verification_summary: { total_obligations: 1, discharged: 3, status: discharged }"
    assert summary in added
    pointers = [each for each in added if each.startswith("evidence: contracts/evidence/")]
    assert [(registry.root / each.split()[1]).is_file() for each in pointers] == [True] * 3
    notes = added[added.index("1.2.0:") :][1:5]
    assert notes == [
        "- The fix has landed",
        "- 'parity-v1: PROPOSED → ACTIVE_FUNCTIONAL'",
        "- 'PARITY-001, PARITY-002, PARITY-007: BOUND → DISCHARGED'",
        "- 'M-1: PENDING → DISCHARGED'",
    ]
    assert registry.pv("status").exit_code == 0


def test_promoting_all_goes_as_far_as_the_receipts_and_then_nothing_is_left(registry):
    registry.discharge()
    tried = registry.pv("promote", "--all", "--dry-run", "--format", "json")
    assert registry.text == PARITY
    moves = json.loads(tried.output)["contracts"][0]["moves"]
    assert [(move["id"], move["after"]) for move in moves] == [
        ("parity-v1", "ACTIVE_ALGORITHM_LEVEL"),  # as far as one move leads from PROPOSED
        *[(f"FALSIFY-PARITY-{n}", "DISCHARGED") for n in ("001", "002", "007")],
        ("M-1", "DISCHARGED"),
    ]
    assert json.loads(tried.output)["written"] is False
    for _ in range(2):
        assert registry.pv("promote", "--all").exit_code == 0
    assert "status: DISCHARGED      # a claim" in registry.text
    again = registry.pv("promote", "--all")
    assert again.output == "nothing to move: contracts 1 (exit 0)\n"


def test_two_promotions_before_a_commit_are_one_version(registry):
    registry.discharge()
    assert registry.pv("promote", "PARITY-001").exit_code == 0
    assert registry.pv("promote", "PARITY-002").exit_code == 0
    assert registry.text.count("1.2.0") == 2  # the version, and one entry of the changelog
    assert "DISCHARGED'\n      - 'PARITY-002: BOUND → DISCHARGED'\n    1.1.0:" in registry.text


def test_a_run_that_read_its_own_contract_is_named_and_not_pointed_to(registry):
    reading = f"    from pathlib import Path\n    assert Path({FILE!r}).read_text()\n    layers ="
    (registry.root / "falsifiers" / "parity.py").write_text(
        HARNESS.replace("    layers =", reading)
    )
    registry.discharge()
    (receipt,) = (registry.root / "contracts" / "evidence").rglob("*001*/*.json")
    assert f"source:{FILE}" in receipt.read_text()
    dry = registry.pv("promote", "FALSIFY-PARITY-001", "--dry-run", "--format", "json")
    assert json.loads(dry.output)["contracts"][0]["outdated"] == [
        f"FALSIFY-PARITY-00{number}" for number in (1, 2, 7)
    ]
    done = registry.pv("promote", "FALSIFY-PARITY-001")
    assert done.exit_code == 0
    told = " ".join(done.output.split())
    assert "stale FALSIFY-PARITY-001: its run read this file, so the edit makes its" in told
    assert receipt.name not in registry.text
    assert "status: DISCHARGED" in registry.text


def test_a_claim_that_lost_its_receipt_is_demoted_with_the_reason(registry):
    registry.discharge()
    registry.pv("promote", "parity-v1", "--to", "ACTIVE_FUNCTIONAL")
    promoted = registry.text
    harness = registry.root / "falsifiers" / "parity.py"
    harness.write_text(HARNESS.replace("1000", "2000"))
    refused = registry.pv("promote", "--all")
    assert refused.exit_code == 1
    assert "pv demote" in refused.output
    assert registry.text == promoted
    dry = registry.pv("demote", "--all", "--dry-run")
    assert dry.exit_code == 0, "a dry run writes nothing, so it needs no reason"
    assert "DISCHARGED → STALE" in dry.output
    assert registry.text == promoted
    done = registry.pv("demote", "--all", "--reason", "The harness has changed")
    assert done.exit_code == 0, done.output
    assert registry.text.count("status: STALE") == 3
    assert "The harness has changed" in registry.text
    assert registry.pv("status").exit_code == 0


REFUSED = [
    (("promote",), "name contracts or falsifiers, or give --all"),
    (("promote", "--all", "parity-v1"), "names and --all were given"),
    (("promote", "nobody"), "'nobody' is no contract, falsifier, stage or hypothesis"),
    (("promote", "--all", "--to", "ACTIVE"), "--to goes with a name"),
    (("demote", "--all", "--reason", " "), "--reason is empty"),
    (("demote", "--all"), "--reason is missing"),
    (("bump", "parity-v1", "--note", "x"), "has not changed since it"),
    (("note", "nobody", "x"), "'nobody' is no contract of this registry"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_done_is_said_and_nothing_is_written(words, said, registry):
    registry.commit()
    done = registry.pv(*words)
    assert done.exit_code != 0
    assert said in str(done.exception)
    assert registry.text == PARITY


WORDS = [
    ("PARITY-001", "LOUD", "is no word of a falsifier"),
    ("PARITY-001", "bound", "it is BOUND already"),
    ("PARITY-001", "DISCHARGED", "its evidence is behind: no receipt"),
    ("M-1", "SHIPPED", "its evidence is behind: weakest: FALSIFY-PARITY-001 is BOUND"),
]


@pytest.mark.parametrize(("name", "word", "said"), WORDS)
def test_a_word_is_refused_with_the_reason(name, word, said, registry):
    done = registry.pv("promote", name, "--to", word)
    assert done.exit_code == 1
    assert said in " ".join(done.output.split())


def test_a_move_that_the_table_does_not_know_is_refused(registry):
    registry.discharge()
    done = registry.pv("promote", "parity-v1", "--to", "DISCHARGED")
    assert done.exit_code == 1
    assert "the lifecycle leads from PROPOSED to ACTIVE," in " ".join(done.output.split())


def test_a_bump_is_what_the_change_asks_for_and_writes_its_entry(registry):
    registry.commit()
    registry.write(PARITY.replace("value: [0.5, 2.0], reason", "value: [0.6, 2.0], reason", 1))
    done = registry.pv("bump", "parity-v1", "--note", "A narrower band")
    assert done.exit_code == 0, done.output
    assert "version: 2.0.0" in registry.text
    assert "    2.0.0:\n      - A narrower band\n    1.1.0:" in registry.text


def test_a_note_joins_the_entry_of_the_present_version(registry):
    assert registry.pv("note", "parity-v1", "One more line").exit_code == 0
    assert "equal samples\n    - One more line\n    1.0.0:" in registry.text
    assert registry.pv("note", "parity-v1", "Never written", "--diff").exit_code == 0
    assert "Never written" not in registry.text


def test_a_broken_file_is_named_and_the_others_are_judged(registry):
    (registry.root / "contracts" / "broken.yaml").write_text("metadata: {")
    done = registry.pv("promote", "--all")
    assert done.exit_code == 3
    assert "NOT JUDGED contracts/broken.yaml" in done.output


def run_anew(registry):
    """Record other receipts for the same claims, and let the earlier ones go."""
    earlier = sorted((registry.root / "contracts" / "evidence").rglob("*.json"))
    harness = registry.root / "falsifiers" / "parity.py"
    harness.write_text(f"{harness.read_text()}\n# as it was\n")
    registry.discharge()
    for path in earlier:
        path.unlink()


def pointers(registry):
    data = YAML(typ="safe", pure=True).load(registry.text)
    return [each.get("evidence") for each in data["falsification_tests"]]


def test_claims_that_stay_point_at_the_receipts_that_bear_them_now(registry):
    registry.discharge()
    registry.pv("promote", "--all")
    registry.pv("promote", "--all")
    before, old = registry.text, pointers(registry)
    run_anew(registry)
    assert "PV-EVD-004" in registry.pv("lint").output

    dry = json.loads(registry.pv("promote", "--all", "--dry-run", "--format", "json").output)
    (planned,) = dry["contracts"]
    assert planned["moves"] == []
    assert [each["before"] for each in planned["pointers"]] == [[each] for each in old]
    assert registry.text == before

    done = registry.pv("promote", "--all")
    assert done.exit_code == 0
    assert "points PARITY-001, PARITY-002, PARITY-007: at the receipts that" in " ".join(
        done.output.split()
    )
    assert done.output.endswith("moved 0, pointed 3 anew; contracts 1 (exit 0)\n")
    assert pointers(registry) == [each["after"][0] for each in planned["pointers"]]
    assert all((registry.root / each).is_file() for each in pointers(registry))
    removed, added = changed(before, registry.text)
    others = [each for each in removed if not each.startswith("evidence: ")]
    assert others == ["version: 1.2.0"]
    assert "version: 1.2.1" in added
    assert "PARITY-007: evidence names the receipts" in " ".join(added)
    assert registry.pv("lint").output.count("PV-EVD-004") == 0
    assert registry.pv("promote", "--all").output == "nothing to move: contracts 1 (exit 0)\n"


def test_one_claim_alone_is_pointed_anew(registry):
    registry.discharge()
    registry.pv("promote", "--all")
    old = pointers(registry)
    run_anew(registry)
    done = registry.pv("promote", "PARITY-002", "--diff")
    assert done.output.count("+    evidence: ") == 1
    registry.pv("promote", "PARITY-002")
    now = pointers(registry)
    assert [one == other for one, other in zip(old, now, strict=True)] == [True, False, True]


@pytest.mark.parametrize("kept", ["[a run of 2025]", "by hand", "contracts/evidence/x/y.json"])
def test_only_pointers_of_claims_that_receipts_bear_are_written_anew(registry, kept):
    """What people wrote stays, and so does a pointer where there is no receipt to name."""
    text = PARITY.replace("    status: BOUND\n", f"    status: BOUND\n    evidence: {kept}\n", 1)
    registry.write(text)
    registry.commit()
    answer = registry.pv("promote", "FALSIFY-PARITY-001")
    assert answer.output == "nothing to move: contracts 1 (exit 0)\n"
    assert registry.text == text
