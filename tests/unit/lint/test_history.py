"""What is compared with which revision: branches, shallow clones, no main branch, no git at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pv.lint.engine import Report, lint
from pv.lint.gates import GateState
from pv.lint.intake import take
from pv.lint.options import Options
from pv.lint.rule import GateName
from pv.registry.base import Base, find_base
from tests.unit.cli.history_repository import commit, git, pv, write

FILE = "contracts/mill-v1.yaml"
BEFORE = """\
metadata: { version: 1.0.0, status: ACTIVE, created: 2026-01-01, description: one }
falsification_tests:
  - { id: F-1, expect: [ { metric: m, op: "<=", value: 1.0, reason: r } ] }
"""
AFTER = BEFORE.replace("value: 1.0", "value: 2.0")
RECEIPT = "contracts/evidence/F-1/0123456789abcdef.json"


def judged(folder: Path, base: str | None = None) -> tuple[Report, list[str]]:
    intake = take([], folder)
    report = lint(intake.root, intake.judged, Options(base=base))
    assert not report.crashes
    found = [each.rule for each in report.findings if each.rule.startswith("PV-HIS")]
    return report, found


def gate(report: Report, name: GateName = GateName.HISTORY) -> tuple[GateState, str]:
    (found,) = [each for each in report.gates if each.gate is name]
    return found.state, found.judged


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """Return a repository with a branch that has two commits of its own, and a main that moved."""
    folder = tmp_path / "origin"
    write(folder, {FILE: BEFORE})
    commit(folder, "first")
    git(folder, "checkout", "-q", "-b", "work")
    commit(folder, "limit", {FILE: AFTER})
    commit(folder, "note", {"note.txt": "n"})
    git(folder, "checkout", "-q", "main")
    commit(folder, "other", {"other.txt": "o"})
    git(folder, "checkout", "-q", "work")
    return folder


def test_a_branch_is_compared_with_where_it_began(origin: Path) -> None:
    began = git(origin, "rev-parse", "main~1")
    assert find_base(origin) == Base(began, f"main ({began[:8]})")
    report, found = judged(origin)
    assert found == ["PV-HIS-001"]
    assert gate(report) == (
        GateState.FAILED,
        f"1 contract against main ({began[:8]}), 1 change",
    )
    (message,) = [each.message for each in report.findings if each.rule in found]
    assert f"of main ({began[:8]}), expected 2.0.0" in message


def test_the_base_that_is_asked_for_is_used(origin: Path) -> None:
    report, found = judged(origin, "HEAD")
    assert (found, gate(report)) == (
        [],
        (GateState.PASSED, "1 contract against HEAD, 0 changes"),
    )
    assert judged(origin, "main")[1] == ["PV-HIS-001"]
    done = pv(origin, "lint", "--base", "nowhere")
    assert (done.returncode, done.stderr[:26]) == (2, "--base nowhere: no revisio")


def test_a_clone_without_a_local_main_takes_that_of_origin(origin: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--branch", "work", str(origin), "clone")
    began = git(origin, "rev-parse", "main~1")
    assert find_base(tmp_path / "clone") == Base(began, f"origin/main ({began[:8]})")


@pytest.mark.parametrize(
    ("options", "note"),
    [
        ((), "no main or master branch in this shallow clone"),
        (("--no-single-branch",), "no commit in common with origin/main in this shallow clone"),
    ],
)
def test_a_shallow_clone_says_what_was_not_compared(
    origin: Path, tmp_path: Path, options: tuple[str, ...], note: str
) -> None:
    where = f"file://{origin}"
    git(tmp_path, "clone", "-q", "--depth=1", "--branch", "work", *options, where, "clone")
    report, found = judged(tmp_path / "clone")
    state, words = gate(report)
    assert (found, state) == ([], GateState.PASSED)
    assert words == (
        f"1 contract against HEAD, 0 changes; {note}: only edits since HEAD were compared"
    )
    write(tmp_path / "clone", {FILE: BEFORE})
    assert judged(tmp_path / "clone")[1] == ["PV-HIS-001"]


def test_without_a_main_branch_that_is_said(origin: Path) -> None:
    git(origin, "branch", "-m", "main", "trunk")
    assert find_base(origin) == Base(
        "HEAD", "HEAD", "no main or master branch: only edits since HEAD were compared"
    )


def test_outside_git_and_before_the_first_commit_nothing_was_judged(tmp_path: Path) -> None:
    write(tmp_path, {FILE: BEFORE})
    report, found = judged(tmp_path)
    assert (found, gate(report)) == (
        [],
        (GateState.UNJUDGED, "no git repository, so no change was judged"),
    )
    git(tmp_path, "init", "-q")
    report, found = judged(tmp_path)
    assert gate(report) == (GateState.UNJUDGED, "no revision HEAD, so no change was judged")
    assert "not judged: no revision HEAD" in pv(tmp_path, "lint").stdout


def test_a_limit_committed_with_its_receipt_is_late_until_the_limit_changes(tmp_path: Path) -> None:
    commit(tmp_path, "first", {FILE: BEFORE})
    together = commit(tmp_path, "both", {FILE: AFTER, RECEIPT: "{}"})
    report, found = judged(tmp_path)
    assert found == ["PV-HIS-006"]
    late = [each for each in report.findings if each.rule == "PV-HIS-006"]
    assert f"in commit {together[:8]}: POST-HOC" in late[0].message
    commit(tmp_path, "another limit", {FILE: AFTER.replace("2.0", "3.0")})
    assert judged(tmp_path)[1] == []


def test_a_limit_committed_before_its_receipt_is_in_time(tmp_path: Path) -> None:
    commit(tmp_path, "first", {FILE: BEFORE})
    commit(tmp_path, "limit", {FILE: AFTER})
    commit(tmp_path, "receipt", {RECEIPT: "{}"})
    assert judged(tmp_path)[1] == []
    late = AFTER.replace("2.0", "3.0")
    write(tmp_path, {FILE: late})
    assert "PV-HIS-006" not in judged(tmp_path)[1]  # the receipt is older: stale, not late


def test_in_a_shallow_clone_no_order_is_concluded(tmp_path: Path) -> None:
    commit(tmp_path / "origin", "first", {FILE: BEFORE})
    commit(tmp_path / "origin", "both", {FILE: AFTER, RECEIPT: "{}"})
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{tmp_path}/origin", "clone")
    assert judged(tmp_path / "clone")[1] == []


def test_a_file_alone_is_judged_as_among_all(origin: Path) -> None:
    alone = pv(origin, "lint", FILE)
    assert "PV-HIS-001" in alone.stdout
    assert alone.returncode == 1


def test_a_hostile_configuration_starts_nothing(origin: Path) -> None:
    proof = origin.parent / "proof"
    for setting in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external"):
        git(origin, "config", setting, f"touch {proof}")
    for name in ("show-ref", "merge-base", "ls-tree", "cat-file", "rev-parse"):
        git(origin, "config", f"alias.{name}", f"!touch {proof}")
    proof.unlink(missing_ok=True)
    assert judged(origin)[1] == ["PV-HIS-001"]
    assert not proof.exists()


def test_what_is_kept_of_a_run_follows_the_base(origin: Path) -> None:
    assert "PV-HIS-001" in pv(origin, "lint").stdout
    git(origin, "branch", "-m", "main", "trunk")
    assert "PV-HIS-001" not in pv(origin, "lint").stdout
    git(origin, "branch", "-m", "trunk", "main")
    assert "PV-HIS-001" in pv(origin, "lint").stdout
