"""A file is replaced whole or not at all, and what harms a reader is escaped in one place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pv.escape import bounded, escape
from pv.files import replace_file


def test_a_new_file_and_a_replaced_one_have_their_permissions(tmp_path: Path) -> None:
    path = tmp_path / "a"
    replace_file(path, b"one")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"one", 0o644)
    path.chmod(0o640)
    replace_file(path, b"two")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"two", 0o640)
    replace_file(path, b"three", mode=0o600)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"three", 0o600)
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_what_fails_on_the_way_leaves_the_old_file_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(OSError, match="No space"):
        replace_file(path, b"new")
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a"]


def test_without_its_folder_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        replace_file(tmp_path / "gone" / "a", b"new")
    assert list(tmp_path.iterdir()) == []


def test_harmful_characters_are_escaped_but_for_those_to_keep() -> None:
    text = "a\x1b[2J\u202eb\n\tc\u200b"
    assert escape(text) == "a\\x1b[2J\\u202eb\\x0a\\x09c\\u200b"
    assert escape(text, keep="\n\t") == "a\\x1b[2J\\u202eb\n\tc\\u200b"


def test_a_long_text_is_cut_with_how_much_of_it() -> None:
    assert bounded("x" * 600) == "x" * 600
    assert bounded("x" * 1601) == "x" * 600 + "… (1,001 characters more)"
