"""Files of other teams are recognised by their shape and read with the meaning they have there."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pv.model.contract import BindingKind, Dialect
from pv.yamlfile.judge import judge_text


@dataclass(frozen=True)
class Case:
    """A document, who reads it, and what its falsifiers come to."""

    name: str
    text: str
    dialect: Dialect
    id: str = "file-v1"
    falsifiers: tuple[tuple[str, str, str, BindingKind, str | None], ...] = ()
    """Id, rule, prediction, binding, status."""
    rules: tuple[str, ...] = ()
    """Rules of the findings."""


_TEXT, _ABSENT = BindingKind.TEXT, BindingKind.ABSENT
CASES = (
    Case(
        "metadata and lists",
        """
metadata: { id: C-1, version: 1.0.0, description: d, references: [r], kind: schema }
falsification_tests:
  - { id: F-1, rule: r, prediction: p, test: proptest over vectors, if_fails: x, status: PASS }
""",
        Dialect.PV,
        "C-1",
        (("F-1", "r", "p", _TEXT, "PASS"),),
    ),
    Case(
        "falsifiers whose metadata was forgotten",
        "falsification_tests: [ { id: F-1, rule: r, prediction: p, test: t, if_fails: x } ]\n",
        Dialect.PV,
        falsifiers=(("F-1", "r", "p", _TEXT, None),),
        rules=("PV-SCH-004",),
    ),
    Case(
        "older names for the same things",
        """
metadata: { version: 1.0.0, description: d, references: [r], kind: schema }
falsification_tests:
  - { id: F-1, description: r, expected: 3, test_harness: cargo test a, fails_if: x }
  - { id: F-2, claim: c, expected_output: ok, falsification_test: b, if_test_passes: x }
  - { id: F-3, rule: r, prediction: p, name: test_c, action_if_falsified: x,
      discharge_status: DISCHARGED }
  - { id: F-4, rule: r, prediction: p, if_fails: x, test: t, status_v1_2_0: PASS }
""",
        Dialect.PV,
        falsifiers=(
            ("F-1", "r", "3", _TEXT, None),
            ("F-2", "c", "ok", _TEXT, None),
            ("F-3", "r", "p", _TEXT, "DISCHARGED"),
            ("F-4", "r", "p", _TEXT, "PASS"),
        ),
    ),
    Case(
        "a work contract",
        """
name: "PMAT-183"
surface: work-contract
verification_summary: { target_level: L3, current_level: L3 }
""",
        Dialect.WORK,
    ),
    Case(
        "a work contract with falsifiers",
        """
name: "PMAT-184"
surface: work-contract
falsification_tests: [ { id: F-1, rule: r, prediction: p, test: t, if_fails: x } ]
""",
        Dialect.WORK,
        falsifiers=(("F-1", "r", "p", _TEXT, None),),
    ),
    Case(
        "a model family",
        """
family: qwen2
vendor: someone
size_variants: { 7b: { hidden_dim: 3584 } }
tensor_template: { embedding: token_embd.weight }
""",
        Dialect.MODEL_FAMILY,
    ),
    Case(
        "a binding table",
        """
version: 1.0.0
target_crate: core
bindings: [ { contract: a.yaml, equation: e, function: f, status: implemented } ]
critical_path: [ matmul ]
""",
        Dialect.BINDING,
    ),
    Case(
        "falsifiers as scenes",
        """
metadata: { version: 1.0.0, description: d }
falsification:
  - { name: no leak, given: a model, when: it is loaded, then: the step is 0 }
""",
        Dialect.LEGACY,
        falsifiers=(("no leak", "no leak", "the step is 0", _TEXT, None),),
    ),
    Case(
        "falsification conditions by id",
        """
metadata: { version: 1.0.0, description: d }
falsification_conditions:
  FALSIFY-1: { condition: c, threshold: 0.5, status: PLANNED_M0 }
""",
        Dialect.LEGACY,
        falsifiers=(("FALSIFY-1", "c", "0.5", _ABSENT, "PLANNED_M0"),),
    ),
    Case(
        "gates with a verdict, invariants with a falsifier",
        """
metadata: { version: 1.0.0, description: d }
gates: [ { id: G-1, rule: r, verdict: pass } ]
invariants:
  - { id: I-1, statement: s, falsifier: test_i, if_fails: x }
  - { id: I-2, statement: not attacked }
""",
        Dialect.LEGACY,
        falsifiers=(
            ("G-1", "r", "", _ABSENT, "pass"),
            ("I-1", "s", "", _TEXT, None),
        ),
    ),
    Case(
        "rows that are sentences",
        """
metadata: { version: 1.0.0, description: d }
falsification: [ it must not leak, { id: F-2, rule: r, prediction: p, test: t } ]
""",
        Dialect.LEGACY,
        falsifiers=(("F-2", "r", "p", _TEXT, None),),
        rules=("PV-SCH-015",),
    ),
    Case(
        "gates that say nothing of a verdict",
        """
metadata: { version: 1.0.0, description: d, references: [r], kind: schema }
gates: [ { id: G-1 } ]
""",
        Dialect.PV,
        rules=("PV-SCH-003",),
    ),
    Case(
        "an improvement",
        """
contract: C-KAIZEN-1
title: faster
parent: C-0
baseline: { tok_s: 30 }
target: { tok_s: 60 }
""",
        Dialect.KAIZEN,
        "C-KAIZEN-1",
    ),
    Case(
        "models to ship",
        """
metadata: { version: 1.0.0, description: d, references: [r], kind: ship }
models: [ { id: MODEL-1, criteria: [ { id: AC-1, criterion: c } ] } ]
""",
        Dialect.SHIP,
    ),
    Case(
        "a lesson, no contract",
        "lesson_id: 1.1.1\nplayground: { url: here }\n",
        Dialect.OTHER,
        rules=("PV-SCH-001",),
    ),
)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_file_is_read_by_its_shape(case: Case) -> None:
    judged = judge_text(case.text, "contracts/file-v1.yaml")
    contract = judged.contract
    assert contract is not None
    assert (contract.dialect, contract.id) == (case.dialect, case.id)
    assert case.falsifiers == tuple(
        (one.id, one.rule, one.prediction, one.binding.kind, one.status)
        for one in contract.falsifiers
    )
    assert tuple(one.rule for one in judged.findings) == case.rules


def test_every_dialect_has_a_case() -> None:
    assert {case.dialect for case in CASES} == set(Dialect)


def test_what_has_no_place_of_its_own_is_kept() -> None:
    text = """
metadata: { version: 1.0.0, description: d, references: [r], kind: schema }
falsification_tests:
  - id: F-1
    rule: r
    prediction: p
    test: t
    if_fails: x
    severity: high
    evidence_v1_2_0: [ a, { b: 3 } ]
    x-ticket: 7
"""
    contract = judge_text(text, "c.yaml").contract
    assert contract is not None
    assert contract.falsifiers[0].extra == {
        "severity": "high",
        "evidence_v1_2_0": ["a", {"b": 3}],
        "x-ticket": 7,
    }


def test_a_stage_of_another_team_is_a_stage() -> None:
    text = """
metadata: { version: 1.0.0, description: d, references: [r], kind: schema }
implementation_stages:
  - { id: M-1, description: first, status: SHIPPED, expected_acceptance: [ a sentence ] }
"""
    contract = judge_text(text, "c.yaml").contract
    assert contract is not None
    assert [(one.id, one.title, one.status, one.gates) for one in contract.stages] == [
        ("M-1", "first", "SHIPPED", ())
    ]
