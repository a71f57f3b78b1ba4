"""A contract of ours becomes exactly these records."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.marks import Mark
from pv.model.contract import (
    Binding,
    BindingKind,
    ChangelogEntry,
    Companion,
    Contract,
    Criterion,
    Dialect,
    Equation,
    Expectation,
    Falsifier,
    Hypothesis,
    Lesson,
    ModelDemand,
    ModelReference,
    Obligation,
    ShipModel,
    Stage,
)
from pv.yamlfile.judge import judge_text

_DIGEST = "0123456789abcdef" * 4
TEXT = f"""
metadata:
  id: C-SUM
  version: 2.0.0
  created: 2026-05-06
  updated: 2026-05-07
  author: someone
  kind: pattern
  status: ACTIVE
  description: sums
  references: [ plain, {{ section: "§27" }} ]
  depends_on: [ other-v1 ]
changelog:
  - version: 2.0.0
    date: 2026-05-07
    changes: [ limits changed ]
  - version: 1.0.0
    changes: [ first, again ]
equations:
  sum: {{ formula: "s = Σx", domain: finite }}
proof_obligations:
  - {{ id: O-1, type: bound, property: small, formal: "e < b", tolerance: {{ value: 1e-5, reason: why }}, applies_to: sum }}
  - {{ property: smaller, tolerance: 2 }}
hypotheses:
  - {{ id: A2, claim: it leaks, verdict: FALSIFIED }}
falsification_tests:
  - id: F-1
    rule: r
    prediction: p
    if_fails: x
    harness: falsifiers/a.py::b
    parameters: {{ layers: 5, name: deep }}
    expect:
      - {{ metric: m, op: near, value: [1.0, 2], tolerance: 0.5, reason: analysis }}
    controls: [ red ]
    green_controls: [ green ]
    beside:
      - name: as published
        harness: falsifiers/a.py::c
        parameters: {{ layers: 1 }}
        expect: [ {{ metric: n, op: "<", value: 3, reason: quoted }} ]
    models:
      quorum: any
      accept:
        - {{ name: tiny, architecture: llama, sha256: {_DIGEST}, derived: {{ recipe: q, version: 1 }} }}
        - {{ name: big, architecture: qwen2, sha256: unrecorded }}
      require: {{ tensor: "blk.*", type: Q4_K, count: ">=5" }}
    device: cuda
    decides: {{ A2: {{ HELD: FALSIFIED, REFUTED: CONFIRMED }} }}
    unblocks: [ shipping ]
    proxy_for: [ F-2 ]
    blocking: false
    status: DISCHARGED
    x-own: kept
stages:
  - {{ id: M-1, title: first, status: NEW, gates: [ F-1 ] }}
lessons:
  - {{ id: L-1, text: look, incident: fell, guard: rail, test: t }}
"""  # noqa: E501 - one record a line reads better


def _contract(text: str, file: str = "contracts/sum-v1.yaml") -> Contract:
    judged = judge_text(text, file)
    assert judged.findings == ()
    assert judged.sound
    assert judged.contract is not None
    return judged.contract


def test_head() -> None:
    contract = _contract(TEXT)
    assert (contract.file, contract.stem, contract.id) == (
        "contracts/sum-v1.yaml",
        "sum-v1",
        "C-SUM",
    )
    assert contract.dialect is Dialect.PV
    assert (contract.version, contract.kind, contract.status) == ("2.0.0", "pattern", "ACTIVE")
    assert (contract.created, contract.updated) == ("2026-05-06", "2026-05-07")
    assert (contract.author, contract.description) == ("someone", "sums")
    assert contract.references == ("plain", {"section": "§27"})
    assert contract.depends_on == ("other-v1",)
    assert contract.changelog == (
        ChangelogEntry("2.0.0", "2026-05-07", ("limits changed",), ("changelog", 0)),
        ChangelogEntry("1.0.0", None, ("first", "again"), ("changelog", 1)),
    )
    assert contract.data["falsification_tests"][0]["x-own"] == "kept"


def test_lists() -> None:
    contract = _contract(TEXT)
    assert contract.equations == (
        Equation("sum", "s = Σx", ("equations", "sum"), {"domain": "finite"}),
    )
    place = ("proof_obligations", 0)
    tolerance = {"value": 1e-5, "reason": "why"}
    assert contract.obligations == (
        Obligation("O-1", "bound", "small", place, "e < b", "sum", tolerance),
        Obligation(None, "invariant", "smaller", ("proof_obligations", 1), tolerance=2),
    )
    assert contract.hypotheses == (Hypothesis("A2", "it leaks", "FALSIFIED", ("hypotheses", 0)),)
    assert contract.stages == (Stage("M-1", "NEW", ("F-1",), ("stages", 0), "first"),)
    assert contract.lessons == (Lesson("L-1", "look", ("lessons", 0), "fell", "rail", "t"),)


def test_falsifier() -> None:
    at = ("falsification_tests", 0)
    accept = (*at, "models", "accept")
    near = Expectation("m", "near", [1.0, 2], "analysis", (*at, "expect", 0), 0.5)
    less = Expectation("n", "<", 3, "quoted", (*at, "beside", 0, "expect", 0))
    assert _contract(TEXT).falsifiers == (
        Falsifier(
            id="F-1",
            path=at,
            rule="r",
            prediction="p",
            binding=Binding(BindingKind.HARNESS, "falsifiers/a.py::b", (*at, "harness")),
            if_fails="x",
            parameters={"layers": 5, "name": "deep"},
            expect=(near,),
            controls=("red",),
            green_controls=("green",),
            beside=(
                Companion(
                    "as published", "falsifiers/a.py::c", {"layers": 1}, (less,), (*at, "beside", 0)
                ),
            ),
            models=ModelDemand(
                (
                    ModelReference(
                        "tiny", "llama", _DIGEST, (*accept, 0), {"recipe": "q", "version": 1}
                    ),
                    ModelReference("big", "qwen2", "unrecorded", (*accept, 1)),
                ),
                "any",
                {"tensor": "blk.*", "type": "Q4_K", "count": ">=5"},
                (*at, "models"),
            ),
            device="cuda",
            decides={"A2": {"HELD": "FALSIFIED", "REFUTED": "CONFIRMED"}},
            unblocks=("shipping",),
            proxy_for=("F-2",),
            blocking=False,
            status="DISCHARGED",
            extra={"x-own": "kept"},
        ),
    )


def test_ship_models_keep_numbers_as_written() -> None:
    contract = _contract(
        """
metadata: { version: 1.0.0, description: d, references: [r], kind: ship }
models:
  - id: MODEL-1
    name: teacher
    model: teacher-q4_k
    base: 91
    credits: { PARTIAL_ALGORITHM_LEVEL: 0.50 }
    reasons: { base: as published }
    asserted_percent: { value: 95.0, by: someone, date: 2026-05-12, reason: banner }
    criteria:
      - { id: AC-1, criterion: loads, gates: [ F-1, F-2 ], weight: 0.80, status: PARTIAL }
      - { id: AC-2, criterion: runs, foreign: { status: DISCHARGED, source: log } }
      - { id: AC-3, criterion: prints, not_applicable: no printer }
"""
    )
    at = ("models", 0, "criteria")
    asserted = {"value": "95.0", "by": "someone", "date": "2026-05-12", "reason": "banner"}
    assert contract.dialect is Dialect.SHIP
    assert contract.ship_models == (
        ShipModel(
            "MODEL-1",
            "teacher",
            "91",
            (
                Criterion("AC-1", "loads", ("F-1", "F-2"), "0.80", (*at, 0), "PARTIAL"),
                Criterion(
                    "AC-2",
                    "runs",
                    (),
                    "1",
                    (*at, 1),
                    foreign={"status": "DISCHARGED", "source": "log"},
                ),
                Criterion("AC-3", "prints", (), "1", (*at, 2), not_applicable="no printer"),
            ),
            ("models", 0),
            "teacher-q4_k",
            asserted,
            {"PARTIAL_ALGORITHM_LEVEL": "0.50"},
            {"base": "as published"},
        ),
    )


_AT = ("falsification_tests", 0)
BINDINGS = (
    ("pytest: t.py::test_a", Binding(BindingKind.PYTEST, "t.py::test_a", (*_AT, "pytest"))),
    (
        "cargo: cargo test -p a b",
        Binding(BindingKind.CARGO, "cargo test -p a b", (*_AT, "cargo")),
    ),
    (
        "cargo: { package: a, target: t, filter: m::b, features: [x, y] }",
        Binding(
            BindingKind.CARGO,
            "cargo test -p a --test t --features x,y m::b",
            (*_AT, "cargo"),
            details={"package": "a", "target": "t", "filter": "m::b", "features": ["x", "y"]},
        ),
    ),
    (
        "command: [make, check]",
        Binding(BindingKind.COMMAND, "make check", (*_AT, "command"), ("make", "check")),
    ),
    (
        "command: { argv: [make, check], success: { exit: 0 } }",
        Binding(
            BindingKind.COMMAND,
            "make check",
            (*_AT, "command"),
            ("make", "check"),
            details={"success": {"exit": 0}},
        ),
    ),
    (
        "blocked: { reason: no device, until: 2026-09-01 }",
        Binding(
            BindingKind.BLOCKED,
            "no device",
            (*_AT, "blocked"),
            reason="no device",
            details={"until": "2026-09-01"},
        ),
    ),
    (
        "manual: { reason: a person reads, by: reviewer }",
        Binding(
            BindingKind.MANUAL,
            "a person reads",
            (*_AT, "manual"),
            reason="a person reads",
            details={"by": "reviewer"},
        ),
    ),
    (
        "external: { repository: example.org/mill, reference: mill::tests::turns, revision: v2 }",
        Binding(
            BindingKind.EXTERNAL,
            "mill::tests::turns",
            (*_AT, "external"),
            reason="stands in example.org/mill, and nothing of it runs here",
            details={
                "repository": "example.org/mill",
                "reference": "mill::tests::turns",
                "revision": "v2",
            },
        ),
    ),
    ("command: make check", Binding(BindingKind.TEXT, "make check", (*_AT, "command"))),
    ("test: prose", Binding(BindingKind.TEXT, "prose", (*_AT, "test"))),
    ("test_harness: cargo test", Binding(BindingKind.TEXT, "cargo test", (*_AT, "test_harness"))),
    (
        "falsification_test: test_x",
        Binding(BindingKind.TEXT, "test_x", (*_AT, "falsification_test")),
    ),
    ("name: test_y", Binding(BindingKind.TEXT, "test_y", (*_AT, "name"))),
)


@pytest.mark.parametrize(("line", "binding"), BINDINGS, ids=[line for line, _ in BINDINGS])
def test_what_a_falsifier_names_to_run(line: str, binding: Binding) -> None:
    contract = _contract(
        "metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }\n"
        "falsification_tests:\n"
        "  - id: F-1\n    rule: r\n    prediction: p\n    if_fails: x\n    " + line + "\n"
    )
    assert contract.falsifiers[0].binding == binding


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        ("status: A\n  discharge_status: B", "A"),
        ("discharge_status: B", "B"),
        ("status_v1_2_0: OLD\n  status_v1_10_0: NEW", "NEW"),
        ("id: C-1", None),
    ],
)
def test_the_status_keeps_its_spelling(lines: str, status: str | None) -> None:
    head = "metadata:\n  version: 1.0.0\n  description: d\n  references: [r]\n  kind: pattern\n"
    assert _contract(f"{head}  {lines}\n").status == status


def test_places_of_keys_values_and_what_is_absent() -> None:
    contract = _contract(
        "metadata:\n  version: 1.0.0\n  description: d\n  kind: pattern\n  references:\n    - r\n"
    )
    assert contract.span(("metadata", "version"))[1:] == (Mark(2, 12), Mark(2, 17))
    assert contract.span(("metadata", "version"), key=True)[1:] == (Mark(2, 3), Mark(2, 10))
    assert contract.span(("metadata", "references", 0))[1:] == (Mark(6, 7), Mark(6, 8))
    assert contract.span(("metadata", "absent", "deeper")) == contract.span(("metadata",))
    assert contract.span(("metadata", "absent"), key=True)[1:] == (Mark(1, 1), Mark(1, 9))


def test_the_stem_names_a_contract_without_id() -> None:
    text = "metadata: { version: 1.0.0, description: d, references: [r], kind: pattern }\n"
    assert _contract(text, str(Path("deep") / "some-v1.yml")).id == "some-v1"
