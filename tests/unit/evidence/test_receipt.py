"""Receipts of outcomes: subjects, staleness, and the order of limit and result."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

import pv
from pv.evidence import store
from pv.evidence.canonical import expect_digest
from pv.evidence.history import History
from pv.evidence.receipt import load, repeats, write_receipt
from pv.evidence.statement import statement_of, subjects_of
from pv.model.receipt import Comparison, ModelIdentity
from pv.model.verdict import Level, Verdict


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def written(home, make_outcome):
    """Return a writer of receipts with the harness as it is now among the sources."""

    def write(verdict=Verdict.HELD, *, record=True, **changes):
        sources = {"falsifiers/toy.py": sha(home.harness.read_text())}
        outcome = make_outcome(verdict, sources=sources, **changes)
        commit = History(home.root).expect_commit(home.contract, home.falsifier)
        return write_receipt(
            home.root, home.contract, home.falsifier, outcome, commit, record=record
        )

    return write


def views(home, **options):
    options = {"local": False, **options}
    return load(home.root, home.contract, **options).receipts


def test_a_statement_has_everything_a_reader_needs(home, make_outcome):
    statement = statement_of(
        home.contract,
        home.falsifier,
        make_outcome(sources={"kernels/x.py": "b" * 64}),
        expect_commit="c" * 40,
        started="2026-05-06T00:00:00Z",
    )
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert [*subjects_of(statement)] == [
        "falsifier:FALSIFY-TOY-001",
        "source:kernels/x.py",
        "model:small",
    ]
    predicate = statement["predicate"]
    assert predicate["run"] == {"started": "2026-05-06T00:00:00Z", "seconds": 1.0}
    assert (predicate["verdict"], predicate["level"]) == ("HELD", "LIVE")
    assert (predicate["expect_commit"], predicate["post_hoc"]) == ("c" * 40, False)
    assert predicate["expect_digest"] == expect_digest(home.falsifier.expect)
    assert predicate["comparisons"][0]["limit"] == 2.0
    assert predicate["controls"][0]["name"] == "tripled"
    assert predicate["command"] == ["pv", "discharge", "TOY-001"]
    assert json.loads(json.dumps(statement)) == statement


@pytest.mark.parametrize(
    "verdict", [Verdict.SKIPPED, Verdict.ERROR, Verdict.TIMEOUT, Verdict.NOT_RUN]
)
def test_an_absence_leaves_no_receipt(home, make_outcome, verdict):
    with pytest.raises(ValueError, match="leaves no receipt"):
        statement_of(
            home.contract, home.falsifier, make_outcome(verdict), expect_commit=None, started=""
        )


def test_the_same_run_twice_is_one_receipt(home, written):
    assert written(seconds=1.0) == written(seconds=9.0)
    assert len(views(home)) == 1


def test_a_fresh_receipt_has_nothing_that_moved(home, written):
    written()
    (view,) = views(home)
    assert (view.stale, view.verdict, view.level) == ((), Verdict.HELD, Level.LIVE)
    assert view.model.name == "small"


@pytest.mark.parametrize(
    ("before", "after", "moved"),
    [
        ("value: 2.0", "value: 3.0", ("falsifier:FALSIFY-TOY-001",)),
        ("step: 1.0", "step: 1.5", ("falsifier:FALSIFY-TOY-001",)),
        ("a" * 64, "b" * 64, ("model:small",)),
        ("a" * 64, "unrecorded", ("model:small",)),
        ("name: small", "name: other", ("model:small",)),
        ("status: BOUND", "status: DISCHARGED", ()),
    ],
)
def test_what_moves_in_the_contract_is_named(home, written, before, after, moved):
    written()
    home.edit(before, after)
    (view,) = views(home)
    assert view.stale == moved


def test_a_changed_or_removed_source_is_named_unless_the_records_alone_count(home, written):
    written()
    home.harness.write_text("def growth(run):\n    return 1\n")
    assert views(home)[0].stale == ("source:falsifiers/toy.py",)
    home.harness.unlink()
    assert views(home)[0].stale == ("source:falsifiers/toy.py",)
    assert views(home, fresh_sources=False)[0].stale == ()


OTHERWISE = [
    ({}, True),
    ({"device": "SIMULATED"}, False),
    ({"level": Level.SYNTHETIC}, False),
    ({"model": "other"}, False),
]


@pytest.mark.parametrize(("changes", "follows"), OTHERWISE)
def test_by_records_alone_a_later_run_of_its_kind_follows_one_over_other_sources(
    home, written, changes, follows
):
    first = written(seconds=1000.0, **changes)
    home.harness.write_text("def growth(run):\n    return 1\n")
    last = written(seconds=1.0)
    found = {each.path: each.stale for each in views(home, fresh_sources=False)}
    assert ("source:falsifiers/toy.py" in found[first]) is follows
    assert found[last] == ()


def test_by_records_alone_runs_over_the_same_sources_all_count(home, written):
    written(seconds=1000.0)
    written(headline="another number", seconds=1.0)
    found = views(home, fresh_sources=False)
    assert [each.stale for each in found] == [(), ()]


def test_local_receipts_count_only_when_asked_for(home, written):
    written(record=False)
    assert views(home) == ()
    (view,) = views(home, local=True)
    assert view.local


def test_a_damaged_receipt_is_named_and_not_counted(home, written):
    path = home.root / written()
    path.write_bytes(path.read_bytes().replace(b"HELD", b"HALT"))
    found = load(home.root, home.contract, local=False)
    assert found.receipts == ()
    (damaged,) = found.damaged
    assert damaged.path == path.relative_to(home.root).as_posix()
    assert "digest differs" in damaged.reason


def test_limits_that_are_not_committed_make_a_receipt_post_hoc(home, written):
    written()
    assert views(home)[0].post_hoc  # no repository at all


def test_limits_that_stood_before_do_not(home, written):
    home.start()
    commit = home.commit()
    written()
    (view,) = views(home)
    assert not view.post_hoc
    assert view.statement["predicate"]["expect_commit"] == commit


def test_the_commit_is_the_first_with_these_limits(home):
    home.start()
    home.commit()
    home.edit("value: 2.0", "value: 3.0")
    second = home.commit()
    home.edit("status: BOUND", "status: DISCHARGED")
    home.commit()
    home.edit("by construction", "as derived")
    home.commit()
    assert History(home.root).expect_commit(home.contract, home.falsifier) == second


def test_a_limit_that_differs_on_disk_is_not_committed(home):
    home.start()
    home.commit()
    home.edit("value: 2.0", "value: 9.0")
    assert History(home.root).expect_commit(home.contract, home.falsifier) is None


def test_limit_and_receipt_in_one_commit_are_post_hoc_when_judged(home, written):
    home.start()
    home.commit()
    home.edit("value: 2.0", "value: 3.0")
    commit = home.commit()
    written()
    assert not views(home)[0].post_hoc
    home.commit("receipt")
    assert not views(home)[0].post_hoc
    # The same history, squashed into one commit: limit and result arrive together.
    home.git("reset", "-q", "--soft", f"{commit}^")
    home.commit("both")
    assert views(home)[0].post_hoc


def test_a_status_move_beside_the_receipt_is_not_post_hoc(home, written):
    home.start()
    home.commit()
    written()
    home.edit("status: BOUND", "status: DISCHARGED")
    home.commit("receipt and claim together")
    assert not views(home)[0].post_hoc


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("step: 1.0", "step: 0.5"),
        ("controls: [tripled]", "controls: [tripled, harmless]"),
        ("toy.py::growth", "toy.py::excess"),
    ],
)
def test_parameters_and_controls_are_chosen_before_the_run_like_limits(
    home, written, before, after
):
    home.start()
    home.commit()
    home.edit(before, after)
    assert History(home.root).expect_commit(home.contract, home.falsifier) is None
    written()
    home.commit("parameters and result together")
    assert views(home)[0].post_hoc


@pytest.mark.parametrize("way", ["replaced", "grafted"])
def test_order_is_what_commits_say_and_not_what_stands_for_them(home, written, way):
    """A commit that brought limit and result together stays one, whatever the user puts before."""
    home.start()
    home.commit()
    home.edit("value: 2.0", "value: 3.0")
    limits = home.commit()
    written()
    home.git("reset", "-q", "--soft", f"{limits}^")
    both = home.commit("both")
    home.git("checkout", "-q", "--orphan", "other")
    without = home.commit("imported as one")
    home.git("checkout", "-q", "main")
    assert views(home)[0].post_hoc
    if way == "replaced":
        home.git("replace", both, without)
    else:
        (home.root / ".git" / "info").mkdir(exist_ok=True)
        (home.root / ".git" / "info" / "grafts").write_text(f"{both}\n")
    assert home.git("log", "--format=%H").split() == [both]
    assert views(home)[0].post_hoc
    assert History(home.root).expect_commit(home.contract, home.falsifier) == both


def test_a_history_that_begins_with_both_accuses_nobody(home, written):
    home.start()
    home.commit()
    written()
    home.commit("receipt")
    home.git("checkout", "-q", "--orphan", "fresh")
    home.commit("imported as one")
    assert not views(home)[0].post_hoc


def test_a_source_of_the_registry_is_not_vouched_for_by_the_package(home, make_outcome):
    """An edited copy stays stale though the running package has a file of its name and content."""
    name = "falsifiers/interface.py"
    packaged = Path(pv.__file__).parent / name
    sound = hashlib.sha256(packaged.read_bytes()).hexdigest()
    outcome = make_outcome(sources={name: sound}, model=None)
    write_receipt(home.root, home.contract, home.falsifier, outcome, "c" * 40, record=True)
    (view,) = views(home)
    assert view.stale == ()  # the registry has no such file: the package's is the one that runs
    copy = home.root / name
    copy.parent.mkdir(exist_ok=True)
    copy.write_bytes(packaged.read_bytes())
    assert views(home)[0].stale == ()
    copy.write_bytes(packaged.read_bytes() + b"# edited\n")
    assert views(home)[0].stale == (f"source:{name}",)


def test_runs_over_the_same_subjects_are_found_and_others_are_not(home, make_outcome):
    sources = {"falsifiers/toy.py": "0" * 64}
    outcome = make_outcome(sources=sources, model=None)
    path = write_receipt(home.root, home.contract, home.falsifier, outcome, None, record=True)
    (found,) = repeats(home.root, home.contract, home.falsifier, sources, None)
    assert (found.path, found.predicate["verdict"]) == (path, "HELD")
    others = [
        ({"falsifiers/toy.py": "1" * 64}, None),
        (sources, ModelIdentity("small", "a" * 64)),
    ]
    for other, model in others:
        assert repeats(home.root, home.contract, home.falsifier, other, model) == ()
    home.edit("step: 1.0", "step: 0.5")
    assert repeats(home.root, home.contract, home.falsifier, sources, None) == ()


def test_load_and_clock_stand_with_the_time_and_make_no_two_receipts(home, make_outcome):
    def written(load):
        where = {"python": "3.11", "surroundings": {"load": load}}
        outcome = make_outcome(environment=where, sources={"falsifiers/toy.py": "0" * 64})
        return write_receipt(home.root, home.contract, home.falsifier, outcome, None, record=True)

    first = written(0.1)
    assert written(1.9) == first
    predicate = views(home)[0].statement["predicate"]
    assert predicate["environment"] == {"python": "3.11"}
    assert predicate["run"]["surroundings"] == {"load": 0.1}


def test_what_could_not_be_compared_is_no_refutation(home, make_outcome):
    comparison = Comparison("m", "==", [1, 2], None, (1,), False, None, None, "", "lengths differ")
    for verdict, sound in (("REFUTED", False), ("INCONCLUSIVE", True)):
        outcome = make_outcome(
            Verdict(verdict), comparisons=(comparison,), sources={"falsifiers/toy.py": "0" * 64}
        )
        write_receipt(home.root, home.contract, home.falsifier, outcome, None, record=True)
        found = load(home.root, home.contract, local=False)
        assert (len(found.receipts), len(found.damaged)) == ((1, 1) if sound else (0, 1))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s["predicate"].update(verdict="NICE"),
        lambda s: s["predicate"].update(level="HIGH"),
        lambda s: s["predicate"].update(model={"name": "x", "size": 3}),
        lambda s: s["predicate"].pop("post_hoc"),
        lambda s: s.update(subject=[{"name": "x"}]),
        lambda s: s.update(subject=None),
    ],
)
def test_a_sound_file_with_a_broken_statement_is_damaged(home, make_outcome, spoil):
    statement = statement_of(
        home.contract, home.falsifier, make_outcome(), expect_commit=None, started=""
    )
    spoil(statement)
    store.write(home.root, home.falsifier.id, statement, record=True)
    found = load(home.root, home.contract, local=False)
    assert (len(found.receipts), len(found.damaged)) == (0, 1)
    assert "incomplete" in found.damaged[0].reason


def _unmet(statement):
    statement["predicate"]["comparisons"][0]["met"] = False


def _tripped(statement):
    guard = {"guard": "teeth", "applies": True, "tripped": True, "reason": "", "numbers": {}}
    statement["predicate"]["guards"].append(guard)


def _green_fault(statement):
    control = {"name": "a", "expected_red": True, "red": False, "finite": True}
    statement["predicate"]["controls"].append({**control, "comparisons": [], "note": ""})


def _without_sources(statement):
    statement["subject"] = [s for s in statement["subject"] if "source:" not in s["name"]]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_unmet, "its verdict is HELD, and REFUTED follows"),
        (_tripped, "its verdict is HELD, and INCONCLUSIVE follows"),
        (_green_fault, "its verdict is HELD, and INCONCLUSIVE follows"),
        (lambda s: s["predicate"].update(comparisons=[]), "INCONCLUSIVE follows"),
        (lambda s: s["predicate"].update(verdict="REFUTED"), "HELD follows"),
        (
            lambda s: s["predicate"].update(model={"name": "m", "sha256": "0" * 64}),
            "model m is not",
        ),
        (_without_sources, "rests on no source"),
    ],
)
def test_a_verdict_that_does_not_follow_from_its_own_record_is_damaged(
    home, make_outcome, spoil, words
):
    outcome = replace(make_outcome(), sources={"falsifiers/toy.py": "0" * 64})
    statement = statement_of(home.contract, home.falsifier, outcome, expect_commit=None, started="")
    spoil(statement)
    # Named by its new content, as a careful hand would: the bytes alone show nothing.
    store.write(home.root, home.falsifier.id, statement, record=True)
    found = load(home.root, home.contract, local=False)
    assert (len(found.receipts), len(found.damaged)) == (0, 1)
    assert words in found.damaged[0].reason
