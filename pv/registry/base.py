"""The revision that changes are judged against: the one asked for, or where a branch began."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pv.registry.git import ask

_MAIN: Final = ("heads/main", "heads/master", "remotes/origin/main", "remotes/origin/master")
"""Branches that are taken for the main one, the first that exists."""


@dataclass(frozen=True, slots=True)
class Base:
    """A revision to compare with."""

    revision: str
    """What git is asked for."""
    name: str
    """What people read."""
    note: str = ""
    """What is not judged because no better revision was found; empty where nothing is lost."""


def find_base(root: Path, asked: str | None = None) -> Base:
    """Return the revision asked for, else the merge base of HEAD with the main branch.

    On the main branch itself, without one, or where history is cut off, that is HEAD; the note
    then says what was not compared. Outside git it is HEAD too: reading it tells why.
    """
    if asked is not None:
        return Base(asked, asked)
    listed = ask(root, "show-ref", "--head")
    known = {name: commit for commit, _, name in map(_parts, listed.text.splitlines())}
    head = known.get("HEAD")
    if head is None:
        return Base("HEAD", "HEAD")
    main = next((name for name in _MAIN if f"refs/{name}" in known), None)
    if main is None:
        lost = f"no main or master branch{_shallow(root)}: only edits since HEAD were compared"
        return Base("HEAD", "HEAD", lost)
    if known[f"refs/{main}"] == head:
        return Base("HEAD", "HEAD")
    short = main.partition("/")[2]
    answer = ask(root, "merge-base", head, known[f"refs/{main}"])
    commit = answer.text.strip()
    if not commit:
        lost = f"no commit in common with {short}{_shallow(root)}: only edits since HEAD were"
        return Base("HEAD", "HEAD", f"{lost} compared")
    return Base("HEAD", "HEAD") if commit == head else Base(commit, f"{short} ({commit[:8]})")


def is_shallow(root: Path) -> bool:
    """Whether the history of a repository is cut off."""
    return ask(root, "rev-parse", "--is-shallow-repository").text.strip() == "true"


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


def _shallow(root: Path) -> str:
    return " in this shallow clone" if is_shallow(root) else ""
