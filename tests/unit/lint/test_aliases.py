"""Ids of the Rust pv: each is ours, or says why not, and what it fires on makes ours fire."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pv.cli.main import app
from pv.errors import UsageError
from pv.lint.aliases import ALIASES, find_alias
from pv.lint.catalogue import all_rules, find_rule
from pv.lint.engine import lint
from pv.lint.intake import take
from pv.lint.options import Options

SOUND = """\
metadata: { version: 1.0.0, description: d, kind: kernel, references: [ a ], depends_on: [ mill-v1 ]
  }
equations: { e: { formula: "y = x", preconditions: [ a ], postconditions: [ b ] } }
proof_obligations: [ { type: invariant, property: p, formal: f } ]
falsification_tests: [ { id: F-1, rule: r, prediction: p, if_fails: f, planned: { reason: r } } ]
kani_harnesses: [ { id: K-1, obligation: e, bound: 1 } ]
qa_gate: { id: Q-1, name: n, pass_criteria: all }
changelog: [ { version: 1.0.0, changes: [ first ] } ]
"""
OBLIGATION = "type: invariant, property: p, formal: f"
FAULTS = [
    ("SCHEMA-001", "references: [ a ]", "references: [ ]"),
    ("SCHEMA-002", "version: 1.0.0, description", 'version: "", description'),
    ("SCHEMA-003", "equations: { e", "x-equations: { e"),
    ("SCHEMA-004", 'formula: "y = x"', 'formula: ""'),
    ("SCHEMA-005", "property: p", 'property: ""'),
    ("SCHEMA-006", OBLIGATION, f"{OBLIGATION} }}, {{ {OBLIGATION}"),
    ("SCHEMA-007", "falsification_tests: [", "falsification_tests: [ { id: F-1, rule: r },"),
    ("SCHEMA-008", "prediction: p", 'prediction: ""'),
    ("SCHEMA-009", "if_fails: f", 'if_fails: ""'),
    ("SCHEMA-010", "kani_harnesses: [", "kani_harnesses: [ { id: K-1, obligation: e, bound: 2 },"),
    ("SCHEMA-011", "obligation: e", 'obligation: ""'),
    ("SCHEMA-012", ", bound: 1", ""),
    ("SCHEMA-014", OBLIGATION, f"{OBLIGATION}, requires: [ x ]"),
    ("SCHEMA-015", OBLIGATION, f"{OBLIGATION}, applies_to_phase: x"),
    ("SCHEMA-016", OBLIGATION, f"{OBLIGATION}, parent_contract: mill-v1"),
    ("SCHEMA-017", OBLIGATION, f"{OBLIGATION}, parent_contract: rye-v1"),
    ("SCHEMA-018", "qa_gate:", "kind: kernel\nqa_gate:"),
    ("SCHEMA-019", "falsification_tests:", "falsification_test:"),
    ("SCHEMA-020", "qa_gate:", "changelog: []\nqa_gate:"),
    ("SCHEMA-021", OBLIGATION, f"{OBLIGATION}, applies_to: not_applicable, na_owner: a"),
    ("SCHEMA-022", OBLIGATION, f"{OBLIGATION}, applies_to: not_applicable, na_reason: a"),
    ("SCHEMA-023", OBLIGATION, f"{OBLIGATION}, na_reason: a"),
    ("PROVABILITY-001", OBLIGATION, "type: bound, property: a }, { type: bound, property: b"),
    ("AUDIT-001", "falsification_tests:", "x-falsification_tests:"),
    ("AUDIT-002", "obligation: e", 'obligation: ""'),
    ("AUDIT-003", "proof_obligations:", "x-proof_obligations:"),
    ("PV-ENF-001", ", preconditions: [ a ]", ""),
    ("PV-VER-002", "planned: { reason: r }", "test: cargo test -p none no_such_test"),
    ("PV-ONT-010", "mill-v1", "no-such-mill-v1"),
]


def _fired(folder: Path, text: str) -> set[str]:
    (folder / "contracts").mkdir()
    (folder / "contracts" / "case-v1.yaml").write_text(text, "utf-8")
    (folder / "contracts" / "mill-v1.yaml").write_text(SOUND.replace("-1", "-9"), "utf-8")
    judged = take([], folder).judged
    report = lint(folder.resolve(), judged, Options(strict_test_binding=True))
    return {each.rule for each in report.findings if each.span.file.endswith("case-v1.yaml")}


@pytest.mark.parametrize(("alias", "sound", "fault"), FAULTS, ids=[row[0] for row in FAULTS])
def test_what_fires_there_fires_a_rule_of_ours(
    alias: str, sound: str, fault: str, tmp_path: Path
) -> None:
    found = find_alias(alias)
    assert found is not None
    assert sound in SOUND
    assert _fired(tmp_path, SOUND.replace(sound, fault, 1)) & set(found.ours)


def test_no_rule_of_the_table_fires_on_the_sound_contract(tmp_path: Path) -> None:
    named = {each for alias, _, _ in FAULTS for each in (find_alias(alias) or ALIASES[0]).ours}
    assert _fired(tmp_path, SOUND) & named == set()


def test_every_alias_is_one_of_our_rules_or_says_why_not() -> None:
    known = {rule.id for rule in all_rules()}
    assert len({alias.id for alias in ALIASES}) == len(ALIASES) >= 120
    for alias in ALIASES:
        assert set(alias.ours) <= known, alias
        assert alias.fires, alias
        assert alias.ours or alias.note or alias.fires.startswith("declared, never"), alias
        assert re.fullmatch(r"[A-Z]+(-[A-Z]+)*-\d{3}", alias.id), alias


def test_an_alias_is_accepted_and_named() -> None:
    shown = CliRunner().invoke(app, ["rule", "schema-011"])
    assert shown.exit_code == 0
    first, _, rest = shown.output.partition("\n")
    expected = "SCHEMA-011 of the Rust pv (proof without an obligation) is PV-AUD-005, PV-REF-005"
    assert first == f"{expected} here"
    assert "\nPV-AUD-005  unbounded-proof\n" in rest
    assert "\nPV-REF-005  unknown-obligation\n" in rest
    assert find_rule("SCHEMA-011").id == "PV-AUD-005"


def test_an_id_that_is_ours_too_means_ours() -> None:
    assert find_rule("PV-ENF-001").id == "PV-ENF-001"
    assert "Rust pv" not in CliRunner().invoke(app, ["rule", "PV-ENF-001"]).output


def test_an_alias_without_a_rule_says_why() -> None:
    with pytest.raises(UsageError, match="SCHEMA-013 of the Rust pv") as caught:
        find_rule("SCHEMA-013")
    assert "blocking falsifiers" in caught.value.advice
