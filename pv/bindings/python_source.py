"""What a Python source defines, read with `ast`: nothing is imported and nothing runs."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pv.bindings.interface import Refusal
from pv.bindings.places import read_source
from pv.bindings.pytest_cases import literal_cases

_DEEPEST = 8
"""Nesting of `if` and `try` around a definition that is still looked into."""


class Function(NamedTuple):
    """A function or method as written."""

    name: str
    line: int
    parameters: int
    """Positional parameters."""
    asynchronous: bool
    returns: str
    """The annotation of what it returns, as a dotted name; empty for none or anything else."""
    parametrised: bool
    skipped: bool
    cases: tuple[str, ...] | None = None
    """What may stand in `[…]` after its name; None where that cannot be told."""


class Class(NamedTuple):
    """A class with what it defines itself."""

    name: str
    line: int
    bases: tuple[str, ...]
    functions: dict[str, Function]
    classes: dict[str, Class]
    skipped: bool
    has_init: bool
    parametrised: bool


class Module(NamedTuple):
    """The definitions at the top of a module."""

    functions: dict[str, Function]
    classes: dict[str, Class]
    controls: frozenset[str] | None
    """Keys of a literal `CONTROLS`; None where there is none that can be read."""
    imports: frozenset[str]
    """Dotted names of the modules, and of what is taken from them, that it imports at the top."""
    marked: bool
    """Whether `pytestmark` or a hook may give its tests more parameters."""


class PythonSources:
    """Parsed modules, each read once."""

    def __init__(self) -> None:
        self._texts: dict[Path, str | Refusal] = {}
        self._modules: dict[Path, Module | Refusal] = {}

    def text(self, file: Path) -> str | Refusal:
        """Return the text of `file`, or why it cannot be read."""
        if file not in self._texts:
            self._texts[file] = read_source(file)
        return self._texts[file]

    def mentions(self, file: Path, word: str) -> bool:
        """Return whether a word stands anywhere in `file`: cheaper than parsing it in vain."""
        text = self.text(file)
        return not isinstance(text, Refusal) and word in text

    def module(self, file: Path) -> Module | Refusal:
        """Return the definitions of `file`, or why it cannot be read."""
        if file not in self._modules:
            text = self.text(file)
            self._modules[file] = text if isinstance(text, Refusal) else _parse(file, text)
        return self._modules[file]


def _parse(file: Path, text: str) -> Module | Refusal:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a stray escape in a foreign file is not our subject
            tree = ast.parse(text)
    except SyntaxError as error:
        return Refusal(f"{file.name} is not Python, line {error.lineno}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:
        return Refusal(f"{file.name} cannot be parsed: {type(error).__name__}")
    statements = list(_statements(tree.body))
    return Module(
        functions=_functions(statements),
        classes=_classes(statements),
        controls=_controls(tree.body),
        imports=frozenset(_imports(statements)),
        marked=any(word in text for word in ("pytestmark", "pytest_generate_tests", "autouse")),
    )


def _statements(body: Sequence[ast.stmt], depth: int = 0) -> Iterator[ast.stmt]:
    """Yield the statements of a body, those under `if` and `try` included."""
    for statement in body:
        yield statement
        if depth >= _DEEPEST:
            continue
        if isinstance(statement, ast.If):
            yield from _statements([*statement.body, *statement.orelse], depth + 1)
        elif isinstance(statement, ast.Try):
            handled = [inner for handler in statement.handlers for inner in handler.body]
            parts = [*statement.body, *handled, *statement.orelse, *statement.finalbody]
            yield from _statements(parts, depth + 1)


def _functions(statements: Sequence[ast.stmt]) -> dict[str, Function]:
    found: dict[str, Function] = {}
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [_dotted(decorator) for decorator in node.decorator_list]
            found[node.name] = Function(
                name=node.name,
                line=node.lineno,
                parameters=len(node.args.posonlyargs) + len(node.args.args),
                asynchronous=isinstance(node, ast.AsyncFunctionDef),
                returns=_dotted(node.returns) if node.returns else "",
                parametrised=any(mark.endswith("parametrize") for mark in marks),
                skipped=any(_skips(mark) for mark in marks),
                cases=literal_cases(node),
            )
    return found


def _classes(statements: Sequence[ast.stmt], depth: int = 0) -> dict[str, Class]:
    found: dict[str, Class] = {}
    for node in statements:
        if isinstance(node, ast.ClassDef):
            body = list(_statements(node.body))
            functions = _functions(body)
            found[node.name] = Class(
                name=node.name,
                line=node.lineno,
                bases=tuple(_dotted(base) for base in node.bases),
                functions=functions,
                classes=_classes(body, depth + 1) if depth < _DEEPEST else {},
                skipped=any(_skips(_dotted(mark)) for mark in node.decorator_list),
                has_init="__init__" in functions,
                parametrised=any(
                    _dotted(mark).endswith("parametrize") for mark in node.decorator_list
                ),
            )
    return found


def _skips(mark: str) -> bool:
    return mark.endswith(("mark.skip", "unittest.skip"))


def _dotted(node: ast.expr) -> str:
    """Return `a.b.c` of a name, an attribute or a call of one; empty for anything else."""
    if isinstance(node, ast.Call | ast.Subscript):
        return _dotted(node.func if isinstance(node, ast.Call) else node.value)
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        parts.append(node.id)
    return ".".join(reversed(parts))


def _controls(body: Sequence[ast.stmt]) -> frozenset[str] | None:
    for node in body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        if isinstance(node, ast.AnnAssign):
            targets = [node.target]
        named = any(isinstance(each, ast.Name) and each.id == "CONTROLS" for each in targets)
        if named and isinstance(node, ast.Assign | ast.AnnAssign):
            return _literal_keys(node.value)
    return None


def _literal_keys(value: ast.expr | None) -> frozenset[str] | None:
    if not isinstance(value, ast.Dict):
        return None
    keys = [key.value for key in value.keys if isinstance(key, ast.Constant)]
    texts = [key for key in keys if isinstance(key, str)]
    return frozenset(texts) if len(texts) == len(value.keys) else None


def _imports(statements: Sequence[ast.stmt]) -> Iterator[str]:
    for node in statements:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
