"""Files of a git revision: what they held, and a reason where nothing could be read."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from pv.registry.revision import Revision, digest_like, digests_in, read_revision

GIT = shutil.which("git") or "git"


def git(folder: Path, *arguments: str) -> None:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run([GIT, "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "inner" / "contracts").mkdir(parents=True)
    (tmp_path / "inner" / "contracts" / "é v1.yaml").write_bytes(b"one: \xc3\xa9\n")
    (tmp_path / "inner" / "contracts" / "empty.yaml").write_bytes(b"")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    git(tmp_path, "tag", "first")
    (tmp_path / "inner" / "contracts" / "é v1.yaml").write_text("two\n", encoding="utf-8")
    git(tmp_path, "commit", "-q", "-am", "two")
    return tmp_path / "inner"


def test_texts_are_those_of_the_revision_and_not_of_the_disk(repository: Path) -> None:
    (repository / "contracts" / "é v1.yaml").write_text("three\n", encoding="utf-8")
    names = ["contracts/é v1.yaml", "contracts/empty.yaml", "contracts/new.yaml", "contracts"]
    assert read_revision(repository, "HEAD", names) == Revision(
        "HEAD", {"contracts/é v1.yaml": "two\n", "contracts/empty.yaml": ""}
    )
    assert read_revision(repository, "first", names).texts["contracts/é v1.yaml"] == "one: é\n"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nowhere", "no revision nowhere"),
        ("", "'' is no name of a revision"),
        ("--help", "'--help' is no name of a revision"),
        ("HEAD:contracts", "'HEAD:contracts' is no name of a revision"),
        ("HEAD\nfirst", "'HEAD\\nfirst' is no name of a revision"),
    ],
)
def test_what_is_no_revision_is_a_reason(repository: Path, name: str, problem: str) -> None:
    assert read_revision(repository, name, ["contracts/empty.yaml"]) == Revision(
        name, problem=problem
    )


def test_no_repository_and_no_commit_are_reasons(tmp_path: Path) -> None:
    assert read_revision(tmp_path, "HEAD", []).problem == "no git repository"
    git(tmp_path, "init", "-q")
    assert read_revision(tmp_path, "HEAD", []).problem == "no revision HEAD"


def test_no_git_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_revision(tmp_path, "HEAD", []).problem == "git is not installed"


def test_a_hostile_configuration_starts_nothing(repository: Path) -> None:
    proof = repository.parent / "proof"
    for setting in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external"):
        git(repository, "config", setting, f"touch {proof}")
    git(repository, "config", "alias.cat-file", f"!touch {proof}")
    proof.unlink(missing_ok=True)  # git itself may have run one of them above
    assert read_revision(repository, "HEAD", ["contracts/empty.yaml"]).problem == ""
    assert not proof.exists()


@pytest.mark.parametrize("name", ["HEAD", "first"])
def test_digests_are_those_of_the_texts(repository, name):
    names = [
        *read_revision(repository, "HEAD", ()).texts,
        "contracts/é v1.yaml",
        "no blob 3",
        "a\nb",
    ]
    digests = digests_in(repository, name, names)
    texts = read_revision(repository, name, names).texts
    assert digests
    assert {
        file: digest_like(digests[file], text.encode()) for file, text in texts.items()
    } == digests


def test_digests_follow_the_algorithm_of_the_repository():
    assert digest_like("0" * 40, b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert digest_like("0" * 64, b"").startswith("473a0f4c3be8a936")


def test_no_digests_where_nothing_can_be_read(tmp_path, repository):
    assert digests_in(tmp_path, "HEAD", ["contracts/empty.yaml"]) == {}
    assert digests_in(repository, "nowhere", ["contracts/empty.yaml"]) == {}
    assert digests_in(repository, "--all", ["contracts/empty.yaml"]) == {}
    assert digests_in(repository, "HEAD", []) == {}
