"""Lint of many files: one process or several, cold or warm, the report is the same."""

import contextlib
import gc
import os
import signal
import sys

import pytest

from pv import stamps
from pv.lint import ahead, incremental, intake
from pv.lint.ahead import AheadRegistry
from pv.lint.context import Context
from pv.lint.engine import Report, lint
from pv.lint.incremental import Session
from pv.lint.options import Options
from pv.lint.rules import pv_scr_001_unrunnable_contract as unrunnable
from pv.lint.surroundings import Surroundings
from pv.lint.survey import survey
from pv.registry.discover import contracts_of
from pv.yamlfile.judge import judge_file
from tests.bench.contract_tree import path_of, write_tree

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="workers are forked")

COUNT = 45
LEAST = 30
"""Files from which on they are read ahead, here; fewer than the tree has."""
BROKEN = {
    3: "metadata: [",
    20: "",
    21: "a: 1\na: 2\n",
    22: "description: a document that nobody claims\n",
}
CITING = """\
metadata:
  id: C-CITING
  version: 1.0.0
  description: See FALSIFY-GEN-00007-001 and FALSIFY-GEN-99999-001. Twice in .hidden/it.
  depends_on: [generated-00001-v1, nobody-v1]
falsification_tests:
  - id: FALSIFY-CITING-001
    rule: every row is one
    prediction: one run shows it
    test: cargo test -p nothing rows
    if_fails: rows are not one
    status: DISCHARGED
    proxy_for: [FALSIFY-GEN-00007-001, FALSIFY-NOWHERE-001]
    unblocks: [FALSIFY-GEN-00008-777]
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = write_tree(tmp_path_factory.mktemp("many"), COUNT)
    for number, text in BROKEN.items():
        path_of(root, number).write_text(text, encoding="utf-8")
    (root / "contracts" / "citing-v1.yaml").write_text(CITING, encoding="utf-8")
    (root / "contracts" / "gone-v1.yaml").symlink_to("nowhere.yaml")
    return root


def outcome(report: Report) -> tuple[object, ...]:
    crashes = tuple(map(str, report.crashes))
    return report.gates, report.findings, report.files, crashes, report.bindings, report.settled


@contextlib.contextmanager
def surroundings(root):
    """Put a file beside the contracts, after which what is kept of them no longer counts."""
    file = root / "falsifiers" / "mill" / "new.py"
    file.parent.mkdir(parents=True)
    file.write_text("def f():\n    pass\n", encoding="utf-8")
    try:
        yield
    finally:
        file.unlink()
        file.parent.rmdir()


def by_session(root, crew, options=None, asked=None) -> tuple[object, ...]:
    options = options or Options()
    session = Session(Surroundings(root, contracts_of(root), options), asked=asked, crew=crew)
    report = lint(root, session.judged, options, shown=asked, keeper=session)
    session.save()
    return outcome(report)


def one_by_one(root, options=None, asked=None) -> tuple[object, ...]:
    judged = [judge_file(one.path, one.display) for one in contracts_of(root)]
    return outcome(lint(root, judged, options or Options(), shown=asked))


@pytest.fixture(scope="module")
def expected(root):
    return one_by_one(root)


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch):
    monkeypatch.setattr(incremental, "LEAST", LEAST)
    # However fast the tree was made: files that are too young to be relied on are read once more.
    monkeypatch.setattr(stamps, "SETTLED_NS", 0)


@pytest.fixture(autouse=True)
def _no_cache(root):
    _remove_cache(root)


def _remove_cache(root):
    folder = root / ".pv"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


@pytest.mark.parametrize("crew", [1, 2, 3])
def test_a_crew_reports_what_one_process_does(root, crew, expected):
    assert len(expected[1]) > len(BROKEN)
    assert {"PV-DEP-001", "PV-REF-003", "PV-REF-006", "PV-REF-007"} <= {
        finding.rule for finding in expected[1]
    }
    assert by_session(root, crew) == expected
    assert by_session(root, crew) == expected  # warm


def test_a_run_that_keeps_nothing_has_its_crew_too(root, expected, monkeypatch):
    monkeypatch.setattr(intake, "LEAST", LEAST)
    taken = intake.read_by_crew(survey([], root), Options())
    assert taken.session is not None
    report = lint(root, taken.judged, Options(), keeper=taken.session)
    taken.save()
    assert outcome(report) == expected
    assert not [one for one in (root / ".pv").rglob("*") if one.is_file()]


@pytest.mark.parametrize("name", ["sheet_of", "judged_part"])
def test_what_a_crew_can_do_is_not_done_here(root, monkeypatch, name):
    here = []
    real = getattr(incremental, name)

    def watched(*arguments):
        here.append(arguments)
        return real(*arguments)

    by_session(root, 2)
    monkeypatch.setattr(incremental, name, watched)
    with surroundings(root) if name == "judged_part" else contextlib.nullcontext():
        if name == "sheet_of":
            _remove_cache(root)
        by_session(root, 2)
    assert not here


def test_contracts_leave_nothing_for_the_garbage_collector(root):
    context = Context(AheadRegistry(root, ()), Options())
    context.prepare()

    def judged() -> None:
        for one in contracts_of(root):
            ahead.sheet_of(judge_file(one.path, one.display), "", context)

    judged()  # what is remembered from now on is there
    gc.collect()
    gc.disable()  # as in a crew: a loop would keep every contract in memory
    try:
        judged()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_strict_test_bindings_are_counted_by_a_crew_too(root):
    options = Options(strict_test_binding=True)
    assert by_session(root, 2, options) == one_by_one(root, options)


def test_files_that_are_not_asked_for_are_only_read(root, monkeypatch):
    asked = frozenset({"contracts/citing-v1.yaml"})
    expected = one_by_one(root, asked=asked)
    contexts = []
    real = ahead.sheet_of

    def watched(judged, digest, context):
        contexts.append(context)
        return real(judged, digest, context)

    monkeypatch.setattr(incremental, "sheet_of", watched)
    assert by_session(root, 1, asked=asked) == expected
    assert sum(context is not None for context in contexts) == 1


def test_contracts_in_other_surroundings_are_judged_again_by_a_crew(root, monkeypatch):
    by_session(root, 2)
    numbers = []
    real = incremental.spread

    def watched(tasks, do, crew):
        numbers.append(tasks)
        return real(tasks, do, crew)

    monkeypatch.setattr(incremental, "spread", watched)
    with surroundings(root):
        assert by_session(root, 2) == one_by_one(root)
    assert len(numbers) == 1
    assert numbers[0] > LEAST


@pytest.mark.parametrize("name", ["sheet_of", "judged_part"])
def test_files_of_a_dead_worker_are_judged_here(root, expected, monkeypatch, name):
    real = getattr(incremental, name)
    here, there = [], os.getpid()

    def deadly(*arguments):
        if os.getpid() != there:
            os.kill(os.getpid(), signal.SIGKILL)
        here.append(name)
        return real(*arguments)

    monkeypatch.setattr(incremental, name, deadly)
    assert by_session(root, 2) == expected
    if name == "judged_part":
        with surroundings(root):
            assert by_session(root, 2) == one_by_one(root)
    assert len(here) > LEAST


def test_a_rule_that_crashes_in_a_worker_is_named_as_in_one_process(root, monkeypatch):
    real = unrunnable.coverage_of

    def broken(references):
        if any(each.falsifier.startswith("FALSIFY-GEN-00017") for each in references):
            raise ZeroDivisionError("planted")
        return real(references)

    monkeypatch.setattr(unrunnable, "coverage_of", broken)
    expected = one_by_one(root)
    assert len(expected[3]) == 1
    assert "PV-SCR-001" in expected[3][0]
    assert by_session(root, 2) == expected
    assert by_session(root, 2) == expected  # not kept as sound


def test_changed_files_among_many_are_read_again(root):
    by_session(root, 2)
    path = root / "contracts" / "citing-v1.yaml"
    path.write_text(CITING.replace("nobody-v1", "nobody-v2"), encoding="utf-8")
    try:
        assert by_session(root, 2) == one_by_one(root)
    finally:
        path.write_text(CITING, encoding="utf-8")
