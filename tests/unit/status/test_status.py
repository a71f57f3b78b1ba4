"""States from receipts: the rules one by one, and what can never happen."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.model.contract import (
    Binding,
    BindingKind,
    Contract,
    Dialect,
    Expectation,
    Falsifier,
    Hypothesis,
    ModelDemand,
    ModelReference,
    Stage,
)
from pv.model.receipt import ModelIdentity, ReceiptView
from pv.model.status import Standing
from pv.model.verdict import WITH_RECEIPT, HypothesisVerdict, Level, State, Verdict
from pv.registry.lifecycle import load_lifecycle
from pv.status import contract_status, falsifier_state

LIFECYCLE = load_lifecycle(None)
HARNESS = Binding(BindingKind.HARNESS, "falsifiers/toy.py::f", ())
SHAS = {"small": "a" * 64, "big": "b" * 64}


def falsifier(number="001", *, models=None, quorum="all", **changes):
    demand = None
    if models is not None:
        accept = tuple(ModelReference(each, "llama", SHAS[each], ()) for each in models)
        demand = ModelDemand(accept, quorum, {}, ())
    plain = {
        "id": f"F-{number}",
        "path": (),
        "rule": "r",
        "prediction": "p",
        "binding": HARNESS,
        "expect": (Expectation("m", "<=", 1.0, "why", ()),),
        "controls": ("c",),
        "models": demand,
    }
    return Falsifier(**{**plain, **changes})


def receipt(
    verdict="HELD", model=None, *, number="001", stale=(), post_hoc=False, sha=None, ran_on=None
):
    identity = ModelIdentity(model, sha or SHAS[model]) if model else None
    return ReceiptView(
        id="0" * 16,
        path="p",
        falsifier=f"F-{number}",
        verdict=Verdict(verdict),
        level=Level.LIVE if model else Level.SYNTHETIC,
        model=identity,
        post_hoc=post_hoc,
        stale=stale,
        local=False,
        statement={"predicate": {"headline": f"{verdict} it", **(ran_on or {})}},
    )


OLD = ("source:kernels/x.py",)


def state(one, *receipts, **options):
    return falsifier_state(one, receipts, LIFECYCLE, **options).state


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ([], "BOUND"),
        ([receipt()], "DISCHARGED"),
        ([receipt(post_hoc=True)], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(post_hoc=True), receipt()], "DISCHARGED"),
        ([receipt(stale=OLD)], "STALE"),
        ([receipt(stale=OLD), receipt()], "DISCHARGED"),
        ([receipt("INCONCLUSIVE")], "INCONCLUSIVE"),
        ([receipt(), receipt("INCONCLUSIVE")], "INCONCLUSIVE"),
        ([receipt(), receipt("INCONCLUSIVE"), receipt("REFUTED")], "REFUTED"),
        ([receipt(), receipt("REFUTED", stale=OLD)], "DISCHARGED"),
        ([receipt("REFUTED", stale=OLD)], "STALE"),
        ([receipt("REFUTED", post_hoc=True)], "REFUTED"),
        ([receipt(number="002")], "BOUND"),
        ([receipt(model="small")], "BOUND"),
    ],
)
def test_a_synthetic_falsifier(receipts, expected):
    assert state(falsifier(), *receipts) == expected


@pytest.mark.parametrize(
    ("quorum", "receipts", "expected"),
    [
        ("all", [], "BOUND"),
        ("all", [receipt(model="small")], "PARTIAL_ALGORITHM_LEVEL"),
        ("any", [receipt(model="small")], "DISCHARGED"),
        ("all", [receipt(model="small"), receipt(model="big")], "DISCHARGED"),
        ("all", [receipt()], "PARTIAL_ALGORITHM_LEVEL"),
        ("any", [receipt()], "PARTIAL_ALGORITHM_LEVEL"),
        ("any", [receipt(model="small", post_hoc=True)], "PARTIAL_ALGORITHM_LEVEL"),
        ("any", [receipt(model="small", stale=OLD)], "STALE"),
        ("any", [receipt(model="small"), receipt(model="big", stale=OLD)], "DISCHARGED"),
        ("all", [receipt(model="small"), receipt(model="big", stale=OLD)], "STALE"),
        ("any", [receipt(model="small"), receipt("REFUTED", "big")], "REFUTED"),
        ("any", [receipt(model="small"), receipt("INCONCLUSIVE", "big")], "INCONCLUSIVE"),
        ("any", [receipt(model="small"), receipt("REFUTED")], "REFUTED"),
        ("any", [receipt(model="small", sha="c" * 64)], "BOUND"),
    ],
)
def test_a_live_falsifier_over_two_models(quorum, receipts, expected):
    assert state(falsifier(models=["small", "big"], quorum=quorum), *receipts) == expected


ON_DEVICE = {"device": "cuda", "environment": {"device": "cuda"}}
IN_SIMULATOR = {"device": "cuda-simulator", "environment": {"device": "cuda-simulator"}}


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [
        ([receipt(ran_on=ON_DEVICE)], "DISCHARGED"),
        ([receipt(ran_on=IN_SIMULATOR)], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(ran_on={"device": "cuda-simulator"})], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(ran_on={**ON_DEVICE, "device": "cuda-simulator"})], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(ran_on={**IN_SIMULATOR, "device": "cuda"})], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(ran_on=IN_SIMULATOR), receipt(ran_on=IN_SIMULATOR)], "PARTIAL_ALGORITHM_LEVEL"),
        ([receipt(ran_on=IN_SIMULATOR), receipt(ran_on=ON_DEVICE)], "DISCHARGED"),
        ([receipt(ran_on=IN_SIMULATOR, stale=OLD)], "STALE"),
        ([receipt("REFUTED", ran_on=IN_SIMULATOR)], "REFUTED"),
        ([receipt(ran_on=ON_DEVICE), receipt("REFUTED", ran_on=IN_SIMULATOR)], "REFUTED"),
        ([receipt("INCONCLUSIVE", ran_on=IN_SIMULATOR)], "INCONCLUSIVE"),
    ],
)
def test_what_holds_in_the_simulator_never_discharges(receipts, expected):
    assert state(falsifier(), *receipts) == expected


def test_the_simulator_is_named_as_the_reason():
    found = falsifier_state(falsifier(), [receipt(ran_on=IN_SIMULATOR)], LIFECYCLE)
    assert found.reasons == ("simulator, no device",)
    both = falsifier_state(falsifier(), [receipt(ran_on=IN_SIMULATOR, post_hoc=True)], LIFECYCLE)
    assert both.reasons == ("POST-HOC: limit and result came together", "simulator, no device")


@pytest.mark.parametrize("quorum", ["any", "all"])
def test_a_model_in_the_simulator_is_no_live_evidence(quorum):
    one = falsifier(models=["small"], quorum=quorum)
    simulated, real = (receipt(model="small", ran_on=each) for each in (IN_SIMULATOR, ON_DEVICE))
    assert state(one, simulated) == "PARTIAL_ALGORITHM_LEVEL"
    assert state(one, real) == "DISCHARGED"
    live = [word.name for word in LIFECYCLE.contract.words.values() if word.live]
    assert live
    for word in live:
        claimed = contract(one, status=word)
        assert judged(claimed, simulated).standing is Standing.AHEAD
        assert judged(claimed, real).standing is not Standing.AHEAD


def test_states_are_kept_per_model():
    one = falsifier(models=["small", "big"])
    found = falsifier_state(one, [receipt(model="small")], LIFECYCLE)
    assert [(each.name, each.state) for each in found.models] == [
        ("small", State.DISCHARGED),
        ("big", State.BOUND),
    ]


def test_an_unrecorded_model_is_never_discharged_and_keeps_the_falsifier_open():
    one = falsifier(models=["small"])
    unrecorded = one.models.accept[0]._replace(name="big", sha256="unrecorded")
    open_ = one._replace(models=one.models._replace(accept=(*one.models.accept, unrecorded)))
    held = [receipt(model="small"), receipt(model="big", sha="unrecorded")]
    assert state(open_, *held) == "PARTIAL_ALGORITHM_LEVEL"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("planned", "PLANNED"),
        ("blocked", "BLOCKED"),
        ("manual", "MANUAL"),
        ("absent", "PROPOSED"),
        ("external", "PROPOSED"),
    ],
)
def test_what_does_not_run_says_so_whatever_receipts_lie_there(kind, expected):
    binding = Binding(BindingKind(kind), "", (), reason="why")
    assert state(falsifier(binding=binding), receipt()) == expected


def test_a_reference_that_leads_nowhere_is_proposed():
    assert state(falsifier(), receipt(), astray="") == "PROPOSED"


receipts_any = st.lists(
    st.builds(
        receipt,
        st.sampled_from(sorted(WITH_RECEIPT)),
        st.sampled_from([None, "small", "big"]),
        stale=st.sampled_from([(), OLD]),
        post_hoc=st.booleans(),
        sha=st.sampled_from([None, "c" * 64]),
    ),
    max_size=6,
)
falsifiers_any = st.builds(
    falsifier,
    models=st.sampled_from([None, [], ["small"], ["small", "big"]]),
    quorum=st.sampled_from(["all", "any"]),
    binding=st.sampled_from([HARNESS, Binding(BindingKind.PLANNED, "", ())]),
)


@given(falsifiers_any, receipts_any, st.booleans())
def test_nothing_is_discharged_without_its_evidence(one, receipts, resolves):
    if state(one, *receipts, astray=None if resolves else "") is not State.DISCHARGED:
        return
    assert resolves
    assert one.binding is HARNESS
    sound = [
        each
        for each in receipts
        if each.verdict is Verdict.HELD and not each.stale and not each.post_hoc
    ]
    if one.models is None:
        assert any(each.model is None for each in sound)
        return
    live = {
        each.model.name
        for each in sound
        if each.level is Level.LIVE and each.model.sha256 == SHAS[each.model.name]
    }
    wanted = {each.name for each in one.models.accept}
    assert wanted
    assert (wanted <= live) if one.models.quorum == "all" else (wanted & live)


@given(falsifiers_any, receipts_any)
def test_a_fresh_refutation_always_demotes(one, receipts):
    before = state(one, *receipts)
    for model in [None] if one.models is None else [each.name for each in one.models.accept]:
        after = state(one, *receipts, receipt("REFUTED", model))
        assert after == (State.REFUTED if one.binding is HARNESS else before)


@given(falsifiers_any, receipts_any)
def test_what_has_gone_stale_holds_nothing_up(one, receipts):
    aged = [replace(each, stale=OLD) for each in receipts]
    assert state(one, *aged) in {State.BOUND, State.STALE, State.PLANNED}


@given(falsifiers_any, receipts_any, st.randoms(use_true_random=False))
def test_the_order_of_receipts_does_not_matter(one, receipts, random):
    shuffled = list(receipts)
    random.shuffle(shuffled)
    assert state(one, *shuffled) == state(one, *receipts)


def contract(*falsifiers, **changes):
    plain = {
        "file": "contracts/c.yaml",
        "stem": "c",
        "text": "",
        "dialect": Dialect.PV,
        "data": {},
        "locate": lambda path, key: None,
        "id": "c",
        "version": "1.0.0",
        "kind": None,
        "status": None,
        "created": None,
        "updated": None,
        "author": None,
        "description": "",
        "falsifiers": falsifiers,
    }
    return Contract(**{**plain, **changes})


def judged(one, *receipts, **options):
    return contract_status(one, receipts, LIFECYCLE, **options)


@pytest.mark.parametrize(
    ("claimed", "derived", "standing"),
    [
        ("DISCHARGED", State.DISCHARGED, "agrees"),
        ("LIVE-DISCHARGED", State.DISCHARGED, "agrees"),
        ("discharged", State.DISCHARGED, "agrees"),
        ("PROPOSED", State.DISCHARGED, "behind"),
        (None, State.DISCHARGED, "unclaimed"),
        ("DISCHARGED", State.BOUND, "ahead"),
        ("PASS", State.BOUND, "ahead"),
        ("REFUTED", State.BOUND, "behind"),
        ("FROBNICATED", State.BOUND, "ahead"),
        ("DISCHARGED", State.REFUTED, "ahead"),
        ("BOUND", State.REFUTED, "ahead"),
        ("REFUTED", State.REFUTED, "agrees"),
        ("BOUND", State.STALE, "behind"),
        ("DISCHARGED", State.STALE, "ahead"),
        ("PROPOSED", State.INCONCLUSIVE, "behind"),
        ("PARTIAL_ALGORITHM_LEVEL", State.INCONCLUSIVE, "ahead"),
    ],
)
def test_claims_beside_derived_states(claimed, derived, standing):
    receipts = {
        State.DISCHARGED: [receipt()],
        State.REFUTED: [receipt("REFUTED")],
        State.INCONCLUSIVE: [receipt("INCONCLUSIVE")],
        State.STALE: [receipt(stale=OLD)],
        State.BOUND: [],
    }[derived]
    found = falsifier_state(falsifier(status=claimed), receipts, LIFECYCLE)
    assert (found.state, found.standing) == (derived, Standing(standing))


@pytest.mark.parametrize("kind", ["planned", "blocked", "manual", "absent", "external"])
def test_proposed_is_said_of_all_that_does_not_run(kind):
    one = falsifier(status="PROPOSED", binding=Binding(BindingKind(kind), "", ()))
    assert falsifier_state(one, [], LIFECYCLE).standing is Standing.AGREES


@pytest.mark.parametrize(
    ("claimed", "second", "derived", "standing"),
    [
        ("DISCHARGED", [receipt(number="002")], "DISCHARGED", "agrees"),
        ("ACTIVE_RUNTIME", [receipt(number="002")], "DISCHARGED", "ahead"),
        ("PROPOSED", [receipt(number="002")], "DISCHARGED", "behind"),
        ("ACTIVE_ALGORITHM_LEVEL", [receipt(number="002")], "DISCHARGED", "behind"),
        ("DISCHARGED", [receipt(number="002", post_hoc=True)], "ACTIVE_ALGORITHM_LEVEL", "ahead"),
        (
            "ACTIVE_FUNCTIONAL",
            [receipt(number="002", post_hoc=True)],
            "ACTIVE_FUNCTIONAL",
            "agrees",
        ),
        ("ACTIVE_ALGORITHM_LEVEL", [], "ACTIVE", "ahead"),
        ("ACTIVE", [], "ACTIVE", "agrees"),
        ("ACTIVE", [receipt("REFUTED", number="002")], "PROPOSED", "ahead"),
        ("PROPOSED", [receipt("REFUTED", number="002")], "PROPOSED", "agrees"),
        ("SUPERSEDED", [], "SUPERSEDED", "agrees"),
        ("NICE", [], "ACTIVE", "ahead"),
        (None, [], "ACTIVE", "unclaimed"),
    ],
)
def test_a_contract_is_as_far_as_its_weakest_blocking_falsifier(claimed, second, derived, standing):
    one = contract(falsifier(), falsifier("002"), status=claimed)
    found = judged(one, receipt(), *second)
    assert (found.derived, found.standing) == (derived, Standing(standing))


def test_what_does_not_block_and_what_people_decide_does_not_hold_back():
    manual = falsifier("002", binding=Binding(BindingKind.MANUAL, "", ()))
    loose = falsifier("003", blocking=False)
    one = contract(falsifier(), manual, loose, status="DISCHARGED")
    assert judged(one, receipt(), receipt("REFUTED", number="003")).standing is Standing.AGREES


@pytest.mark.parametrize("status", ["ACTIVE", "DISCHARGED"])
def test_a_contract_without_falsifiers_has_shown_nothing(status):
    found = judged(contract(status=status))
    assert (found.derived, found.standing) == ("PROPOSED", Standing.AHEAD)


def test_live_evidence_is_asked_for_where_the_word_says_so():
    one = contract(falsifier(models=["small", "big"]), status="ACTIVE_WITH_LIVE_EVIDENCE")
    assert judged(one, receipt(model="small")).standing is Standing.AGREES
    assert judged(one, receipt()).standing is Standing.AHEAD


@pytest.mark.parametrize(
    ("claimed", "gates", "receipts", "derived", "standing"),
    [
        ("DISCHARGED", ("F-001",), [receipt()], "DISCHARGED", "agrees"),
        ("SHIPPED", ("F-001",), [receipt()], "SHIPPED", "agrees"),
        ("SHIPPED", ("F-001",), [receipt(post_hoc=True)], "ALGORITHM_LEVEL_DISCHARGED", "ahead"),
        ("DISCHARGED", ("F-001", "F-002"), [receipt()], "PENDING", "ahead"),
        ("NEW", ("F-001",), [], "NEW", "agrees"),
        ("DISCHARGED", (), [receipt()], "PENDING", "ahead"),
        ("DISCHARGED", ("F-001", "F-900"), [receipt()], "PENDING", "ahead"),
        ("PENDING", ("F-001",), [receipt()], "DISCHARGED", "behind"),
    ],
)
def test_a_stage_is_as_far_as_its_gates(claimed, gates, receipts, derived, standing):
    one = contract(falsifier(), falsifier("002"), stages=(Stage("M-1", claimed, gates, ()),))
    (stage,) = judged(one, *receipts).stages
    assert (stage.derived, stage.standing) == (derived, Standing(standing))


DECIDES = {"A1": {"HELD": "FALSIFIED", "REFUTED": "CONFIRMED"}}
OTHERWISE = {"A1": {"HELD": "CONFIRMED", "REFUTED": "FALSIFIED"}}


@pytest.mark.parametrize(
    ("claimed", "receipts", "derived", "standing"),
    [
        ("FALSIFIED", [receipt()], "FALSIFIED", "agrees"),
        ("REFUTED", [receipt()], "FALSIFIED", "agrees"),
        ("CONFIRMED", [receipt()], "FALSIFIED", "ahead"),
        ("CONFIRMED", [receipt("REFUTED")], "CONFIRMED", "agrees"),
        ("UNTESTED", [receipt("REFUTED")], "CONFIRMED", "behind"),
        ("FALSIFIED", [], "UNTESTED", "ahead"),
        ("UNTESTED", [], "UNTESTED", "agrees"),
        ("NOT CONFIRMED", [], "UNTESTED", "ahead"),
        ("SUPERSEDED", [receipt()], "FALSIFIED", "agrees"),
        ("FALSIFIED", [receipt("INCONCLUSIVE")], "UNTESTED", "ahead"),
        ("FALSIFIED", [receipt(stale=OLD)], "UNTESTED", "ahead"),
        (None, [receipt()], "FALSIFIED", "unclaimed"),
    ],
)
def test_a_hypothesis_has_the_verdict_that_its_falsifier_gives(
    claimed, receipts, derived, standing
):
    one = contract(falsifier(decides=DECIDES), hypotheses=(Hypothesis("A1", "c", claimed, ()),))
    (found,) = judged(one, *receipts).hypotheses
    assert (found.derived, found.standing) == (derived, Standing(standing))


def test_deciders_that_disagree_leave_it_untested_and_say_so():
    one = contract(
        falsifier(decides=DECIDES),
        falsifier("002", decides=OTHERWISE),
        hypotheses=(Hypothesis("A1", "c", "FALSIFIED", ()),),
    )
    (found,) = judged(one, receipt(), receipt(number="002")).hypotheses
    assert found.derived is HypothesisVerdict.UNTESTED
    assert found.reasons == (
        "the answers disagree",
        "F-001 (DISCHARGED) says FALSIFIED",
        "F-002 (DISCHARGED) says CONFIRMED",
    )
    (found,) = judged(one, receipt(), receipt("REFUTED", number="002")).hypotheses
    assert (found.derived, found.by) == (HypothesisVerdict.FALSIFIED, ("F-001", "F-002"))


@pytest.mark.parametrize(
    ("gate", "holds", "missing"),
    [
        ({"falsifiers": ["F-001"]}, True, ()),
        ({"falsifiers": ["F-001", "F-002"]}, False, ("F-002",)),
        ({"pass_criteria": "All pass: F-001 + 002"}, False, ("F-002",)),
        ({"checks": ["FALSIFY-F-900"]}, False, ("FALSIFY-F-900",)),
        ({"checks": ["some_rust_test"]}, False, ()),
        ({"falsifiers": ["F-001", "F-903"]}, False, ("F-903",)),
        ({"checks": ["F-001", "G-7"]}, False, ("G-7",)),
        ({"pass_criteria": "F-001 and F-904 pass"}, False, ("F-904",)),
        ({"pass_criteria": "F-001 + 905"}, False, ("F-905",)),
        ({"pass_criteria": "F-001 within 3 runs of version 2.1"}, True, ()),
        ({"falsifiers": ["F-001"], "checks": ["lints in 5 s"]}, True, ()),
    ],
)
def test_the_gate_is_evaluated_not_quoted(gate, holds, missing):
    one = contract(falsifier(), falsifier("002"), data={"qa_gate": {"id": "Q", **gate}})
    found = judged(one, receipt()).gate
    assert (found.id, found.holds, found.missing) == ("Q", holds, missing)


def test_everything_ahead_is_listed_by_id():
    one = contract(
        falsifier(status="DISCHARGED"),
        status="DISCHARGED",
        stages=(Stage("M-1", "SHIPPED", ("F-001",), ()),),
        hypotheses=(Hypothesis("A1", "c", "CONFIRMED", ()),),
    )
    assert judged(one).ahead == ("c", "F-001", "M-1", "A1")


words_any = st.sampled_from([*LIFECYCLE.contract.words.values()])


@given(words_any, st.lists(st.tuples(falsifiers_any, st.booleans()), max_size=3), receipts_any)
def test_no_claim_is_accepted_without_the_evidence_its_word_needs(word, entries, receipts):
    falsifiers = [
        one._replace(id=f"F-{n:03}", blocking=blocking)
        for n, (one, blocking) in enumerate(entries, 1)
    ]
    found = judged(contract(*falsifiers, status=word.name), *receipts)
    counting = [each for each in found.falsifiers if each.blocking and each.state != "MANUAL"]
    if found.standing is Standing.AHEAD or word.needs is None:
        return
    assert counting
    assert all(LIFECYCLE.rank(each.state) >= LIFECYCLE.rank(word.needs) for each in counting)
    if word.live:
        assert any(
            each.level is Level.LIVE and each.verdict is Verdict.HELD and not each.stale
            for status in counting
            for each in status.receipts
        )


@given(words_any, receipts_any)
def test_a_refuted_blocking_falsifier_takes_every_earned_word_away(word, receipts):
    one = contract(falsifier(), status=word.name)
    found = judged(one, *receipts, receipt("REFUTED"))
    assert (found.standing is Standing.AHEAD) is (word.needs is not None)


@pytest.mark.parametrize("vocabulary", ["contract", "stage"])
def test_no_path_of_moves_leads_around_the_evidence(vocabulary):
    # Whatever moves were made to get there: without receipts no word that needs them agrees.
    table = getattr(LIFECYCLE, vocabulary)
    for word in table.words.values():
        stages = (Stage("M-1", word.name, ("F-001",), ()),)
        found = judged(contract(falsifier(), status=word.name, stages=stages))
        part = found if vocabulary == "contract" else found.stages[0]
        needs_more = word.needs not in (None, State.BOUND)
        assert (part.standing is Standing.AHEAD) is needs_more, word.name


@pytest.mark.parametrize(
    ("receipts", "partial"),
    [
        ([receipt()], ()),
        ([receipt(post_hoc=True)], ("F-001",)),
        ([receipt(ran_on=IN_SIMULATOR)], ("F-001",)),
        ([receipt("REFUTED")], ()),
    ],
)
def test_an_answer_on_partial_evidence_is_marked(receipts, partial):
    of = falsifier(decides={"A1": {"HELD": "FALSIFIED", "REFUTED": "CONFIRMED"}})
    one = contract(of, hypotheses=(Hypothesis("A1", "c", "FALSIFIED", ()),))
    (found,) = judged(one, *receipts).hypotheses
    assert found.partial == partial
    assert ("on partial evidence" in found.reasons[0]) is bool(partial)
