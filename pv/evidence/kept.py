"""What each contract came to, kept: after a change only what rests on it is derived again.

A status rests on its contract, on the receipts of its falsifiers, on the sources that these name,
on the files that test references lead to, on the commits that added the receipts, and with a shelf
life on the day. A row tells all of it: files by the stamps of one look, sources by their digests.
It counts only where all of that is the same today; in any doubt a contract is derived again. Rows
may be deleted at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property, partial
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.bindings.interface import Refusal
from pv.bindings.places import inside
from pv.errors import BadInputError
from pv.evidence.history import History
from pv.evidence.look import look_at
from pv.evidence.packing import UnfitError
from pv.evidence.recalled import (
    KeptContract,
    KeptStatus,
    Statements,
    StatusPacking,
    packed_contract,
    packed_summary,
    summary_of,
)
from pv.evidence.receipt import Sources, digest_of_file
from pv.model.contract import Contract
from pv.model.status import ContractStatus
from pv.registry.contracts import load_contract
from pv.registry.discover import ContractFile
from pv.registry.git import ask
from pv.registry.known import depth
from pv.stamps import stamp_of
from pv.tables import Tables, checked, digest_of

FILE: Final = "states-1.sqlite"
"""The number counts versions of the tables."""
_TABLES: Final = {
    "briefs": "variant TEXT, file TEXT, brief TEXT, checksum BLOB, PRIMARY KEY (variant, file)",
    "statuses": "variant TEXT, file TEXT, key TEXT, status TEXT, checksum BLOB,"
    " PRIMARY KEY (variant, file)",
    "contracts": "file TEXT PRIMARY KEY, key TEXT, contract TEXT, checksum BLOB",
    "told": "variant TEXT, file TEXT, key TEXT, text TEXT, checksum BLOB,"
    " PRIMARY KEY (variant, file)",
}
_SCHEMA: Final = tuple(f"CREATE TABLE IF NOT EXISTS {each} ({_TABLES[each]})" for each in _TABLES)
_GET_BRIEFS: Final = "SELECT variant, file, brief, checksum FROM briefs WHERE variant = ?"
_PUT_BRIEFS: Final = "INSERT OR REPLACE INTO briefs VALUES (?,?,?,?)"
_GET_STATUSES: Final = "SELECT variant, file, key, status, checksum FROM statuses WHERE variant = ?"
_PUT_STATUSES: Final = "INSERT OR REPLACE INTO statuses VALUES (?,?,?,?,?)"
_GET_CONTRACTS: Final = "SELECT file, key, contract, checksum FROM contracts"
_PUT_CONTRACTS: Final = "INSERT OR REPLACE INTO contracts VALUES (?,?,?,?)"
_GET_TOLD: Final = "SELECT variant, file, key, text, checksum FROM told WHERE variant = ?"
_PUT_TOLD: Final = "INSERT OR REPLACE INTO told VALUES (?,?,?,?,?)"
_FORGET: Final = (
    "DELETE FROM briefs WHERE file = ?",
    "DELETE FROM statuses WHERE file = ?",
    "DELETE FROM contracts WHERE file = ?",
    "DELETE FROM told WHERE file = ?",
)
_FEW: Final = 32
"""So many rows are asked for one by one; who needs more needs most of them."""
_REFERENCE: Final = "::"
"""Before the path of a file that a test reference leads to, among the facts of a row."""


class Basis(NamedTuple):
    """What a status rests on beside its contract and its receipts."""

    sources: frozenset[str] = frozenset()
    """Names of sources that were hashed again."""
    references: frozenset[str] = frozenset()
    """Files that test references lead to."""
    surroundings: bool = False
    """Whether it may rest on any file of the registry."""
    sure: bool = True
    """Whether nothing was looked at that no stamp tells about."""


class Brief(NamedTuple):
    """What one status rests on, and its summary; as plain data."""

    program: str
    stamp: str
    receipts: str
    """Digest of the stamps of the receipts of its falsifiers."""
    head: str
    additions: str
    """Digest of the commits that added receipts of its falsifiers; empty without a receipt."""
    facts: Mapping[str, str]
    """Digests of sources, and of what references lead to."""
    surroundings: str
    day: str
    ships: bool
    summary: list[Any]


class Recalled(NamedTuple):
    """A contract that is as it was, with its status."""

    contract: Contract
    status: ContractStatus


class Kept:
    """The rows of one registry, for one way of deriving its states."""

    def __init__(
        self,
        root: Path,
        variant: str,
        *,
        program: str,
        local: bool,
        day: str,
        history: History,
        sources: Sources,
        statements: Statements,
        again: Callable[[Contract], ContractStatus],
    ) -> None:
        """`variant` names the way, `program` tells everything that all rows rest on.

        `again` derives a status whose row is gone.
        """
        self._root, self._variant, self._local, self._day = root, variant, local, day
        self._history, self._sources, self._again = history, sources, again
        self._tables = Tables(root, (), FILE, _SCHEMA)
        self._look = look_at(root)
        rest, self._head = _git(root)
        self._program = digest_of(program, str(root), rest)
        self._packing = StatusPacking(statements)
        self._facts: dict[str, str] = {}
        self._counting: dict[str, str] = {}
        """File to digest of the brief that counts."""
        self._new: list[tuple[str, str, Contract, ContractStatus]] = []

    def recall(self, file: ContractFile) -> Recalled | None:
        """Return a contract with its status where nothing that it rests on is another now."""
        text = self._briefs.get(file.display)
        if text is None:
            return None
        brief = Brief(*json.loads(text))
        if not self._counts(file.display, brief):
            return None
        name, summary = file.display, summary_of(brief.summary)
        self._counting[name] = _short(text)
        read = partial(self._read, file)
        contract = KeptContract(
            name, ships=brief.ships, whole=partial(self._contract, name), read=read
        )
        return Recalled(contract, KeptStatus(name, summary, partial(self._status, file)))

    def _counts(self, name: str, brief: Brief) -> bool:
        """Tell whether everything that a row rests on is as it was."""
        stamp = self._look.stamp(name)
        if not stamp or brief.stamp != stamp or brief.program != self._program:
            return False
        if brief.day not in ("", self._day):
            return False
        falsifiers = brief.summary[0]
        if brief.receipts != self._receipts(falsifiers):
            return False
        moved = brief.additions and brief.head != self._head
        if moved and brief.additions != self._additions(falsifiers):
            return False
        if brief.surroundings and brief.surroundings != self._look.surroundings:
            return False
        return all(self._fact(fact) == found for fact, found in brief.facts.items())

    def note(self, contract: Contract, status: ContractStatus, basis: Basis) -> None:
        """Take note of what a contract came to, where a later change of it would be told."""
        stamp, summary = self._look.stamp(contract.file), status.summary
        receipts = self._receipts(summary.falsifiers)
        surroundings = self._look.surroundings if basis.surroundings else ""
        unsure = basis.surroundings and not surroundings
        if not stamp or not receipts or unsure or not basis.sure or self._history.trouble:
            return
        names = (*basis.sources, *(_REFERENCE + each for each in basis.references))
        brief = Brief(
            program=self._program,
            stamp=stamp,
            receipts=receipts,
            head=self._head,
            additions=self._additions(summary.falsifiers) if _recorded(status) else "",
            facts={each: self._fact(each) for each in sorted(names)},
            surroundings=surroundings,
            day=self._day if contract.shelf_life is not None else "",
            ships=bool(contract.ship_models),
            summary=packed_summary(summary),
        )
        text = json.dumps(brief, separators=(",", ":"))
        self._counting[contract.file] = _short(text)
        self._new.append((contract.file, text, contract, status))

    def save(self, files: Iterable[str], *, contracts: bool) -> None:
        """Write what was derived anew, and forget all but `files`; with `contracts` them too."""
        gone = [(file,) for file in self._briefs.keys() - set(files)]
        briefs, statuses, packed = [], [], []
        for file, text, contract, status in self._new:
            try:
                whole = self._packing.pack(status)
                if contracts:
                    packed.append((file, self._key(file), packed_contract(contract)))
            except UnfitError:
                continue
            briefs.append((self._variant, file, text))
            statuses.append((self._variant, file, _short(text), whole))
        if gone or briefs:
            self._tables.write(
                *((each, gone) for each in _FORGET),
                (_PUT_BRIEFS, checked(briefs)),
                (_PUT_STATUSES, checked(statuses)),
                (_PUT_CONTRACTS, checked(packed)),
            )

    def told(
        self, statuses: Iterable[ContractStatus], tell: Callable[[ContractStatus], str]
    ) -> list[str]:
        """Return what is told of each status, where that is as it was the text of then.

        Texts of functions of different names are kept apart.
        """
        kind = f"{self._variant}: {tell.__name__}"
        known = {row[1]: row[2:4] for row in self._tables.ask(_GET_TOLD, kind)}
        texts, new = [], []
        for status in statuses:
            key = self._counting.get(status.file, "")
            before, text = known.get(status.file, ("", ""))
            if not key or before != key:
                text = tell(status)
                new.append((kind, status.file, key, text))
            texts.append(text)
        if kept := [row for row in new if row[2]]:
            self._tables.write((_PUT_TOLD, checked(kept)))
        return texts

    @cached_property
    def _briefs(self) -> Mapping[str, str]:
        return {row[1]: row[2] for row in self._tables.ask(_GET_BRIEFS, self._variant)}

    @cached_property
    def _statuses(self) -> _Rows:
        return _Rows(self._tables, _GET_STATUSES, self._variant)

    @cached_property
    def _contracts(self) -> _Rows:
        return _Rows(self._tables, _GET_CONTRACTS)

    def _status(self, file: ContractFile) -> ContractStatus:
        """Return a whole status, from its row or derived again."""
        packed = self._statuses.get(file.display, self._counting[file.display])
        return self._packing.unpack(packed) if packed else self._again(self._read(file))

    def _contract(self, file: str) -> str:
        return self._contracts.get(file, self._key(file))

    def _key(self, file: str) -> str:
        """Return what tells that a packed contract is the one on disk."""
        return digest_of(self._program, self._look.stamp(file))

    def _read(self, file: ContractFile) -> Contract:
        """Return a contract from its file. Raises BadInputError where that is another by now."""
        found = load_contract(file).contract
        if found is None or stamp_of(file.place, follow=False) != self._look.stamp(file.display):
            raise BadInputError(f"{file.display} changed while it was judged", advice="run again")
        return found

    def _receipts(self, falsifiers: Iterable[str]) -> str:
        """Return a digest of the stamps of receipts; empty where one is too young."""
        told = [self._look.receipts(each, local=self._local) for each in falsifiers]
        return "" if None in told else _short("\0".join(map(str, told)))

    def _additions(self, falsifiers: Iterable[str]) -> str:
        return _short("\0".join(map(self._history.additions, falsifiers)))

    def _fact(self, name: str) -> str:
        """Return today's digest of a source, or of the file that a reference leads to."""
        if name not in self._facts:
            self._facts[name] = self._found(name)
        return self._facts[name]

    def _found(self, name: str) -> str:
        if not name.startswith(_REFERENCE):
            return self._sources.digest(name) or ""
        place = inside(self._root.resolve(), name.removeprefix(_REFERENCE))
        return place.reason if isinstance(place, Refusal) else digest_of_file(place) or ""


class _Rows:
    """Texts of one table by file, a few one by one and then all."""

    def __init__(self, tables: Tables, query: str, *values: str) -> None:
        self._tables, self._query, self._values = tables, query, values
        self._asked = 0

    def get(self, file: str, key: str) -> str:
        """Return the text that is kept under a key; empty where there is none."""
        if "_all" in self.__dict__ or self._asked == _FEW:
            return self._all.get((file, key), "")
        self._asked += 1
        more = "AND" if self._values else "WHERE"
        rows = self._tables.ask(f"{self._query} {more} file = ?", *self._values, file)
        return next((row[-2] for row in rows if row[-3] == key), "")

    @cached_property
    def _all(self) -> Mapping[tuple[str, str], str]:
        rows = self._tables.ask(self._query, *self._values)
        return {(row[-4], row[-3]): row[-2] for row in rows}


def _short(text: str) -> str:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _recorded(status: ContractStatus) -> bool:
    """Whether there is a receipt that git may know of."""
    summary = status.summary
    return bool(summary.damaged) or len(summary.bare) < len(summary.falsifiers)


def _git(root: Path) -> tuple[str, str]:
    """Return what git knows beside its references, and the commit that is checked out."""
    where = ask(root, "rev-parse", "--git-dir", "--show-prefix", "--is-shallow-repository")
    listed = [line.split(" ", 1) for line in ask(root, "show-ref", "--head").text.splitlines()]
    replaced = [" ".join(each) for each in listed if each[-1].startswith("refs/replace/")]
    rest = digest_of(where.text, where.problem, depth(root, where), *replaced)
    return rest, next((commit for commit, *name in listed if name == ["HEAD"]), "")
