"""What the modules of harnesses declare of their runs: constants, read from their texts.

Nothing is run for it, so that a plan can tell what a run will need.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pv
from pv.errors import UsageError
from pv.model.contract import BindingKind, Falsifier

_PACKAGE: Final = Path(pv.__file__).resolve().parent
_ALONE: Final = "ALONE"


def harnesses_of(falsifier: Falsifier) -> list[str]:
    """Return the references `path.py::function` of a falsifier; none for another kind of test."""
    if falsifier.binding.kind is not BindingKind.HARNESS:
        return []
    return [falsifier.binding.text, *(each.harness for each in falsifier.beside)]


def constants(
    root: Path, harnesses: Iterable[str], name: str
) -> Iterator[tuple[str, ast.expr | None]]:
    """Yield path and value of each constant of that name at the top of the harnesses' modules.

    The value is None where it is declared without one. What cannot be read declares nothing: its
    run says why.
    """
    for path in {reference.partition("::")[0]: None for reference in harnesses}:
        text = _text(root, path)
        for node in _values(text, name) if name in text else ():
            yield path, node


def alone(root: Path, falsifier: Falsifier) -> bool:
    """Return whether a harness measures time, `ALONE = True`, so that nothing may run beside it.

    Raises UsageError for another value.
    """
    found = False
    for path, node in constants(root, harnesses_of(falsifier), _ALONE):
        if not (isinstance(node, ast.Constant) and node.value is True):
            raise UsageError(f"{path}: {_ALONE} cannot be read, expected True, or no such line")
        found = True
    return found


def _text(root: Path, path: str) -> str:
    """Return a module's text; a file of the registry comes first, as where it is run."""
    for place in (root, _PACKAGE):
        try:
            return (place / path).read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
    return ""


def _values(text: str, name: str) -> Iterator[ast.expr | None]:
    try:
        body = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        if any(isinstance(each, ast.Name) and each.id == name for each in targets):
            yield node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
