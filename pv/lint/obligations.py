"""Obligations as they are written, for what the model of a contract does not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pv.model.contract import Contract, Path


def entries(contract: Contract) -> Iterator[tuple[Mapping[str, Any], Path]]:
    """Yield every obligation that is a mapping, with its path."""
    written = contract.data.get("proof_obligations")
    for position, entry in enumerate(written if isinstance(written, list) else ()):
        if isinstance(entry, Mapping):
            yield entry, ("proof_obligations", position)
