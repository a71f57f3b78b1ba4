"""Generated work contracts: the name of an issue and the levels it aims at, no `metadata`."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader, extended
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.shapes import Key, Shape, kept


def _claims(root: Data) -> bool:
    keys = root.keys()
    return {"name", "surface"} <= keys and "metadata" not in keys


READER = Reader(
    Dialect.WORK,
    _claims,
    extended(
        CONTRACT,
        Key("name", Shape.TEXT, "Issue that the work belongs to", "", True, Dialect.WORK),
        Key("surface", Shape.TEXT, "Kind of work", "", True, Dialect.WORK),
        *kept("kind issue owner", Dialect.WORK),
        optional=("metadata",),
    ),
)
