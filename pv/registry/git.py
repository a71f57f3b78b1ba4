"""Reading questions to git, by argument list; a repository's own settings start nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NOT_RUN: Final = -1
_SECONDS: Final = 20
_CONFIG: Final = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.quotePath=false",
    "log.showSignature=false",
    "protocol.allow=never",
)
"""Settings that keep a foreign repository's configuration from starting programs."""


_KEPT: Final = ("PATH", "HOME", "XDG_CONFIG_HOME", "TMPDIR")


@dataclass(frozen=True, slots=True)
class Answer:
    """What git printed; `problem` says why there is no answer, in a line."""

    output: bytes = b""
    problem: str = ""
    code: int = 0
    """Exit code of git, `NOT_RUN` where it could not be run."""

    @property
    def text(self) -> str:
        """Return the output as text; what is no UTF-8 is replaced."""
        return self.output.decode(errors="replace")

    @property
    def fields(self) -> list[str]:
        """Return the fields of an output that was asked for with `-z`."""
        return [one for one in self.text.split("\0") if one]


def ask(root: Path, *arguments: str, standard_input: bytes = b"") -> Answer:
    """Ask git a reading question about the repository around `root`."""
    git = shutil.which("git")
    if git is None:
        return Answer(problem="git is not installed", code=NOT_RUN)
    settings = [part for setting in _CONFIG for part in ("-c", setting)]
    try:
        done = subprocess.run(
            [git, "--no-pager", "-C", str(root), *settings, *arguments],
            input=standard_input,
            capture_output=True,
            env=_environment(),
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Answer(problem=f"git could not be run: {type(error).__name__}", code=NOT_RUN)
    if done.returncode:
        return Answer(done.stdout, _first_line(done.stderr), done.returncode)
    return Answer(done.stdout)


def name_problem(name: str) -> str:
    """Return why a text cannot be the name of a revision; empty where it can."""
    if not name or name.startswith("-") or any(c.isspace() or c in ":\x00" for c in name):
        return f"{name!r} is no name of a revision"
    return ""


def _environment() -> dict[str, str]:
    """Return an environment in which nothing leads git to another repository or another history.

    Settings of machine and user stay: they say whose repositories are trusted (`safe.directory`),
    often by `GIT_CONFIG_COUNT` in containers. Those of `_CONFIG` win over them.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _KEPT or name.startswith("GIT_CONFIG")
    }
    return kept | {
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",  # a history is what its commits say, not what replaces them
        "GIT_GRAFT_FILE": os.devnull,
        "LC_ALL": "C",
    }


def _first_line(message: bytes) -> str:
    text = message.decode(errors="replace").strip().splitlines()
    first = text[0].removeprefix("fatal: ") if text else "git failed"
    return "no git repository" if first.startswith("not a git repository") else first
