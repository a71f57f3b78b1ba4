"""The one door to git: settings that say whom to trust come through it, and no more."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pv.registry.git import ask

GIT = shutil.which("git") or "git"
ANOTHER = 4321
"""A user id that is not that of the test."""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    (tmp_path / "é").write_text("x")
    for words in (["init", "-q"], ["add", "-A"], [*who, "commit", "-qm", "one"]):
        subprocess.run([GIT, "-C", str(tmp_path), *words], check=True)
    return tmp_path


def configure(monkeypatch: pytest.MonkeyPatch, *pairs: tuple[str, str]) -> None:
    """Set configuration by the environment, as containers do."""
    monkeypatch.setenv("GIT_CONFIG_COUNT", str(len(pairs)))
    for number, (key, value) in enumerate(pairs):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)


def test_settings_of_the_environment_count_and_ours_win(repository, monkeypatch):
    configure(monkeypatch, ("core.abbrev", "13"), ("core.quotePath", "true"))
    assert len(ask(repository, "rev-parse", "--short", "HEAD").text.strip()) == 13
    assert ask(repository, "ls-files").text == "é\n"


def test_another_repository_is_not_asked(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "no index"))
    assert ask(repository, "ls-files").text == "é\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_repository_of_another_user_is_read_where_it_is_trusted(repository, monkeypatch):
    for path in (repository, *repository.rglob("*")):
        os.chown(path, ANOTHER, ANOTHER)
    assert "dubious ownership" in ask(repository, "rev-parse", "HEAD").problem
    configure(monkeypatch, ("safe.directory", str(repository)))
    assert ask(repository, "rev-parse", "HEAD").problem == ""
