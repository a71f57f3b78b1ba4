"""Contracts and statuses of which little is at hand: the rest is unpacked when somebody asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Final, TypeAlias

from pv.evidence.packing import Form, Record, record_of
from pv.marks import Span
from pv.model.contract import Contract, Path
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus, Summary

Statements: TypeAlias = "Callable[[str, str], Mapping[str, Any]]"
"""From path and falsifier to what a receipt says."""
_OUTSIDE: Final = ("text", "locate")
"""What a contract is not packed with: both are read from its file."""


class KeptContract(Contract):
    """A contract of which the file is known, and whether it ships a model."""

    __slots__ = ("_read", "_whole")
    _read: Callable[[], Contract]
    _whole: Callable[[], str]

    def __init__(
        self, file: str, *, ships: bool, whole: Callable[[], str], read: Callable[[], Contract]
    ) -> None:
        """`whole` returns it packed, or nothing where it is not kept; `read` reads its file."""
        put = object.__setattr__
        put(self, "file", file)
        put(self, "_whole", whole)
        put(self, "_read", read)
        if not ships:
            put(self, "ship_models", ())

    def __getattr__(self, name: str) -> Any:
        if name not in Contract.__dataclass_fields__:
            raise AttributeError(name)
        if name == "locate":
            return self._place
        packed = "" if name == "text" else self._whole()
        if packed:
            _fill(self, _named(contract_record(), json.loads(packed)))
        else:
            found = self._read()
            _fill(self, {each: getattr(found, each) for each in Contract.__dataclass_fields__})
        return getattr(self, name)

    def _place(self, path: Path, key: bool) -> Span:
        return self._read().span(path, key=key)


class KeptStatus(ContractStatus):
    """A status of which the summary is known."""

    __slots__ = ("_summary", "_whole")
    _summary: Summary
    _whole: Callable[[], ContractStatus]

    def __init__(self, file: str, summary: Summary, whole: Callable[[], ContractStatus]) -> None:
        put = object.__setattr__
        put(self, "file", file)
        put(self, "_summary", summary)
        put(self, "_whole", whole)
        if not summary.damaged:
            put(self, "damaged", ())

    def __getattr__(self, name: str) -> Any:
        if name not in ContractStatus.__dataclass_fields__:
            raise AttributeError(name)
        whole = self._whole()
        _fill(self, {each: getattr(whole, each) for each in ContractStatus.__dataclass_fields__})
        return getattr(self, name)

    @property
    def ahead(self) -> tuple[str, ...]:
        """As `ContractStatus.ahead`."""
        return self._summary.ahead

    @property
    def summary(self) -> Summary:
        """As `ContractStatus.summary`."""
        return self._summary


def _named(record: Record, packed: list[Any]) -> dict[str, Any]:
    names = (name for name, _ in record.fields)
    return dict(zip(names, record.values(packed), strict=True))


def _fill(target: object, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        object.__setattr__(target, name, value)


class Later(Mapping[str, Any]):
    """What a receipt says, asked for when somebody wants to know."""

    def __init__(self, ask: Callable[[], Mapping[str, Any]]) -> None:
        self._ask = ask
        self._said: Mapping[str, Any] | None = None

    def _all(self) -> Mapping[str, Any]:
        if self._said is None:
            self._said = self._ask()
        return self._said

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def contract_record() -> Record:
    """Return how contracts are packed, without text and places."""
    return record_of(Contract, _OUTSIDE)


def packed_contract(contract: Contract) -> str:
    """Return a contract as a text. Raises UnfitError for what would not come back."""
    return json.dumps(contract_record().pack(contract), separators=(",", ":"))


class StatusPacking:
    """Statuses as texts and back; the receipts that one rests on stand in its text once."""

    def __init__(self, statements: Statements) -> None:
        self._statements = statements
        self._views: list[ReceiptView] = []
        self._view = record_of(ReceiptView, ("statement",))
        form = Form(self._number, self._numbered)
        self._status = record_of(ContractStatus, given={ReceiptView.__name__: form})

    def pack(self, status: ContractStatus) -> str:
        """Return a status as a text. Raises UnfitError for what would not come back."""
        self._views = []
        whole = self._status.pack(status)
        return json.dumps([list(map(self._view.pack, self._views)), whole], separators=(",", ":"))

    def unpack(self, packed: str) -> ContractStatus:
        """Return the status that a text holds."""
        rows, whole = json.loads(packed)
        self._views = list(map(self._seen, rows))
        status: ContractStatus = self._status.unpack(whole)
        return status

    def _number(self, view: ReceiptView) -> int:
        for at, each in enumerate(self._views):
            if each is view:
                return at
        self._views.append(view)
        return len(self._views) - 1

    def _numbered(self, at: int) -> ReceiptView:
        return self._views[at]

    def _seen(self, row: list[Any]) -> ReceiptView:
        known = dict(
            zip((name for name, _ in self._view.fields), self._view.values(row), strict=True)
        )
        later = Later(partial(self._statements, known["path"], known["falsifier"]))
        return ReceiptView(**known, statement=later)


def packed_summary(summary: Summary) -> list[Any]:
    """Return a summary as plain data."""
    return record_of(Summary).pack(summary)


def summary_of(packed: list[Any]) -> Summary:
    """Return the summary that plain data holds."""
    summary: Summary = record_of(Summary).unpack(packed)
    return summary
