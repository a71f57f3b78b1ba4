"""A promotion that people once made by hand, replayed: refused without receipts, made with them.

The contract is shaped as that one was: a changelog by version under `metadata`, five falsifiers
that can run of which two claim their state already, a summary that counts none of them, and notes.
"""

from __future__ import annotations

import difflib
import json
import subprocess

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

HARNESS = """\
from pv.model.measurement import Measurements, Metric, Sample

CONTROLS = {"tripled": "one engine multiplies by three"}


def ratios(run):
    layers = run.parameter("layers")
    value = tuple((3.0 if run.fault else 1.0) + n / 1000 for n in range(layers))
    over = Sample("none", layers, (layers,), "none", "float64", "ratios")
    return Measurements((Metric("spread", value, "1", over),))
"""
FILE = "contracts/engine-parity-v1.yaml"
HEAD = """\
metadata:
  kind: schema
  version: 1.1.0
  status: PROPOSED
  created: '2026-04-27'
  updated: '2026-04-28'
  author: The engine group
  references:
  - 'Report §27 — one layer differs by a factor of eighteen'
  - 'Report §37 — both sides must be of one sample'   # the precondition
  changelog:
    1.1.0:
    - 'Adds the gate on equal samples'
    1.0.0:
    - 'First version'
  description: >
    Two engines run one model over one file. Layer by layer
    the spread of one is that of the other.

falsification_tests:
"""
TAIL = """\
- id: FALSIFY-PARITY-004
  rule: a person has read the fix
  prediction: the reader finds no other way round
  manual: { reason: "reading is a person's work" }
  if_fails: read it again

- id: FALSIFY-PARITY-006
  rule: the tracer prints each layer
  prediction: 28 lines
  planned: { reason: "the tracer has no such line yet" }
  blocking: false
  if_fails: the tracer lost a layer

proof_obligations:
- { id: O-1, type: invariant, property: "outputs agree bit for bit" }
- { id: O-2, type: invariant, property: "every layer agrees" }
- { id: O-3, type: soundness, property: "the fix is at its cause" }
- { id: O-4, type: completeness, property: "red before the fix" }
- { id: O-5, type: invariant, property: "samples are equal" }
- { id: O-6, type: soundness, property: "ratios of equal samples" }

verification_summary:
  total_obligations: 6
  proven: 0
  tested: 0
  discharged: 0
  status: pending
  notes: |
    Written before the fix.

    Held at PROPOSED until it has landed.
"""


def falsifier(number, status, *, by=""):
    shown = f"  evidence_discharged_by: {by}\n" if by else ""
    return f"""\
- id: FALSIFY-PARITY-{number:03}
  rule: every layer is in the band
  prediction: all ratios are within a factor of 2
  harness: falsifiers/parity.py::ratios
  parameters: {{ layers: {27 + number} }}
  expect:
    - {{ metric: spread, op: within, value: [0.5, 2.0], reason: "the published band" }}
  controls: [tripled]
  if_fails: an engine differs
  status: {status}
{shown}
"""


CONTRACT = (
    HEAD
    + falsifier(1, "PROPOSED", by="tests/parity.rs::old_name")
    + falsifier(2, "PROPOSED")
    + falsifier(3, "DISCHARGED")
    + falsifier(5, "DISCHARGED")
    + falsifier(7, "PROPOSED")
    + TAIL
)


class Registry:
    def __init__(self, root):
        self.root = root
        (root / "contracts").mkdir()
        (root / "falsifiers").mkdir()
        (root / FILE).write_text(CONTRACT)
        (root / "falsifiers" / "parity.py").write_text(HARNESS)
        git = ["git", "-c", "user.name=t", "-c", "user.email=t@localhost", "-C", str(root)]
        for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "state"]):
            subprocess.run([*git, *words], check=True)

    @property
    def text(self):
        return (self.root / FILE).read_text()

    def pv(self, *words):
        return CliRunner().invoke(app, [*words, "--root", str(self.root)])

    def promote(self, *more):
        asked = ("engine-parity-v1", "--to", "ACTIVE_FUNCTIONAL", *more)
        return self.pv("promote", *asked)


@pytest.fixture
def registry(tmp_path):
    return Registry(tmp_path)


@pytest.fixture
def discharged(registry):
    done = registry.pv("discharge", "--all", "--record")
    assert done.exit_code == 0, done.output
    return registry


def test_without_receipts_it_is_refused_and_over_reporting_is_named(registry):
    done = registry.promote()
    assert done.exit_code == 1
    words = " ".join(done.output.split())
    assert "PROPOSED → ACTIVE_FUNCTIONAL: its evidence is behind: weakest: FALSIFY" in words
    assert registry.text == CONTRACT
    every = " ".join(registry.pv("promote", "--all", "--dry-run").output.split())
    assert "FALSIFY-PARITY-003: DISCHARGED → BOUND: it claims more than its receipts" in every
    assert "under-reported 4, over-reported 2; contracts 1 (exit 1)" in every


def test_with_them_it_writes_what_people_wrote_by_hand(discharged):
    done = discharged.promote(
        *("--note", "The fix has landed; the factor of eighteen was an artefact of the method"),
        *("--reference", "section=60", "--reference", "pull_request=1550"),
    )
    assert done.exit_code == 0, done.output
    rows = list(difflib.unified_diff(CONTRACT.split("\n"), discharged.text.split("\n"), n=0))[2:]
    removed = [each[1:] for each in rows if each.startswith("-")]
    added = [each[1:] for each in rows if each.startswith("+")]
    assert removed == [
        "  version: 1.1.0",
        "  status: PROPOSED",
        "  updated: '2026-04-28'",
        "  status: PROPOSED",
        "  evidence_discharged_by: tests/parity.rs::old_name",
        "  status: PROPOSED",
        "  status: PROPOSED",
        "  tested: 0",
        "  discharged: 0",
        "  status: pending",
    ]
    (today,) = [each.split("'")[1] for each in added if each.startswith("  updated:")]
    folder = "contracts/evidence/FALSIFY-PARITY-{}/"
    receipt = {
        number: next((discharged.root / folder.format(number)).glob("*.json")).name
        for number in ("001", "002", "007")
    }
    moved = "parity-v1: PROPOSED → ACTIVE_FUNCTIONAL"
    three = "PARITY-001, PARITY-002, PARITY-007: PROPOSED → DISCHARGED"
    assert added == [
        "  version: 1.2.0",
        "  status: ACTIVE_FUNCTIONAL",
        f"  updated: '{today}'",
        '  - section: "60"',
        "  - pull_request: 1550",
        "    1.2.0:",
        "      - The fix has landed; the factor of eighteen was an artefact of the method",
        f"      - 'engine-{moved}'",
        f"      - '{three}'",
        "  status: DISCHARGED",
        f"  evidence: {folder.format('001')}{receipt['001']}",
        "  evidence_discharged_by: falsifiers/parity.py::ratios",
        "  status: DISCHARGED",
        f"  evidence: {folder.format('002')}{receipt['002']}",
        "  status: DISCHARGED",
        f"  evidence: {folder.format('007')}{receipt['007']}",
        "  tested: 5",
        "  discharged: 5",
        "  status: partial",
        f"    1.2.0 ({today}): engine-{moved}; {three}",
    ]


def test_afterwards_every_claim_agrees_and_the_pointers_lead_somewhere(discharged):
    assert discharged.promote().exit_code == 0
    assert discharged.pv("status").exit_code == 0
    found = discharged.pv("lint", "--format", "concise").output
    assert "PV-STA-001" not in found
    assert "PV-EVD-004" not in found
    assert "PV-ARI" not in found


def test_a_dry_run_says_what_the_evidence_allows_and_what_it_forbids(discharged):
    tried = json.loads(discharged.pv("promote", "--all", "--dry-run", "--format", "json").output)
    (one,) = tried["contracts"]
    assert discharged.text == CONTRACT
    assert {each["id"] for each in one["moves"]} == {
        "engine-parity-v1",
        *(f"FALSIFY-PARITY-{number}" for number in ("001", "002", "007")),
    }
    forbidden = {each["id"]: (each["wanted"], each["reason"]) for each in one["forbidden"]}
    assert forbidden == {
        "FALSIFY-PARITY-004": ("DISCHARGED", "reading is a person's work"),
        "FALSIFY-PARITY-006": ("DISCHARGED", "the tracer has no such line yet"),
    }
    text = discharged.pv("promote", "--all", "--dry-run").output
    assert "  forbids FALSIFY-PARITY-006: DISCHARGED: the tracer has no such line yet" in text
    assert "would move 4; under-reported 4, over-reported 0; contracts 1 (exit 0)" in text


def test_a_demotion_points_to_what_refutes(discharged):
    assert discharged.promote().exit_code == 0
    harness = discharged.root / "falsifiers" / "parity.py"
    harness.write_text(HARNESS.replace("/ 1000", "/ 10"))
    refuted = discharged.pv("discharge", "PARITY-001", "--record")
    assert refuted.exit_code == 1
    done = discharged.pv("demote", "PARITY-001", "--reason", "Layer 27 left the band")
    assert done.exit_code == 0, done.output
    entry = discharged.text.split("- id: FALSIFY-PARITY-001")[1].split("- id:")[0]
    assert "  status: REFUTED\n  evidence: contracts/evidence/FALSIFY-PARITY-001/" in entry
    named = entry.split("evidence: ")[1].split("\n")[0]
    told = json.loads((discharged.root / named).read_text())["predicate"]
    assert told["verdict"] == "REFUTED"
    assert "  discharged: 4\n" in discharged.text


def test_what_someone_wrote_as_evidence_stays(registry):
    text = CONTRACT.replace(
        "  status: PROPOSED\n\n", "  status: PROPOSED\n  evidence: read §60\n\n", 1
    )
    assert text != CONTRACT
    (registry.root / FILE).write_text(text)
    assert registry.pv("discharge", "--all", "--record").exit_code == 0
    assert registry.promote().exit_code == 0
    assert "  evidence: read §60\n" in registry.text


def test_an_older_key_of_the_status_is_written_where_it_stands(registry):
    text = CONTRACT.replace("  status: PROPOSED\n\n", "  discharge_status: PROPOSED\n\n", 1)
    (registry.root / FILE).write_text(text)
    assert registry.pv("discharge", "--all", "--record").exit_code == 0
    assert registry.promote().exit_code == 0
    assert "  discharge_status: DISCHARGED\n  evidence: contracts/evidence" in registry.text
