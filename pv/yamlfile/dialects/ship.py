"""Contracts about models to ship: `kind: ship`, criteria with weights and gating falsifiers."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Reader
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.nodes import Mapping, Scalar


def _claims(root: Mapping) -> bool:
    metadata = root.get("metadata")
    kind = metadata.get("kind") if isinstance(metadata, Mapping) else None
    return isinstance(kind, Scalar) and kind.text == "ship"


READER = Reader(Dialect.SHIP, _claims, CONTRACT, has_kind=True)
