"""Answers of whole commands: recalled only where nothing that they rest on is another now."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from pv import stamps
from pv.cli.main import app
from pv.evidence.answers import Answer, Answers, doubt
from pv.evidence.history import History
from pv.evidence.receipt import write_receipt


@pytest.fixture(autouse=True)
def _old(monkeypatch):
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))


@pytest.fixture
def registry(home, make_outcome):
    home.start()
    home.commit("the question")
    home.record = lambda headline, record=True: write_receipt(
        home.root,
        home.contract,
        home.falsifier,
        make_outcome(
            sources={"falsifiers/toy.py": hashlib.sha256(home.harness.read_bytes()).hexdigest()},
            headline=headline,
            model=None,
        ),
        "c" * 40,
        record=record,
    )
    home.record("growth 1 <= 2")
    return home


def pv(home, *words):
    return CliRunner().invoke(app, [*words, "--root", str(home.root)])


def recalled(home):
    return Answers(home.root, ("status",)).recall()


def first_receipt(home):
    return next((home.root / "contracts/evidence").rglob("*.json"))


def rewrite(path):
    path.write_bytes(path.read_bytes())


def keep_times(path):
    """Change a file and set its times back, as one does who wants it to go unnoticed."""
    before = path.stat()
    data = path.read_bytes()
    path.write_bytes(data.replace(b"growth 1", b"growth 0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES = {
    "a contract": lambda home: rewrite(home.file),
    "a new contract": lambda home: (home.root / "contracts/x-v1.yaml").write_text("a: 1"),
    "a source": lambda home: rewrite(home.harness),
    "a new receipt": lambda home: home.record("another"),
    "a local receipt": lambda home: home.record("another", record=False),
    "a receipt gone": lambda home: first_receipt(home).unlink(),
    "a receipt with its times set back": lambda home: keep_times(first_receipt(home)),
    "a commit": lambda home: home.commit("the answer"),
    "a branch": lambda home: home.git("branch", "other"),
    "a setting": lambda home: (home.root / "pv.toml").write_text(""),
    "a vocabulary": lambda home: (home.root / "schemas").mkdir(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_answer_is_forgotten_with_everything_that_it_rests_on(change, registry):
    Answers(registry.root, ("status",)).keep(Answer("said", 1))
    assert recalled(registry) == Answer("said", 1)
    assert Answers(registry.root, ("ship",)).recall() is None
    change(registry)
    assert recalled(registry) is None


def test_what_is_young_out_of_sight_or_damaged_is_not_believed(registry, monkeypatch):
    answers = Answers(registry.root, ("status",))
    doubt("falsifiers/toy.py")
    answers.keep(Answer("said", 0))
    assert recalled(registry)
    for place in (".hidden/test.py", "target/debug/x", "/etc/passwd", "../x.py"):
        answers = Answers(registry.root, ("other",))
        doubt(place)
        answers.keep(Answer("said", 0))
        assert Answers(registry.root, ("other",)).recall() is None, place
    path = registry.root / ".pv/answers-1.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE answers SET code = 1")
    connection.close()
    assert recalled(registry) is None
    Answers(registry.root, ("status",)).keep(Answer("said", 0))
    assert recalled(registry)
    monkeypatch.setattr(stamps, "SETTLED_NS", 10**18)
    assert Answers(registry.root, ("status",)).key == ""
    assert recalled(registry) is None


def test_a_link_that_leads_out_is_never_taken_for_known(registry, tmp_path_factory):
    place = tmp_path_factory.mktemp("elsewhere")
    inner = registry.root / "inner"
    inner.symlink_to(registry.root / "falsifiers")
    assert Answers(registry.root, ("x",)).key
    (registry.root / "outer").symlink_to(place)
    assert not Answers(registry.root, ("x",)).key


def test_more_history_of_a_shallow_clone_is_another_question(registry, tmp_path_factory):
    registry.commit("one")
    (registry.root / "README").write_text("two")
    registry.commit("two")
    place = tmp_path_factory.mktemp("clones") / "shallow"
    registry.git("clone", "-q", "--depth=1", registry.root.as_uri(), str(place))
    before = Answers(place, ("status",)).key
    assert before == Answers(place, ("status",)).key
    subprocess.run(
        ["git", "-C", str(place), "fetch", "-q", "--deepen=1"],  # noqa: S607 - found on PATH
        check=True,
    )
    assert before != Answers(place, ("status",)).key


def test_order_is_asked_of_the_registrys_own_repository(registry, monkeypatch, tmp_path):
    first = History(registry.root).expect_commit(registry.contract, registry.falsifier)
    assert first
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    again = History(registry.root).expect_commit(registry.contract, registry.falsifier)
    assert again == first


def test_an_answer_for_which_git_could_not_be_asked_is_not_kept(registry, monkeypatch):
    answers = Answers(registry.root, ("status",))
    assert answers.key
    monkeypatch.setenv("PATH", "")
    History(registry.root).expect_commit(registry.contract, registry.falsifier)
    answers.keep(Answer("said", 0))
    monkeypatch.undo()
    monkeypatch.setattr(stamps, "SETTLED_NS", -(10**18))
    assert recalled(registry) is None


COMMANDS = [("status",), ("status", "--format", "json"), ("ship",), ("ship", "--format", "json")]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_says_the_same_from_memory(words, registry, monkeypatch):
    first = pv(registry, *words)
    read = []
    monkeypatch.setattr("pv.evidence.derive.contracts_of", lambda root: read.append(root) or ())
    again = pv(registry, *words)
    assert (again.output, again.exit_code) == (first.output, first.exit_code)
    assert read == []
    rewrite(registry.file)
    pv(registry, *words)
    assert read


def test_a_report_says_the_same_from_memory_and_leaves_the_file_alone(registry, monkeypatch):
    target = registry.root / ".pv/report/index.html"
    first = pv(registry, "report")
    assert first.exit_code == 0, first.exception
    text, stamp = target.read_bytes(), stamps.stamp_of(str(target))
    monkeypatch.setattr("pv.report.page.content", None)
    again = pv(registry, "report")
    assert (again.output, target.read_bytes()) == (first.output, text)
    assert stamps.stamp_of(str(target)) == stamp
    target.unlink()
    pv(registry, "report")
    assert target.read_bytes() == text


def test_a_revision_by_name_is_asked_each_time(registry):
    registry.commit("the answer")
    pv(registry, "ship", "--at", "HEAD")
    assert not (registry.root / ".pv/answers-1.sqlite").exists()


def test_another_version_of_a_library_is_another_program(tmp_path, monkeypatch):
    place = tmp_path / "site-packages"
    place.mkdir()
    monkeypatch.setattr("sys.path", [*sys.path, str(place)])
    found = []
    for version in ("1.0", "1.1", "1.1"):
        (place / f"reader-{version}.dist-info").mkdir(exist_ok=True)
        found.append(stamps.tool_digest.__wrapped__())
        (place / f"reader-{version}.dist-info").rmdir()
    assert found[0] != found[1] == found[2]
