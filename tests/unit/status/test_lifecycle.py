"""The vocabulary of statuses: as shipped, and what is refused in one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from pv.errors import BadInputError
from pv.model.verdict import HypothesisVerdict, State
from pv.registry.lifecycle import load_lifecycle
from pv.resources import packaged

LIFECYCLE = load_lifecycle(None)
VOCABULARIES = [LIFECYCLE.contract, LIFECYCLE.falsifier, LIFECYCLE.stage, LIFECYCLE.hypothesis]


def test_every_state_and_verdict_has_a_word():
    assert {each.state for each in LIFECYCLE.falsifier.words.values()} == set(State)
    verdicts = {each.verdict for each in LIFECYCLE.hypothesis.words.values()}
    assert verdicts == set(HypothesisVerdict)
    assert set(LIFECYCLE.order) == set(State)
    assert LIFECYCLE.order[0] is State.REFUTED
    assert LIFECYCLE.order[-1] is State.DISCHARGED


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_every_word_says_what_it_means_and_can_be_reached(vocabulary):
    assert all(each.about for each in vocabulary.words.values())
    reached = {name for targets in vocabulary.moves.values() for name in targets}
    starts = {"DRAFT", "NEW", "UNTESTED"}
    # older words for a state are read, and no move leads to them
    older = {"PASS", "ACTIVE_WITH_LIVE_EVIDENCE"} if vocabulary is LIFECYCLE.falsifier else set()
    assert set(vocabulary.words) - reached - older <= starts


@pytest.mark.parametrize("vocabulary", [LIFECYCLE.contract, LIFECYCLE.stage])
def test_ladders_climb(vocabulary):
    heights = [
        -1 if (needs := vocabulary.words[name].needs) is None else LIFECYCLE.rank(needs)
        for name in vocabulary.ladder
    ]
    assert all(one <= other for one, other in pairwise(heights))


@pytest.mark.parametrize(
    ("kind", "before", "after", "allowed"),
    [
        ("contract", "PROPOSED", "ACTIVE", True),
        ("contract", "PROPOSED", "PARTIAL_ALGORITHM_LEVEL", True),
        ("contract", "PARTIAL_ALGORITHM_LEVEL", "FUNCTIONAL", True),
        ("contract", "FUNCTIONAL", "DISCHARGED", True),
        ("contract", "PROPOSED", "ACTIVE_FUNCTIONAL", True),
        ("contract", "ACTIVE", "ACTIVE_WITH_LIVE_EVIDENCE", True),
        ("contract", "ACTIVE_ALGORITHM_LEVEL", "ACTIVE_RUNTIME", True),
        ("contract", "PROPOSED", "DISCHARGED", False),
        ("contract", "RETIRED", "ACTIVE", True),  # a step back along the table
        ("contract", "SUPERSEDED", "NICE", False),
        ("contract", "DISCHARGED", "PROPOSED", True),
        ("falsifier", "NEW", "DISCHARGED", True),
        ("falsifier", "PROPOSED", "BLOCKER_FIXTURE_ABSENT", True),
        ("falsifier", "BLOCKER_FIXTURE_ABSENT", "PARTIAL_ALGORITHM_LEVEL", True),
        ("falsifier", "DISCHARGED", "REFUTED", True),
        ("falsifier", "discharged", "Discharged", True),
        ("stage", "NEW", "SHIPPED", True),
        ("stage", "PENDING", "ALGORITHM_LEVEL_DISCHARGED", True),
        ("stage", "SHIPPED", "PENDING", True),
        ("hypothesis", "UNTESTED", "NOT CONFIRMED", True),
        ("hypothesis", "SUPERSEDED", "CONFIRMED", True),
    ],
)
def test_moves(kind, before, after, allowed):
    assert getattr(LIFECYCLE, kind).allows(before, after) is allowed


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("version: 1", "version: 2", "version: expected 1"),
        ("  DISCHARGED]", "  ]", "order: expected every derived state once, missing DISCHARGED"),
        ("needs: BOUND", "needs: BUOND", "'BUOND': expected one of PROPOSED"),
        ("needs: BOUND", "need: BOUND", "unknown key 'need', known: about, needs"),
        ("    SUPERSEDED: [RETIRED]", "    X: [RETIRED]", "X is no word of contract"),
        ("    SUPERSEDED: [RETIRED]", "    SUPERSEDED: [GONE]", "'GONE' is not among the words"),
        ("{ state: PROPOSED, about", "{ about", "state belongs to falsifiers, and to each"),
        ("    SUPERSEDED: [RETIRED]", "    SUPERSEDED: RETIRED", "expected a list"),
        ("  ladder: [NEW, PENDING", "  ladder: [NEWT, PENDING", "'NEWT' is not among the words"),
        ("stage:\n  words:", "stages:\n  words:", "unknown key 'stages'"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path, before, after, message):
    text = (packaged("schemas") / "lifecycle.yaml").read_text()
    text = text.replace(", DISCHARGED]", ",  DISCHARGED]", 1)
    assert before in text
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "lifecycle.yaml").write_text(text.replace(before, after, 1))
    with pytest.raises(BadInputError) as caught:
        load_lifecycle(tmp_path)
    assert message in caught.value.message
    assert caught.value.span.file == "lifecycle.yaml"
    assert caught.value.span.start.line > 1


def test_a_registry_can_extend_the_vocabulary(tmp_path):
    text = (packaged("schemas") / "lifecycle.yaml").read_text()
    (tmp_path / "schemas").mkdir()
    own = text.replace(
        "    RETIRED: { decision: true,",
        "    FROZEN: { needs: DISCHARGED, about: kept }\n    RETIRED: { decision: true,",
    )
    (tmp_path / "schemas" / "lifecycle.yaml").write_text(own)
    assert load_lifecycle(tmp_path).contract.word("frozen").needs is State.DISCHARGED
    assert LIFECYCLE.contract.word("frozen") is None
