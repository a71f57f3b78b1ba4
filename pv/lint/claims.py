"""Every claim about a status in a contract, with the place where it is typed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from pv.model.contract import Contract, Path
from pv.model.lifecycle import Lifecycle, Vocabulary


class Claim(NamedTuple):
    """A status, or a verdict on a hypothesis, as typed by an author."""

    kind: str
    """`contract`, `falsifier`, `stage` or `hypothesis`."""
    id: str
    word: str
    path: Path

    @property
    def label(self) -> str:
        """Return how messages name it."""
        return "contract" if self.kind == "contract" else f"{self.kind} {self.id}"

    def vocabulary(self, lifecycle: Lifecycle) -> Vocabulary:
        """Return the words that are meant for it."""
        return {
            "contract": lifecycle.contract,
            "falsifier": lifecycle.falsifier,
            "stage": lifecycle.stage,
            "hypothesis": lifecycle.hypothesis,
        }[self.kind]


def claims_of(contract: Contract) -> Iterator[Claim]:
    """Yield the claims of a contract: its own, and those of everything in it."""
    if contract.status is not None:
        yield Claim("contract", contract.id, contract.status, _own_path(contract))
    for falsifier in contract.falsifiers:
        if falsifier.status is not None:
            path = _typed(contract.data, falsifier.path, falsifier.status)
            yield Claim("falsifier", falsifier.id, falsifier.status, path)
    for stage in contract.stages:
        if stage.status is not None:
            yield Claim("stage", stage.id, stage.status, (*stage.path, "status"))
    for hypothesis in contract.hypotheses:
        if hypothesis.verdict is not None:
            path = (*hypothesis.path, "verdict")
            yield Claim("hypothesis", hypothesis.id, hypothesis.verdict, path)


def _own_path(contract: Contract) -> Path:
    metadata = contract.data.get("metadata")
    inside = isinstance(metadata, Mapping) and contract.status in metadata.values()
    return _typed(contract.data, ("metadata",) if inside else (), contract.status or "")


def _typed(data: Any, path: Path, word: str) -> Path:
    """Return where the word stands in the mapping at `path`, under whatever key is used for it."""
    for step in path:
        data = data[step]
    keys = [key for key in data if "status" in key and data[key] == word]
    return (*path, keys[0] if keys else "status")
