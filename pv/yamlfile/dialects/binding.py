"""Binding tables: which function implements which equation of which contract."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader
from pv.yamlfile.shapes import Key, Shape, kept, section

_TABLE = section(
    "binding table",
    "binding table",
    Key("version", Shape.TEXT | Shape.NUMBER, "Version of the table", since=Dialect.BINDING),
    Key("target_crate", Shape.TEXT, "Crate that is bound", "", True, Dialect.BINDING),
    Key("description", Shape.TEXT, "What the table is for", since=Dialect.BINDING),
    Key("bindings", Shape.RECORDS, "Rows", "binding row", True, Dialect.BINDING),
    Key("critical_path", Shape.TEXTS, "Functions that matter most", since=Dialect.BINDING),
    *kept("metadata kind notes", Dialect.BINDING),
)


def _claims(root: Data) -> bool:
    return {"bindings", "target_crate"} <= root.keys()


READER = Reader(Dialect.BINDING, _claims, _TABLE)
