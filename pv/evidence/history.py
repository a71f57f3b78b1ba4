"""When a limit stood first, asked of git: a limit that came with its result proves little.

Nothing here writes. Where there is no repository, or its history begins with the file in question
(a shallow clone, a fresh import), order is not known and the answer is None.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

from pv.evidence.canonical import expect_digest
from pv.model.contract import Contract, Falsifier
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

_TIMEOUT: Final = 20


def git(root: Path, *arguments: str) -> bytes | None:
    """Return what a reading git command prints, None where it fails or there is no git."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", "-C", str(root), *arguments],  # noqa: S607 - found on PATH
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def expect_commit(root: Path, contract: Contract, falsifier: Falsifier) -> str | None:
    """Return the commit since which the present limits of a falsifier stand unchanged.

    None where the limits on disk are not those of HEAD, or nothing is committed.
    """
    wanted = expect_digest(falsifier.expect)
    listed = git(root, "log", "--format=%H", "--", contract.file)
    first: str | None = None
    for commit in (listed or b"").decode().split():
        if expect_at(root, commit, contract.file, falsifier.id) != wanted:
            break
        first = commit
    return first


def expect_at(root: Path, commit: str, file: str, falsifier: str) -> str | None:
    """Return the digest of a falsifier's limits in a commit, None where it does not stand there."""
    return _expectations(root, commit, file).get(falsifier)


@lru_cache(maxsize=256)
def _expectations(root: Path, commit: str, file: str) -> Mapping[str, str]:
    """Return falsifier id to digest of its limits, as a file stood in a commit."""
    text = git(root, "show", f"{commit}:./{file}")
    contract = decode(read_text(text, file)).contract if text is not None else None
    return {each.id: expect_digest(each.expect) for each in contract.falsifiers} if contract else {}


def added_together(
    root: Path, contract: Contract, falsifiers: Sequence[Falsifier]
) -> frozenset[str]:
    """Return the paths of receipts that came in the very commit that brought the limits.

    Such a receipt is post-hoc whatever it says of itself. A commit without a parent shows no order
    and accuses nobody: there, what the receipt recorded counts.
    """
    adding = _adding_commits(root, [each.id for each in falsifiers])
    return frozenset(
        path
        for path, commit in adding.items()
        if _brought_limits(root, commit, contract.file, Path(path).parent.name)
    )


def _brought_limits(root: Path, commit: str, file: str, falsifier: str) -> bool:
    parent = _parent(root, commit)
    if parent is None:
        return False
    return expect_at(root, parent, file, falsifier) != expect_at(root, commit, file, falsifier)


@lru_cache(maxsize=256)
def _parent(root: Path, commit: str) -> str | None:
    found = git(root, "rev-parse", "--verify", "--quiet", f"{commit}^")
    return found.decode().strip() if found else None


def _adding_commits(root: Path, falsifiers: Sequence[str]) -> dict[str, str]:
    """Return receipt path to the commit that added it, for committed receipts."""
    folders = [f"contracts/evidence/{each}" for each in falsifiers]
    present = [each for each in folders if (root / each).is_dir()]
    if not present:
        return {}
    listed = git(
        root, "log", "--diff-filter=A", "--relative", "--name-only", "--format=>%H", "--", *present
    )
    commits: dict[str, str] = {}
    commit = ""
    for line in (listed or b"").decode().splitlines():
        if line.startswith(">"):
            commit = line[1:]
        elif line:
            commits[line] = commit
    return commits
