"""Rows of binding tables: which function implements which equation of which contract."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pv.model.contract import Contract, Dialect, Path


def rows_of(contract: Contract) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    """Yield the rows of a binding table with their paths; none for any other contract."""
    rows = contract.data.get("bindings") if contract.dialect is Dialect.BINDING else None
    for position, row in enumerate(rows if isinstance(rows, list) else ()):
        if isinstance(row, Mapping):
            yield ("bindings", position), row


def text_of(row: Mapping[str, Any], key: str) -> str:
    """Return the text of a cell; empty where there is none."""
    value = row.get(key)
    return value.strip() if isinstance(value, str) else ""
