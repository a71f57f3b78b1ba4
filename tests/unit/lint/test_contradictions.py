"""Contradictions that were once published about criteria and contracts, each found by a rule.

Those of a document (sums, counts, citations, ledgers) are in `test_documents.py`, under their
letters; the figures themselves are replayed in the tests of the SHIP model.
"""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from pv.cli.main import app

HEAD = """\
metadata:
  version: 1.0.0
  created: 2026-05-01
  kind: KIND
  status: PROPOSED
  description: as it was published
  references: [ { section: "40" } ]
changelog:
  - { version: 1.0.0, date: 2026-05-01, changes: [ First version ] }
"""
GATES = """\
falsification_tests:
  - id: FALSIFY-SHIP-013
    rule: it has learnt
    prediction: a loss of at most 2.2
    awaits: { source: the training run, reason: "it takes days elsewhere" }
    expect: [ { metric: val_loss, unit: nats, op: "<=", value: 2.2, reason: "table 5.2" } ]
    if_fails: train on
  - id: FALSIFY-SHIP-019
    rule: both engines agree
    prediction: logits within 1e-3
    awaits: { source: the parity run, reason: "the model is elsewhere" }
    expect: [ { metric: max_difference, unit: logit, op: "<=", value: 1.0e-3, reason: "table" } ]
    if_fails: bisect
  - id: FALSIFY-SHIP-020
    rule: it decodes fast enough
    prediction: at least 100 tokens a second
    awaits: { source: the benchmark, reason: "the machine is elsewhere" }
    expect: [ { metric: decode, unit: tok/s, op: ">=", value: 100, reason: "table 5.2" } ]
    if_fails: profile
"""


def ship(criterion):
    speed = "      - { id: AC-010, criterion: speed, gates: [FALSIFY-SHIP-020] }\n"
    return (
        f"{HEAD.replace('KIND', 'ship')}models:\n  - id: MODEL-2\n    criteria:\n"
        f"      - {criterion}\n{speed}{GATES}"
    )


def foreign(number):
    return f"foreign: {{ status: DISCHARGED, source: a banner, {number} }} }}"


PARITY = (
    HEAD.replace("KIND", "pattern")
    + "falsification_tests:\n"
    + "".join(
        f"""\
  - id: FALSIFY-PARITY-{number:03}
    rule: the engines agree
    prediction: the ratio is in the band
    planned: {{ reason: "published with a test that was never committed" }}
    if_fails: bisect
{"    status: PASS" if number in (1, 2, 7) else "    x-gate: named in the notes alone"}
"""
        for number in range(1, 8)
    )
    + "proof_obligations:\n"
    + "".join(
        f'  - {{ id: O-{number}, type: invariant, property: "property {number}" }}\n'
        for number in range(1, 7)
    )
    + """\
verification_summary:
  total_obligations: 6
  tested: 5
  discharged: 5
  status: discharged
  notes: |
    - FALSIFY-001 (ratio band): PASS
    - FALSIFY-002 (layer 3): PASS
    - FALSIFY-003 (gate ratio): PASS
    - FALSIFY-005 (other path): PASS
    - FALSIFY-006 (trace): PASS
    - FALSIFY-007 (samples): PASS
"""
)

PUBLISHED = [
    (
        "e: a loss of 5.36 counted for one of at most 2.2",
        ship(
            "{ id: AC-003, criterion: loss, gates: [FALSIFY-SHIP-013], "
            + foreign("metric: val_loss, value: 5.36, unit: nats")
        ),
        ["PV-SHP-006 criterion AC-003: foreign DISCHARGED, but val_loss 5.36 > 2.2"],
    ),
    (
        "f: a speed counted for parity",
        ship(
            "{ id: AC-009, criterion: parity, gates: [FALSIFY-SHIP-019], "
            + foreign("metric: decode, value: 325.1, unit: tok/s")
        ),
        [
            (
                "PV-SHP-007 criterion AC-009: foreign evidence measures decode, expected "
                "max_difference · it belongs to AC-010"
            )
        ],
    ),
    (
        "l: six gates pass in notes, three claim it, five are counted",
        PARITY,
        [
            "PV-ARI-001 discharged is 5, expected 3",
            "PV-ARI-003 status is discharged beside tested 5, discharged 5 of 6 obligations",
            "PV-STA-001 falsifier FALSIFY-PARITY-001 claims PASS, expected at most PLANNED",
            "PV-STA-004 FALSIFY-PARITY-003 is PASS in prose, and its entry claims no status",
            "PV-STA-004 FALSIFY-PARITY-005 is PASS in prose, and its entry claims no status",
            "PV-STA-004 FALSIFY-PARITY-006 is PASS in prose, and its entry claims no status",
        ],
    ),
]


@pytest.mark.parametrize(
    ("text", "expected"), [each[1:] for each in PUBLISHED], ids=[each[0] for each in PUBLISHED]
)
def test_each_published_contradiction_is_found(text, expected, tmp_path):
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "published-v1.yaml").write_text(text)
    words = ["lint", "--root", str(tmp_path), "--no-cache", "-f", "concise"]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 1
    for each in expected:
        rule, _, said = each.partition(" ")
        lines = [line for line in told.output.splitlines() if f" {rule} " in line]
        assert any(said.partition(" · ")[0] in line for line in lines), (each, lines)


def test_what_was_forecast_moves_nothing_and_is_called_so(tmp_path):
    """h: five points for one fix were forecast; a forecast changes no figure and says so."""
    (tmp_path / "contracts").mkdir()
    (tmp_path / "contracts" / "ship-v1.yaml").write_text(
        ship("{ id: AC-003, criterion: loss, gates: [FALSIFY-SHIP-013] }")
    )
    run = CliRunner().invoke
    root = ("--root", str(tmp_path))
    before = run(app, ["ship", *root]).output
    forecast = run(app, ["what-if", "AC-003", "AC-010", *root]).output
    assert forecast == "MODEL-2: 0 % → 100 % (+100 points), a forecast\n"
    assert run(app, ["ship", *root]).output == before
    assert before.startswith("MODEL-2 0 % (computed; 0 of 2 weighted, base 0;")
