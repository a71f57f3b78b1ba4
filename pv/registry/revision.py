"""Contracts as they stood in a git revision, read with one git process that runs nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pv.registry.discover import EVIDENCE, SUFFIXES
from pv.registry.git import ask, name_problem

_DIGEST = re.compile(r"([0-9a-f]{40,64}) blob \d+")
_LONG = 64
"""Hexadecimal digits of a SHA-256."""


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
    if problem := name_problem(name):
        return Revision(name, problem=problem)
    asked = [file for file in files if "\n" not in file]
    lines = [f"{name}^{{commit}}", *(f"{name}:./{file}" for file in asked)]
    wanted = "\n".join(lines).encode(errors="replace") + b"\n"
    answer = ask(root, "cat-file", "--batch", standard_input=wanted)
    if answer.problem:
        return Revision(name, problem=answer.problem)
    return _answers(name, asked, answer.output)


def digests_in(root: Path, name: str, files: Iterable[str]) -> Mapping[str, str]:
    """Return git's digests of `files` as they stand in revision `name`; see `digest_like`.

    A file that the revision does not have is not in it; empty where the revision cannot be read.
    """
    asked = [file for file in files if "\n" not in file]
    if not asked or name_problem(name):
        return {}
    lines = [f"{name}:./{file}" for file in asked]
    wanted = "\n".join(lines).encode(errors="replace") + b"\n"
    answer = ask(root, "cat-file", "--batch-check", standard_input=wanted)
    if answer.problem:
        return {}
    found = (_DIGEST.fullmatch(line) for line in answer.text.split("\n"))
    return {file: match[1] for file, match in zip(asked, found, strict=False) if match}


def digest_like(digest: str, data: bytes) -> str:
    """Return git's digest of a content, by the algorithm of another one: SHA-1 or SHA-256."""
    new = hashlib.sha256 if len(digest) == _LONG else hashlib.sha1
    return new(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def contracts_in(root: Path, name: str) -> tuple[str, ...]:
    """Return the contract files of revision `name`, relative to `root` and sorted.

    Empty where the revision has none or cannot be read.
    """
    if name_problem(name):
        return ()
    answer = ask(root, "ls-tree", "-r", "-z", "--name-only", name, "--", "contracts")
    if answer.problem:
        return ()
    return tuple(sorted(file for file in answer.fields if _is_contract(file)))


def receipts_in(root: Path, name: str) -> tuple[str, ...]:
    """Return the receipts of revision `name`, relative to `root` and sorted.

    Empty where the revision has none or cannot be read.
    """
    if name_problem(name):
        return ()
    folder = f"contracts/{EVIDENCE}"
    answer = ask(root, "ls-tree", "-r", "-z", "--name-only", name, "--", folder)
    if answer.problem:
        return ()
    return tuple(sorted(file for file in answer.fields if file.endswith(".json")))


def _is_contract(file: str) -> bool:
    """Whether a file of a revision is one that would be found on disk."""
    *folders, _ = file.split("/")
    hidden = any(one.startswith(".") or one == EVIDENCE for one in folders)
    return file.endswith(SUFFIXES) and not hidden


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
