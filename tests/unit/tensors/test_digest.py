"""Digests are right, remembered while nothing changed, and never believed beyond that."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from pv.errors import BadInputError, MissingError
from pv.tensors import digest
from pv.tensors.digest import sha256_of_file

OLD = 1_700_000_000_000_000_000


@pytest.fixture
def settled(tmp_path, monkeypatch) -> Path:
    """A file whose time of change lies far back, as the digest's memory demands."""
    monkeypatch.setenv("PV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(digest, "_SETTLED_AFTER", -1.0)
    path = tmp_path / "model.gguf"
    path.write_bytes(b"weights")
    os.utime(path, ns=(OLD, OLD))
    return path


def memory(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "digests.json"


def lie(tmp_path: Path, path: Path, **changes: object) -> None:
    """Make the memory say that the file's digest is ff…f."""
    entries = json.loads(memory(tmp_path).read_text())
    entries[str(path)] = {**entries[str(path)], "sha256": "f" * 64, **changes}
    memory(tmp_path).write_text(json.dumps(entries))


TRUE = hashlib.sha256(b"weights").hexdigest()


def test_second_answer_comes_from_memory(settled, tmp_path):
    assert sha256_of_file(settled) == TRUE
    lie(tmp_path, settled)
    assert sha256_of_file(settled) == "f" * 64
    assert sha256_of_file(settled, afresh=True) == TRUE


@pytest.mark.parametrize("change", ["content", "time", "inode"])
def test_a_changed_file_is_hashed_again(settled, tmp_path, change):
    sha256_of_file(settled)
    lie(tmp_path, settled)
    if change == "content":
        settled.write_bytes(b"weights!")
        os.utime(settled, ns=(OLD, OLD))
    elif change == "time":
        os.utime(settled, ns=(OLD, OLD + 1))
    else:
        other = tmp_path / "other"
        other.write_bytes(b"weights")
        os.utime(other, ns=(OLD, OLD))
        other.replace(settled)
    assert sha256_of_file(settled) == hashlib.sha256(settled.read_bytes()).hexdigest()


def test_an_edit_in_place_that_puts_the_time_back_is_hashed_again(settled):
    assert sha256_of_file(settled) == TRUE
    with settled.open("r+b") as file:
        file.write(b"WEIGHTS")
    os.utime(settled, ns=(OLD, OLD))
    assert sha256_of_file(settled) == hashlib.sha256(b"WEIGHTS").hexdigest()


def test_a_file_changed_just_now_is_not_remembered(settled, tmp_path, monkeypatch):
    monkeypatch.setattr(digest, "_SETTLED_AFTER", 3600.0)
    assert sha256_of_file(settled) == TRUE
    assert not memory(tmp_path).exists()


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[",
        "[]",
        "{}",
        '{"x": 1}',
        "\xff\xfe",
        "[" * 5000,
        '{"a": {"identity": [1], "sha256": 2}}',
    ],
)
def test_a_damaged_memory_is_ignored_and_replaced(settled, tmp_path, damage):
    memory(tmp_path).parent.mkdir()
    memory(tmp_path).write_bytes(damage.encode("latin-1"))
    assert sha256_of_file(settled) == TRUE
    assert json.loads(memory(tmp_path).read_text())[str(settled)]["sha256"] == TRUE


@pytest.mark.parametrize(
    "changes",
    [{"sha256": "f" * 63}, {"sha256": "F" * 64}, {"identity": [True] * 4}, {"identity": None}],
)
def test_an_entry_of_another_shape_is_ignored(settled, tmp_path, changes):
    sha256_of_file(settled)
    lie(tmp_path, settled, **changes)
    assert sha256_of_file(settled) == TRUE


def test_a_memory_that_cannot_be_written_changes_no_answer(settled, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert sha256_of_file(settled) == TRUE


def test_the_memory_does_not_grow_without_bound(settled, tmp_path, monkeypatch):
    monkeypatch.setattr(digest, "_MOST_REMEMBERED", 3)
    for index in range(5):
        path = tmp_path / f"m{index}"
        path.write_bytes(b"x")
        sha256_of_file(path)
    kept = list(json.loads(memory(tmp_path).read_text()))
    assert kept == [str(tmp_path / f"m{index}") for index in (2, 3, 4)]


def test_a_file_that_changes_meanwhile_is_refused(settled, monkeypatch):
    original = hashlib.file_digest

    def growing(file, name):
        found = original(file, name)
        with settled.open("ab") as more:
            more.write(b"!")
        return found

    monkeypatch.setattr(digest.hashlib, "file_digest", growing)
    with pytest.raises(BadInputError, match="changed while it was hashed"):
        sha256_of_file(settled)


def test_what_is_no_file_is_refused(settled, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(BadInputError, match="expected a regular file"):
        sha256_of_file(tmp_path / "pipe")
    with pytest.raises(MissingError, match="no such model file"):
        sha256_of_file(tmp_path / "none")
