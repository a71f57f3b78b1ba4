"""Contracts as they stood in a git revision, read with one git process that runs nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_SECONDS = 20
_CONFIG = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.pager=cat",
    "core.quotePath=false",
    "protocol.allow=never",
)
"""Settings that keep a foreign repository's configuration from starting programs."""


@dataclass(frozen=True, slots=True)
class Revision:
    """The texts of files in a revision.

    `problem` says why none could be read; then nothing was compared, which is not the same as
    nothing having changed.
    """

    name: str
    texts: Mapping[str, str] = field(default_factory=dict)
    """File to text; a file that the revision does not have is not in it."""
    problem: str = ""


def read_revision(root: Path, name: str, files: Iterable[str]) -> Revision:
    """Return the texts of `files` (relative to `root`) as they stand in revision `name`."""
    git = shutil.which("git")
    if git is None:
        return Revision(name, problem="git is not installed")
    if not name or name.startswith("-") or any(c.isspace() or c in ":\x00" for c in name):
        return Revision(name, problem=f"{name!r} is no name of a revision")
    asked = [file for file in files if "\n" not in file]
    lines = [f"{name}^{{commit}}", *(f"{name}:./{file}" for file in asked)]
    try:
        done = subprocess.run(
            _arguments(git, root),
            input="\n".join(lines).encode() + b"\n",
            capture_output=True,
            env=_environment(),
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Revision(name, problem=f"git could not be run: {type(error).__name__}")
    if done.returncode:
        return Revision(name, problem=_first_line(done.stderr))
    return _answers(name, asked, done.stdout)


def _arguments(git: str, root: Path) -> list[str]:
    settings = [part for setting in _CONFIG for part in ("-c", setting)]
    return [git, "--no-pager", "-C", str(root), *settings, "cat-file", "--batch"]


def _environment() -> dict[str, str]:
    """Return an environment in which git reads no configuration but the repository's own."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return kept | {
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_LAZY_FETCH": "1",
        "LC_ALL": "C",
    }


def _first_line(message: bytes) -> str:
    text = message.decode(errors="replace").strip().splitlines()
    first = text[0].removeprefix("fatal: ") if text else "git failed"
    return "no git repository" if first.startswith("not a git repository") else first


def _answers(name: str, asked: list[str], output: bytes) -> Revision:
    """Read the answers of `cat-file --batch`: a header, its bytes, and a line end for each."""
    texts: dict[str, str] = {}
    position = 0
    for file in (None, *asked):
        end = output.find(b"\n", position)
        if end < 0:
            return Revision(name, problem="git ended before it had answered")
        header = output[position:end].decode(errors="replace").split(" ")
        position = end + 1
        size = header[-1]
        if len(header) != 3 or not size.isdigit():
            if file is None:
                return Revision(name, problem=f"no revision {name}")
            continue
        body = output[position : position + int(size)]
        position += int(size) + 1
        if file is not None and header[1] == "blob":
            texts[file] = body.decode(errors="replace")
    return Revision(name, texts)
