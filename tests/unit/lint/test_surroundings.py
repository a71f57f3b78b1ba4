"""What lint remembers is asked again when git knows another history, or more of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pv.lint.options import Options
from pv.lint.surroundings import Surroundings
from pv.registry.discover import contracts_of
from pv.registry.git import ask
from pv.registry.known import known


def git(root: Path, *arguments: str) -> str:
    settings = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    command = ["git", "-C", str(root), *settings, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def three(tmp_path: Path) -> Path:
    root = tmp_path / "three"
    (root / "contracts").mkdir(parents=True)
    git(root, "init", "-q")
    for number in range(3):
        (root / "contracts" / "a.yaml").write_text(f"# {number}\n")
        git(root, "add", "-A")
        git(root, "commit", "-q", "-m", str(number))
    return root


def digest(root: Path) -> str:
    return Surroundings(root, contracts_of(root), Options()).digest


def seen(root: Path) -> tuple[str, str]:
    return digest(root), known(root)


def commits(root: Path) -> list[str]:
    return ask(root, "log", "--format=%H").text.split()


def test_more_of_a_shallow_history_is_another_surrounding(three: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", three.as_uri(), str(clone))
    looks = [seen(clone)]
    assert seen(clone) == looks[0]
    for more in ("--deepen=1", "--unshallow"):
        git(clone, "fetch", "-q", more)
        looks.append(seen(clone))
    for each in zip(*looks, strict=True):
        assert len(set(each)) == 3


def test_grafts_and_replaced_commits_are_no_history(three: Path) -> None:
    before = commits(three)
    last, _, first = before
    git(three, "replace", "--graft", last, first)
    assert git(three, "log", "--format=%H").split() == [last, first]
    assert commits(three) == before
    git(three, "replace", "-d", last)
    (three / ".git" / "info").mkdir(exist_ok=True)
    (three / ".git" / "info" / "grafts").write_text(f"{last}{os.linesep}")
    assert git(three, "log", "--format=%H").split() == [last]
    assert commits(three) == before


def test_a_new_commit_and_no_repository_are_other_surroundings(three: Path) -> None:
    before = seen(three)
    git(three, "commit", "-q", "--allow-empty", "-m", "more")
    after = seen(three)
    assert before[0] != after[0]
    assert before[1] != after[1]
    (three / ".git").rename(three / ".gone")
    assert known(three) not in (before[1], after[1])
