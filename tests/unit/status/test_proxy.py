"""Discharge by proxy: declared, covered, and only where nothing of its own speaks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.compare import judge
from pv.model.contract import (
    Binding,
    BindingKind,
    Expectation,
    Falsifier,
    ModelDemand,
    ModelReference,
)
from pv.proxy import uncovered
from pv.registry.lifecycle import load_lifecycle
from pv.status import contract_status
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

LIFECYCLE = load_lifecycle(None)


def expectation(op="<=", value=2.0, metric="m", tolerance=None, unit=""):
    return Expectation(metric, op, value, "why", (), tolerance, unit)


def falsifier(name, *expect, models=None, **changes):
    demand = None
    if models:
        accept = tuple(ModelReference(each, "llama", each * 64, ()) for each in models)
        demand = ModelDemand(accept, "all", {}, ())
    binding = Binding(BindingKind.HARNESS, "falsifiers/x.py::f", ())
    plain = {"expect": expect, "models": demand, **changes}
    return Falsifier(name, (), "r", "p", binding, **plain)


COVERED = [
    (expectation("<=", 2), expectation("<=", 2), True),
    (expectation("<=", 1), expectation("<=", 2), True),
    (expectation("<=", 3), expectation("<=", 2), False),
    (expectation("<", 2), expectation("<=", 2), True),
    (expectation("<=", 2), expectation("<", 2), False),
    (expectation("within", [0.5, 2.0]), expectation("<=", 2), True),
    (expectation("within", [0.5, 2.0]), expectation("within", [0.6, 2.0]), False),
    (expectation("near", 1, tolerance=0.1), expectation("within", [0, 2]), True),
    (expectation("==", 1), expectation("near", 1, tolerance=0.1), True),
    (expectation("<=", 1), expectation(">=", 0), False),
    (expectation("==", "yes"), expectation("==", "yes"), True),
    (expectation("==", "yes"), expectation("==", "no"), False),
    (expectation("<=", 1, metric="n"), expectation("<=", 2), False),
    (expectation("<=", 1, unit="ms"), expectation("<=", 2, unit="s"), False),
]


@pytest.mark.parametrize(("tight", "wide", "covered"), COVERED)
def test_a_limit_covers_another_where_whatever_meets_it_meets_that(tight, wide, covered):
    told = uncovered(falsifier("F-1", wide), falsifier("F-2", tight))
    assert (told == "") is covered


QUORA = [
    (("ab", "all"), ("a", "all"), True),
    (("ab", "any"), ("a", "all"), False),
    (("ab", "any"), ("a", "any"), False),
    (("ab", "any"), ("ab", "all"), False),
    (("ab", "any"), ("ab", "any"), True),
    (("a", "all"), ("ab", "any"), False),
]


@pytest.mark.parametrize(("proxy", "own", "covered"), QUORA)
def test_a_model_that_may_not_have_run_is_not_covered(proxy, own, covered):
    def asking(name, models, quorum):
        entry = falsifier(name, expectation(), models=models)
        return entry._replace(models=entry.models._replace(quorum=quorum))

    assert (uncovered(asking("F-1", *own), asking("F-2", *proxy)) == "") is covered


limits = st.one_of(
    st.builds(expectation, st.sampled_from(["<=", "<", ">=", ">", "=="]), st.integers(-4, 4)),
    st.builds(
        lambda low, more: expectation("within", [low, low + more]),
        st.integers(-4, 4),
        st.integers(0, 4),
    ),
    st.builds(
        lambda value, spread: expectation("near", value, tolerance=spread),
        st.integers(-4, 4),
        st.integers(0, 4),
    ),
)


@given(limits, limits, st.floats(-9, 9))
def test_what_meets_a_covering_limit_meets_the_covered_one(tight, wide, value):
    if not uncovered(falsifier("F-1", wide), falsifier("F-2", tight)) and judge(tight, value).met:
        assert judge(wide, value).met


def test_models_and_limits_have_to_be_there_to_be_covered():
    limit = expectation()
    assert "has no limit" in uncovered(falsifier("F-1"), falsifier("F-2", limit))
    asks = falsifier("F-1", limit, models="ab")
    assert "every model" in uncovered(asks, falsifier("F-2", limit))
    assert "every model" in uncovered(asks, falsifier("F-2", limit, models="a"))
    assert uncovered(asks, falsifier("F-2", limit, models="abc")) == ""


TEXT = """\
metadata: { version: 1.0.0, kind: pattern, description: d, references: [ r ] }
falsification_tests:
  - id: F-016
    rule: the chain does not grow
    prediction: at most 2
    planned: { reason: its test was never committed }
    expect: [ { metric: growth, op: "<=", value: 2.0, reason: r } ]
    if_fails: x
    status: DISCHARGED
  - id: F-017
    rule: the whole chain does not grow
    prediction: at most 1.5
    harness: falsifiers/x.py::f
    expect: [ { metric: growth, op: "<=", value: 1.5, reason: r } ]
    proxy_for: [ F-016 ]
    if_fails: x
    status: DISCHARGED
"""


def state(text, *receipts):
    contract = decode(read_text(text, "contracts/x-v1.yaml")).contract
    first, _ = contract_status(contract, receipts, LIFECYCLE).falsifiers
    return first.state.value, first.standing.value, first.reasons[0]


def held(name="F-017", verdict="HELD", **changes):
    from pv.model.receipt import ReceiptView
    from pv.model.verdict import Level, Verdict

    statement = {"predicate": {"headline": "growth 1.2 <= 1.5"}}
    view = ReceiptView(
        "0" * 16, "p", name, Verdict(verdict), Level.SYNTHETIC, None, False, (), False, statement
    )
    return replace(view, **changes)


def test_a_declared_proxy_that_covers_discharges_and_says_by_what():
    assert state(TEXT) == ("PLANNED", "ahead", "its test was never committed")
    assert state(TEXT, held()) == (
        "DISCHARGED",
        "agrees",
        "by proxy of F-017: growth 1.2 <= 1.5",
    )
    assert state(TEXT, held(post_hoc=True))[0] == "PARTIAL_ALGORITHM_LEVEL"


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("    proxy_for: [ F-016 ]\n", ""),
        TEXT.replace("value: 1.5", "value: 2.5"),
        TEXT.replace("metric: growth", "metric: drift", 1),
        TEXT.replace('    expect: [ { metric: growth, op: "<=", value: 2.0, reason: r } ]\n', ""),
    ],
)
def test_without_declaration_or_cover_it_discharges_nothing(text):
    assert text != TEXT
    assert state(text, held())[0] == "PLANNED"


@pytest.mark.parametrize(
    "receipt", [held(verdict="REFUTED"), held(verdict="INCONCLUSIVE"), held(stale=("source:x",))]
)
def test_a_proxy_that_shows_nothing_gives_nothing(receipt):
    assert state(TEXT, receipt)[0] == "PLANNED"


@pytest.mark.parametrize("verdict", ["REFUTED", "INCONCLUSIVE"])
def test_a_verdict_of_its_own_always_counts(verdict):
    bound = TEXT.replace(
        "planned: { reason: its test was never committed }", "harness: falsifiers/x.py::g"
    )
    assert state(bound, held(), held("F-016", verdict))[0] == verdict
    assert state(bound, held(), held("F-016", stale=("source:x",)))[0] == "STALE"
    assert state(bound, held())[0] == "DISCHARGED"
