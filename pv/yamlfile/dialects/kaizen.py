"""Improvement contracts: a `C-…` id, a parent, a baseline and a target."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader, extended
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.shapes import Key, Shape, kept


def _claims(root: Data) -> bool:
    named = "contract" in root and not isinstance(root["contract"], dict | list)
    return named and bool({"baseline", "target"} & root.keys())


READER = Reader(
    Dialect.KAIZEN,
    _claims,
    extended(
        CONTRACT,
        Key("contract", Shape.TEXT, "Id of the contract", "", True, Dialect.KAIZEN),
        Key("title", Shape.TEXT, "What is improved", since=Dialect.KAIZEN),
        Key("parent", Shape.TEXT, "Contract that this one improves on", since=Dialect.KAIZEN),
        *kept("kaizen date delta owner issue notes measurements results", Dialect.KAIZEN),
        optional=("metadata",),
    ),
)
