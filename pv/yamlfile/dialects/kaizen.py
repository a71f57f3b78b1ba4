"""Improvement contracts: a `C-…` id, a parent, a baseline and a target."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Reader, extended
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.nodes import Mapping, Scalar
from pv.yamlfile.shapes import Key, Shape, kept


def _claims(root: Mapping) -> bool:
    contract = root.get("contract")
    return isinstance(contract, Scalar) and bool({"baseline", "target"} & set(root.keys()))


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
