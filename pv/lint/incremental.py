"""Lint that reads only what changed: the rest is taken from the cache, cross-file rules from facts.

A file is read again where its stamp and then its content differ; the rules run again over a
contract where its content, the facts of the registry or anything else they look at differ.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.lint.ahead import AheadRegistry, Sheet, form_of, judged_part, sheet_of
from pv.lint.cache import Cache, Kept
from pv.lint.context import Context
from pv.lint.crew import LEAST, Do, crew_of, spread
from pv.lint.engine import Keeper, Part, ask_rules, judge_contract, judge_registry
from pv.lint.kept import Facts, KeptContract, KeptJudged, KeptRegistry
from pv.lint.rows import facts_text, part_text, read_facts, read_form, read_part
from pv.lint.rule import ContractCheck, Rule
from pv.lint.surroundings import Surroundings
from pv.model.contract import Contract
from pv.registry.discover import ContractFile
from pv.registry.index import Registry
from pv.stamps import speaks_of_passed_folders, tool_digest
from pv.tables import digest_of
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
    sheet: Sheet | None = None
    """What was found out about the contract before the others were known."""


class _Taken(NamedTuple):
    """What stands in a file."""

    data: bytes
    file: str
    digest: str


class Session(Keeper):
    """One registry with its cache, for the length of a run; without one nothing is kept.

    `asked` names the files that are going to be judged (all where None); the others are only read.
    Many files are read and judged by `crew` processes, as many as are worth it where None.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        asked: frozenset[str] | None = None,
        crew: int | None = None,
        keep: bool = True,
    ) -> None:
        self._seen = surroundings
        self._asked = asked
        self._crew = crew
        self._cache = Cache(surroundings.root) if keep else None
        self._tool = tool_digest()
        before = self._cache.files(surroundings.variant) if self._cache else {}
        self._gone = before.keys() - surroundings.stamps.keys() - {_ALL}
        self._before = {name: row for name, row in before.items() if row.tool == self._tool}
        self._around = ""
        self._facts = _Facts({}, {})
        self._known: dict[str, Facts] = {}
        self._checks: tuple[Sequence[Rule], dict[str, tuple[Rule, ContractCheck]]] = (), {}
        """Rules about contracts by id, of the rules that were given last."""
        stamps, files = surroundings.stamps, surroundings.files
        unread = [one for one in files if not self._unchanged(one, stamps[one.display])]
        ahead = self._read_ahead(unread, stamps) if len(unread) >= LEAST else {}
        self._entries = {
            one.display: ahead.get(one.display) or self._entry(one, stamps[one.display])
            for one in files
        }
        self.complete = all(entry.row.digest for entry in self._entries.values())
        """Whether all that the run found out is kept, so that its report may be."""

    @property
    def judged(self) -> tuple[Judged, ...]:
        """Return all files; what was not read is read when it is asked for."""
        return tuple(entry.judged for entry in self._entries.values())

    def save(self) -> None:
        """Write what this run found out to the cache."""
        if self._cache is None:
            return
        changed = [entry.row for entry in self._entries.values() if entry.fresh]
        kept = (row for row in changed if row.digest)
        self._cache.save_files(self._seen.variant, kept, self._gone)

    def registry(self, root: Path, contracts: Sequence[Contract]) -> Registry:
        """Return the registry, which answers from facts."""
        texts = {one.file: self._entries[one.file].row.facts for one in contracts}
        facts = _Facts(texts, self._known)
        self._facts = facts
        self._around = digest_of(self._apart, facts.digest)
        return KeptRegistry(root, contracts, facts)

    @cached_property
    def _apart(self) -> str:
        """Digest of all that is around a contract but the facts of the others."""
        return digest_of(self._seen.digest, *self._seen.stamps)

    # Reading

    def _unchanged(self, file: ContractFile, stamp: str) -> bool:
        before = self._before.get(file.display)
        return before is not None and stamp != "" and before.stamp == stamp

    def _entry(self, file: ContractFile, stamp: str) -> _Entry:
        before = self._before.get(file.display)
        if before is not None and self._unchanged(file, stamp):
            return _Entry(_kept(file, before), before, fresh=False)
        data = take_bytes(file.place, file.display)
        if isinstance(data, Problem):
            document = Document(file.display, "", None, (data,))
            return _Entry(judge(document), Kept(file.display, self._tool, "", ""), fresh=False)
        digest = hashlib.sha256(data).hexdigest()
        if before is not None and before.digest == digest:
            return _Entry(_kept(file, before), before._replace(stamp=stamp), fresh=True)
        judged = judge(read_text(data, file.display))
        form, facts = form_of(judged)
        row = Kept(file.display, self._tool, stamp, digest, form, facts_text(facts))
        return _Entry(judged, row, fresh=True)

    def _read_ahead(
        self, files: Sequence[ContractFile], stamps: Mapping[str, str]
    ) -> dict[str, _Entry]:
        """Return the entries of files that were read and judged by a crew.

        Left out is what it could not judge; that comes up again where it can be told.
        """
        context = self._context(AheadRegistry(self._seen.root, stamps))

        def do(numbers: Sequence[int]) -> list[tuple[Any, ...] | None]:
            taken = [self._taken(files[number]) for number in numbers]
            documents = [one and read_text(one.data, one.file) for one in taken]
            judged = [judge(one) if one else None for one in documents]
            return [
                self._sheet(one, its.digest, context) if one and its else None
                for one, its in zip(judged, taken, strict=True)
            ]

        found: dict[str, _Entry] = {}
        for number, answer in self._spread(len(files), do):
            if answer is None:
                continue
            file, (*said, known) = files[number], answer
            if known is not None:
                self._known[file.display] = Facts(*known)
            found[file.display] = self._read_entry(file, stamps[file.display], Sheet(*said))
        return found

    def _read_entry(self, file: ContractFile, stamp: str, sheet: Sheet) -> _Entry:
        """Return the entry of a file that was read ahead, whole where no rule waits."""
        about = file.display, self._tool, stamp, sheet.digest, sheet.form, sheet.facts
        whole = sheet.part and sheet.keep and not sheet.waits
        row = Kept(*about, self._apart, sheet.part) if whole else Kept(*about)
        return _Entry(_kept(file, row), row, fresh=True, sheet=None if whole else sheet)

    def _taken(self, file: ContractFile) -> _Taken | None:
        """Return the content of a file; None where it was read before, or cannot be."""
        data = take_bytes(file.place, file.display)
        if isinstance(data, Problem):
            return None
        digest, before = hashlib.sha256(data).hexdigest(), self._before.get(file.display)
        known = before is not None and before.digest == digest
        return None if known else _Taken(data, file.display, digest)

    def _sheet(self, judged: Judged, digest: str, context: Context) -> tuple[Any, ...] | None:
        wanted = self._asked is None or judged.document.file in self._asked
        sheet = sheet_of(judged, digest, context if wanted else None)
        return sheet and tuple(sheet)

    def _context(self, registry: Registry) -> Context:
        """Return a context of which all that contracts share is known before processes part."""
        context = Context(registry, self._seen.options)
        context.prepare()
        return context

    def _spread(self, tasks: int, do: Do) -> Iterator[tuple[int, Any]]:
        return spread(tasks, do, crew_of(tasks) if self._crew is None else self._crew)

    # Judging

    def contracts(
        self, contracts: Sequence[Contract], context: Context, rules: Sequence[Rule]
    ) -> list[Part]:
        """Return the part of every contract: kept, judged ahead, or judged now."""
        late = [one for one in contracts if not self._is_known(self._entries[one.file])]
        if late:
            alone = context.with_registry(AheadRegistry(context.root, context.registry.files))
        else:
            alone = context
        if len(late) >= LEAST:
            self._judge_late(late, alone)
        return [self._part(one, context, alone, rules) for one in contracts]

    def _is_whole(self, row: Kept) -> bool:
        return row.part != "" and row.surroundings == (self._around if row.waits else self._apart)

    def _is_known(self, entry: _Entry) -> bool:
        """Tell whether all is known, or all but what rules say that ask about other contracts."""
        row = entry.row
        if not entry.sheet and row.waits and row.apart == self._apart:
            entry.sheet = Sheet("", "", "", row.alone, tuple(row.waits.split()), keep=True)
        return self._is_whole(row) or bool(entry.sheet and entry.sheet.part)

    def _judge_late(self, contracts: Sequence[Contract], context: Context) -> None:
        """Judge by a crew what is read, and changed in nothing but its surroundings."""
        answers = self._spread(
            len(contracts),
            lambda numbers: [judged_part(contracts[number], context) for number in numbers],
        )
        for number, answer in answers:
            if answer is not None:
                entry = self._entries[contracts[number].file]
                entry.sheet = Sheet("", "", "", *answer)

    def _part(
        self, contract: Contract, context: Context, alone: Context, rules: Sequence[Rule]
    ) -> Part:
        """Return the part of a contract; `alone` is the context in which no other one is known."""
        entry = self._entries[contract.file]
        if self._is_whole(entry.row):
            return Part(*read_part(entry.row.part), ())
        sheet, entry.sheet = entry.sheet, None
        if sheet is None or not sheet.part:
            sheet = _judged_alone(contract, alone, rules)
        if sheet is None:
            self.complete = False
            return judge_contract(contract, context, rules)
        part, text = self._finished(sheet, contract, context, rules)
        entry.fresh = True
        if part.crashes or not sheet.keep:
            self.complete = False
            entry.row = entry.row._replace(surroundings="", part="", apart="", alone="", waits="")
            return part
        around, waits = self._apart, sheet.waits
        apart = alone_text = ""
        if waits:
            around, apart, alone_text = self._around, self._apart, sheet.part
        text = text or part_text(part.findings, part.counts)
        file, tool, stamp, digest, form, facts, *_ = entry.row
        about = around, text, apart, alone_text, " ".join(waits)
        entry.row = Kept(file, tool, stamp, digest, form, facts, *about)
        return part

    def _finished(
        self, sheet: Sheet, contract: Contract, context: Context, rules: Sequence[Rule]
    ) -> tuple[Part, str]:
        """Return the part of a sheet with what the rules say that waited for the registry.

        Beside it stands its text, where they said nothing and it is that of the sheet.
        """
        findings, counts = read_part(sheet.part)
        if not sheet.waits:
            return Part(findings, counts, ()), sheet.part
        if isinstance(contract, KeptContract):
            contract.know(self._facts[contract.file])
        if self._checks[0] is not rules:
            self._checks = rules, {rule.id: (rule, rule.check) for rule in rules if rule.check}
        checks = self._checks[1]
        more, crashes, _ = ask_rules(contract, context, [checks[name] for name in sheet.waits])
        if not more:
            return Part(findings, counts, crashes), sheet.part
        order = {rule.id: at for at, rule in enumerate(rules)}
        every = dict(findings)
        for gate, found in more.items():
            both = [*findings.get(gate, ()), *found]
            every[gate] = sorted(both, key=lambda one: order[one.rule])
        return Part(every, counts, crashes), ""

    def together(
        self, context: Context, rules: Sequence[Rule], shown: frozenset[str] | None
    ) -> Part:
        """Return what the rules about the whole registry find; kept for runs over all of it."""
        content = digest_of(self._around, *(each.row.digest for each in self._entries.values()))
        before = self._before.get(_ALL)
        if shown is None and before is not None and before.surroundings == content:
            return Part(*read_part(before.part), ())
        part = judge_registry(context, rules, shown=shown)
        self.complete &= not part.crashes
        if self._cache and shown is None and not part.crashes:
            text = part_text(part.findings, part.counts)
            row = Kept(_ALL, self._tool, "", "", surroundings=content, part=text)
            self._cache.save_files(self._seen.variant, [row])
        return part


class _Facts(Mapping[str, Facts]):
    """File name to facts, parsed when first asked for where they are not `known` yet."""

    def __init__(self, texts: Mapping[str, str], known: dict[str, Facts]) -> None:
        self._texts = texts
        self._parsed = known

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


def _judged_alone(contract: Contract, alone: Context, rules: Sequence[Rule]) -> Sheet | None:
    """Return what can be said of a contract before others are known; None where a rule crashes."""
    part = judge_contract(contract, alone, rules)
    if part.crashes:
        return None
    keep = not speaks_of_passed_folders(contract.text)
    text = part_text(part.findings, part.counts)
    return Sheet("", "", "", text, tuple(part.waits), keep=keep)


def _kept(file: ContractFile, row: Kept) -> KeptJudged:
    label, findings = read_form(row.form)
    return KeptJudged(file, label, findings)
