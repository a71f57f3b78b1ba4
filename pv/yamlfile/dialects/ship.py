"""Contracts about models to ship: `kind: ship`, criteria with weights and gating falsifiers."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader
from pv.yamlfile.keys import CONTRACT


def _claims(root: Data) -> bool:
    metadata = root.get("metadata")
    return isinstance(metadata, dict) and metadata.get("kind") == "ship"


READER = Reader(Dialect.SHIP, _claims, CONTRACT, has_kind=True)
