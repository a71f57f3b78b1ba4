"""The ids that pytest gives the cases of a test, where its parameters are written out.

Only what stands there as literals is read. Where anything else could have a part in an id, nothing
is said: a value that is computed, a fixture that may have parameters, a mark on a class or module.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Final

_PLAIN_FIXTURES: Final = frozenset(
    {"self", "cls", "tmp_path", "monkeypatch", "capsys", "capfd", "caplog", "request", "recwarn",
     "record_property", "tmp_path_factory", "pytestconfig"}
)  # fmt: skip
"""Parameters that pytest itself provides, each without cases of its own."""
_MOST_CASES: Final = 10_000


def literal_cases(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...] | None:
    """Return the ids of the cases between `[` and `]`; None where they cannot be told."""
    names: set[str] = set(_PLAIN_FIXTURES)
    marks: list[list[str]] = []
    for decorator in reversed(function.decorator_list):  # the nearest comes first in an id
        if not isinstance(decorator, ast.Call) or not _is_parametrize(decorator.func):
            return None
        arguments = _names(decorator)
        ids = _ids(decorator, arguments)
        if not ids or len(set(ids)) < len(ids):
            return None
        names.update(arguments)
        marks.append(ids)
    asked = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    if not marks or any(each.arg not in names for each in asked):
        return None
    count = 1
    for ids in marks:
        count *= len(ids)
    return tuple("-".join(each) for each in product(*marks)) if count <= _MOST_CASES else None


def _is_parametrize(node: ast.expr) -> bool:
    return ast.unparse(node) in {"pytest.mark.parametrize", "mark.parametrize"}


def _names(call: ast.Call) -> list[str]:
    """Return the names that a mark gives values to; none where they are computed."""
    try:
        value = ast.literal_eval(call.args[0])
    except (ValueError, IndexError, TypeError):
        return []
    words = value.split(",") if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(each, str) for each in words):
        return []
    return [each.strip() for each in words if each.strip()]


def _ids(call: ast.Call, names: Sequence[str]) -> list[str]:
    """Return the id of each row of a mark; none where one cannot be told."""
    given = next((each.value for each in call.keywords if each.arg == "ids"), None)
    plain = all(each.arg in {"ids", "indirect", "scope"} for each in call.keywords)
    if not names or not plain or len(call.args) != 2 or not _is_row(call.args[1]):
        return []
    rows = list(_elements(call.args[1]))
    told = list(_elements(given)) if given is not None else [None] * len(rows)
    if given is not None and (not _is_row(given) or len(told) != len(rows)):
        return []
    pairs = zip(rows, told, strict=True)
    found = [_row_id(row, names, index, name) for index, (row, name) in enumerate(pairs)]
    return [each for each in found if each is not None] if None not in found else []


def _is_row(node: ast.expr) -> bool:
    return isinstance(node, ast.List | ast.Tuple)


def _elements(node: ast.expr | None) -> Iterator[ast.expr]:
    if isinstance(node, ast.List | ast.Tuple):
        yield from node.elts


def _row_id(row: ast.expr, names: Sequence[str], index: int, told: ast.expr | None) -> str | None:
    values: Sequence[ast.expr] = [row]
    if isinstance(row, ast.Call):
        if ast.unparse(row.func) != "pytest.param":
            return None
        values = row.args
        own = next((each.value for each in row.keywords if each.arg == "id"), None)
        told = told if own is None else own
    elif len(names) > 1:
        values = list(_elements(row))
    if told is not None and not (isinstance(told, ast.Constant) and told.value is None):
        return _value_id(told, None)
    ids = [_value_id(each, f"{name}{index}") for name, each in zip(names, values, strict=False)]
    if len(values) != len(names) or None in ids:
        return None
    return "-".join(each for each in ids if each is not None)


def _value_id(node: ast.expr, otherwise: str | None) -> str | None:
    """Return the id of a literal: itself where it is a text or a number, else its name and row."""
    try:
        value = ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return None
    if isinstance(value, str):
        return value if value and value.isascii() and value.isprintable() else None
    if isinstance(value, bool | int | float | complex) or (value is None and otherwise):
        return str(value)
    return None if isinstance(value, bytes) else otherwise
