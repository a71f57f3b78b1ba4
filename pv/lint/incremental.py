"""Lint that reads only what changed: the rest is taken from the cache, cross-file rules from facts.

A file is read again where its stamp and then its content differ; the rules run again over a
contract where its content, the facts of the registry or anything else they look at differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pv.lint.cache import Cache, Kept, digest_of, stamp_of
from pv.lint.context import Context
from pv.lint.engine import Keeper, Part, judge_contract, judge_registry
from pv.lint.kept import Facts, KeptJudged, KeptRegistry, Label, facts_of
from pv.lint.options import Options
from pv.lint.rows import (
    facts_text,
    form_text,
    part_text,
    read_facts,
    read_form,
    read_part,
)
from pv.lint.rule import Rule
from pv.lint.surroundings import (
    options_text,
    speaks_of_passed_folders,
    surroundings_of,
    tool_digest,
)
from pv.model.contract import Contract
from pv.registry.discover import ContractFile
from pv.registry.index import Registry
from pv.yamlfile.intake import take_bytes
from pv.yamlfile.judge import Judged, judge
from pv.yamlfile.problems import Problem
from pv.yamlfile.read import Document, read_text

_ALL: Final = "*"
"""Row of the rules about the registry as a whole; no file has this name below `contracts/`."""


@dataclass(slots=True)
class _Entry:
    """One file of the run."""

    judged: Judged
    row: Kept
    fresh: bool
    """Read in this run, so that its row has to be written."""


class Session(Keeper):
    """One registry with its cache, for the length of a run."""

    def __init__(self, root: Path, files: Sequence[ContractFile], options: Options) -> None:
        self._root = root
        self._options = options
        self._cache = Cache(root, digest_of(options_text(options)))
        self._before = self._cache.load()
        self._tool = tool_digest()
        self._around = ""
        self._entries = {one.display: self._entry(one) for one in files}

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Return all files; what was not read is read when it is asked for."""
        return tuple(entry.judged for entry in self._entries.values())

    def save(self) -> None:
        """Write what this run found out to the cache."""
        changed = [entry.row for entry in self._entries.values() if entry.fresh]
        gone = self._before.keys() - self._entries.keys() - {_ALL}
        self._cache.save((row for row in changed if row.form), gone)

    def registry(self, root: Path, contracts: Sequence[Contract]) -> Registry:
        """Return the registry, which answers from facts."""
        facts = _Facts({one.file: self._entries[one.file].row.facts for one in contracts})
        around = surroundings_of(self._root, self._options, frozenset(self._entries))
        self._around = digest_of(around, facts.digest)
        return KeptRegistry(root, contracts, facts)

    def _entry(self, file: ContractFile) -> _Entry:
        stamp = stamp_of(file.place)
        stamp = stamp and f"{self._tool} {stamp}"
        before = self._before.get(file.display)
        if before is not None and stamp and before.stamp == stamp:
            return _Entry(_kept(file, before), before, fresh=False)
        data = take_bytes(file.path, file.display)
        if isinstance(data, Problem):
            document = Document(file.display, "", None, (data,))
            return _Entry(judge(document), Kept(file.display, *[""] * 6), fresh=False)
        digest = f"{self._tool} {hashlib.sha256(data).hexdigest()}"
        if before is not None and before.digest == digest:
            return _Entry(_kept(file, before), before._replace(stamp=stamp), fresh=True)
        return self._read(file, data, stamp, digest)

    @staticmethod
    def _read(file: ContractFile, data: bytes, stamp: str, digest: str) -> _Entry:
        judged = judge(read_text(data, file.display))
        contract = judged.contract
        label = facts = None
        if contract is not None:
            label = Label(contract.id, contract.version, contract.dialect.value)
            facts = facts_of(contract)
        form = form_text(label, judged.findings)
        kept_facts = facts_text(facts) if facts else ""
        row = Kept(file.display, stamp, digest, form, kept_facts, "", "")
        return _Entry(judged, row, fresh=True)

    def contract(self, contract: Contract, context: Context, rules: Sequence[Rule]) -> Part:
        """Return the part that is kept of a contract, else judge it."""
        entry, around = self._entries[contract.file], self._around
        if entry.row.part and entry.row.surroundings == around:
            findings, counts = read_part(entry.row.part)
            return Part(findings, counts, ())
        part = judge_contract(contract, context, rules)
        keep = not part.crashes and not speaks_of_passed_folders(contract.text)
        text = part_text(part.findings, part.counts) if keep else ""
        entry.row = entry.row._replace(surroundings=around if keep else "", part=text)
        entry.fresh = True
        return part

    def together(
        self, context: Context, rules: Sequence[Rule], shown: frozenset[str] | None
    ) -> Part:
        """Return what the rules about the whole registry find; kept for runs over all of it."""
        content = digest_of(self._around, *(each.row.digest for each in self._entries.values()))
        before = self._before.get(_ALL)
        if shown is None and before is not None and before.surroundings == content:
            findings, counts = read_part(before.part)
            return Part(findings, counts, ())
        part = judge_registry(context, rules, shown=shown)
        if shown is None and not part.crashes:
            text = part_text(part.findings, part.counts)
            self._cache.save([Kept(_ALL, "", "", "", "", content, text)])
        return part


class _Facts(Mapping[str, Facts]):
    """File name to facts, parsed when first asked for."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._parsed: dict[str, Facts] = {}

    @property
    def digest(self) -> str:
        """Return a digest of all facts, without parsing any."""
        return digest_of(*(part for pair in sorted(self._texts.items()) for part in pair))

    def __getitem__(self, name: str) -> Facts:
        if name not in self._parsed:
            self._parsed[name] = read_facts(self._texts[name])
        return self._parsed[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def _kept(file: ContractFile, row: Kept) -> KeptJudged:
    label, findings = read_form(row.form)
    return KeptJudged(file, label, findings)
