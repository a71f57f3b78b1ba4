"""The fields that templates see, read from the records themselves: a page of them is never old."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Final, NamedTuple

from pv.report import overview_view, view

_FIRST: Final = "RegistryView"


class Field(NamedTuple):
    """One field of a record."""

    name: str
    type: str
    about: str


class Record(NamedTuple):
    """One record that templates see."""

    name: str
    about: str
    fields: tuple[Field, ...]


def records() -> list[Record]:
    """Return every record, the one that holds all others first."""
    named = {each.name: each for each in (*_of(view), *_of(overview_view))}
    found = [
        each._replace(fields=tuple(_with_record(field, named) for field in each.fields))
        for each in named.values()
    ]
    return sorted(found, key=lambda each: (each.name != _FIRST, each.name))


def _with_record(field: Field, named: Mapping[str, Record]) -> Field:
    """Return a field that says nothing of itself with what the record says that it holds."""
    if field.about:
        return field
    held = next((name for name in re.findall(r"\w+", field.type) if name in named), "")
    return field._replace(about=named[held].about) if held else field


def _of(module: ModuleType) -> Iterator[Record]:
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.ClassDef):
            yield Record(node.name, _sentence(ast.get_docstring(node)), tuple(_fields(node)))


def _fields(record: ast.ClassDef) -> Iterator[Field]:
    """Yield fields; the text below a field is what it is about."""
    for node, following in zip(record.body, [*record.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            about = following.value if isinstance(following, ast.Expr) else None
            said = about.value if isinstance(about, ast.Constant) else ""
            yield Field(node.target.id, ast.unparse(node.annotation), _sentence(str(said)))


def _sentence(text: str | None) -> str:
    """Return a text as prose on one line, its code marks left out: cells escape them."""
    return " ".join((text or "").replace("`", "").split())
