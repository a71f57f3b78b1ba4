"""What git knows of a registry, as a text: another history, or more of it, is another text."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pv.registry.git import Answer, ask

_ASKED: Final = ("--git-dir", "--show-prefix", "--is-shallow-repository", "--all", "HEAD")


def known(root: Path, *revisions: str) -> str:
    """Return where every reference and some revisions are, how far history reaches, or why not."""
    told = ask(root, "rev-parse", *_ASKED, *revisions)
    return "\0".join((str(told.code), told.text, told.problem, depth(root, told)))


def depth(root: Path, told: Answer) -> str:
    """Return where the history of a shallow clone ends: more of it moves no reference.

    `told` is an answer to `--is-shallow-repository`. Grafts and replaced commits, which end or
    lengthen a history too, are none to `ask`.
    """
    if "\ntrue\n" not in told.text:
        return ""
    place = ask(root, "rev-parse", "--git-path", "shallow").text.strip()
    try:
        return (root / place).read_text(errors="replace")
    except OSError as error:
        return str(error.errno)
