"""When a question stood first, asked of git: one that came with its result proves little.

A question is limits, parameters and controls together: each can be chosen so that it is met.

Nothing here writes. Where there is no repository, or its history begins with the file in question
(a shallow clone, a fresh import), order is not known and nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final

from pv.errors import BadInputError
from pv.evidence.answers import doubtful
from pv.evidence.canonical import question_digest
from pv.evidence.folders import REGISTRY
from pv.model.contract import Contract, Falsifier
from pv.registry.git import NOT_RUN, ask
from pv.yamlfile.decode import decode
from pv.yamlfile.read import read_text

_UNQUOTED: Final = re.compile(r"[A-Za-z0-9_./ -]+")
"""File names that git prints as they are."""


class History:
    """The history of one registry as it is now; what was asked once is remembered."""

    def __init__(self, root: Path) -> None:
        self.trouble = False
        """Whether git did not answer once: what follows from that is not to be kept."""
        self._root = root
        self._limits: dict[tuple[str, str], Mapping[str, str]] = {}
        self._parents: dict[str, str | None] = {}
        self._commits: dict[str, list[str]] = {}

    def expect_commit(self, contract: Contract, falsifier: Falsifier) -> str | None:
        """Return the commit since which the present question of a falsifier stands unchanged.

        None where the question on disk is not that of HEAD, or nothing is committed.
        """
        wanted = _asked(falsifier)
        first: str | None = None
        file = contract.file
        if file not in self._commits:
            self._commits[file] = self._git("log", "--format=%H", "--", file).split()
        for commit in self._commits[file]:
            if self._limits_at(commit, contract.file).get(falsifier.id) != wanted:
                break
            first = commit
        return first

    def added(self, receipt: str) -> str | None:
        """Return the commit that added a receipt; None where it is not committed."""
        return self._added.get(receipt)

    def additions(self, falsifier: str) -> str:
        """Return a text that tells which commits added which receipts of a falsifier."""
        return "\n".join(self._additions.get(falsifier, ()))

    @cached_property
    def _additions(self) -> Mapping[str, list[str]]:
        found: dict[str, list[str]] = {}
        for receipt, commit in self._added.items():
            folder, _, name = receipt.rpartition("/")
            found.setdefault(folder.rpartition("/")[2], []).append(f"{name} {commit}")
        return found

    def came_with_its_limits(self, contract: Contract, receipt: str) -> bool:
        """Whether the commit that added a receipt is the one that brought its question.

        Such a receipt is post-hoc whatever it says of itself. A commit without a parent shows no
        order and accuses nobody: there, what the receipt recorded counts.
        """
        commit = self._added.get(receipt)
        parent = self._parents.get(commit) if commit else None
        if commit is None or parent is None:
            return False
        if not self._may_have_touched(commit, contract.file):
            return False
        falsifier = PurePosixPath(receipt).parent.name
        before = self._limits_at(parent, contract.file).get(falsifier)
        return before != self._limits_at(commit, contract.file).get(falsifier)

    def brought_together(
        self, contract: Contract, falsifier: Falsifier, receipt: str
    ) -> str | None:
        """Return the commit that brought a receipt together with the present question.

        It is empty where both are not committed yet, and None where one was there first, or where
        order is not known.
        """
        commit = self._added.get(receipt)
        if commit is None:
            return "" if self.expect_commit(contract, falsifier) is None and self._tracked else None
        if not self.came_with_its_limits(contract, receipt):
            return None
        present = _asked(falsifier)
        then = self._limits_at(commit, contract.file).get(falsifier.id)
        return commit if then == present else None

    @cached_property
    def _tracked(self) -> bool:
        """Whether there is a commit at all, so that order can be asked for."""
        return bool(self._git("rev-parse", "--verify", "--quiet", "HEAD"))

    @property
    def _added(self) -> Mapping[str, str]:
        """Return receipt path to the commit that added it, for all committed receipts."""
        return self._log[0]

    def _may_have_touched(self, commit: str, file: str) -> bool:
        """Whether a commit may have changed a contract: False spares reading it twice from git."""
        named_as_it_is = file.startswith(f"{REGISTRY[0]}/") and _UNQUOTED.fullmatch(file)
        return not named_as_it_is or file in self._log[1].get(commit, frozenset())

    @cached_property
    def _log(self) -> tuple[Mapping[str, str], Mapping[str, set[str]]]:
        """Return receipt to the commit that added it, and commit to the contracts it changed."""
        added: dict[str, str] = {}
        touched: dict[str, set[str]] = {}
        if not self._root.joinpath(*REGISTRY).is_dir():
            return added, touched
        commit, receipts = "", f"{'/'.join(REGISTRY)}/"
        options = ("--relative", "--name-status", "--no-renames", "--format=>%H %P")
        for line in self._git("log", *options, "--", REGISTRY[0]).splitlines():
            kind, _, name = line.partition("\t")
            if line.startswith(">"):
                commit, *parents = line[1:].split()
                self._parents[commit] = next(iter(parents), None)
            elif not name.startswith(receipts):
                touched.setdefault(commit, set()).add(name)
            elif kind == "A":
                added[name] = commit
        return added, touched

    def _limits_at(self, commit: str, file: str) -> Mapping[str, str]:
        """Return falsifier id to digest of its question, as a file stood in a commit."""
        key = (commit, file)
        if key not in self._limits:
            contract = decode(
                read_text(self._git("cat-file", "blob", f"{commit}:./{file}"), file)
            ).contract
            entries = contract.falsifiers if contract else ()
            self._limits[key] = {each.id: _asked(each) for each in entries}
        return self._limits[key]

    def _git(self, *arguments: str) -> str:
        """Return what a reading git command prints; nothing where it fails or there is no git."""
        answer = ask(self._root, *arguments)
        if answer.code == NOT_RUN:
            self.trouble = True
            doubtful()  # the next run may be told more
        return "" if answer.problem else answer.text


def _asked(falsifier: Falsifier) -> str:
    """Return the digest of a question; what has no canonical form is no question, and no equal."""
    try:
        return question_digest(falsifier)
    except BadInputError:
        return ""
