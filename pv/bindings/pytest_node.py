"""Pytest node ids: file, classes, function and parameters, as pytest collects them by default."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from pv.bindings.interface import Refusal, Resolution, Target, ambiguous, bound, dangling, ignored
from pv.bindings.places import SKIPPED_FOLDERS, inside, nearest, nearest_file
from pv.bindings.python_source import Class, Function, Module, PythonSources


def resolve_node(root: Path, sources: PythonSources, reference: str) -> Resolution:
    """Resolve a node id: a file, a class, a function or one parametrised case of it."""
    base, bracket, case = reference.strip().partition("[")
    path, *steps = base.split("::")
    if not path.endswith(".py"):
        return dangling(reference, "expected `path/to/test_file.py::test_function`")
    file = inside(root, path)
    if isinstance(file, Refusal):
        return dangling(reference, file.reason, nearest_file(root, path), path)
    module = sources.module(file)
    if isinstance(module, Refusal):
        return dangling(reference, module.reason)
    matches = {
        node: function
        for node, function in collected(module)
        if node == tuple(steps) or node[: len(steps)] == tuple(steps)
    }
    if not matches:
        names = ["::".join((path, *node)) for node, _ in collected(module)]
        return dangling(reference, _why_not(module, path, steps), nearest(base, names), base)
    if bracket and (fault := _case_fault(base, case, matches.get(tuple(steps)), module)):
        return fault
    return _outcome(reference, path, matches)


def _case_fault(
    base: str, rest: str, function: Function | None, module: Module
) -> Resolution | None:
    """Return what is wrong with the case in `base[rest`; None where it exists or cannot be told."""
    reference, name = f"{base}[{rest}", base.rsplit("::", 1)[-1]
    if function is None or not function.parametrised:
        return dangling(reference, f"{name} takes no parameters", base)
    case = rest.removesuffix("]")
    if module.marked or function.cases is None or case in function.cases:
        return None
    known = nearest(reference, [f"{base}[{each}]" for each in function.cases])
    return dangling(reference, f"{name} has no case [{case}]", known, reference)


def find_tests(
    root: Path, sources: PythonSources, name: str
) -> tuple[tuple[Target, Function], ...]:
    """Return every test function `name` in files that pytest would collect below `root`.

    A file is parsed only where it defines a function of this name.
    """
    found: list[tuple[Target, Function]] = []
    for path in _test_files(root):
        file = root / path
        module = sources.module(file) if sources.mentions(file, f"def {name}(") else None
        if module is None or isinstance(module, Refusal):
            continue
        found += [
            (Target("::".join((path, *node)), path, function.line), function)
            for node, function in collected(module)
            if node[-1] == name
        ]
    return tuple(found)


def _test_files(root: Path) -> Iterator[str]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(
            each for each in folders if not each.startswith(".") and each not in SKIPPED_FOLDERS
        )
        for each in sorted(files):
            if each.endswith("_test.py") or (each.startswith("test_") and each.endswith(".py")):
                yield (Path(folder) / each).relative_to(root).as_posix()


def _outcome(reference: str, path: str, matches: dict[tuple[str, ...], Function]) -> Resolution:
    targets = {node: _target(path, node, function) for node, function in matches.items()}
    if reference.strip() == path and len(targets) > 1:
        reason = f"holds {len(targets)} tests, expected one node id"
        return ambiguous(reference, reason, tuple(targets.values()))
    runs = tuple(targets[node] for node, function in matches.items() if not function.skipped)
    if runs:
        return bound(reference, runs)
    return ignored(reference, "marked skip", tuple(targets.values()))


def _target(path: str, node: tuple[str, ...], function: Function) -> Target:
    return Target("::".join((path, *node)), path, function.line)


def _why_not(module: Module, path: str, steps: list[str]) -> str:
    if not steps:
        return f"{path} holds no test"
    name = steps[-1]
    if len(steps) == 1 and name in module.functions:
        return f"{name} stands in {path} and is not collected, expected a name like test_…"
    if len(steps) == 1 and name in module.classes:
        return f"{name} stands in {path} and holds no test that is collected"
    return f"no test {'::'.join(steps)} in {path}"


def collected(module: Module) -> Iterator[tuple[tuple[str, ...], Function]]:
    """Yield (names from the module down, function) for each test that pytest would collect."""
    for function in module.functions.values():
        if function.name.startswith("test"):
            yield (function.name,), function
    for each in module.classes.values():
        yield from _methods(module, each, ())


def _methods(
    module: Module, found: Class, outer: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Function]]:
    unittest = any(base.endswith("TestCase") for base in found.bases)
    if not unittest and (not found.name.startswith("Test") or found.has_init):
        return
    names = (*outer, found.name)
    functions = {**_inherited(module, found), **found.functions}
    for function in functions.values():
        if function.name.startswith("test"):
            yield (*names, function.name), _under(found, function)
    for inner in found.classes.values():
        yield from _methods(module, inner, names)


def _inherited(module: Module, found: Class, depth: int = 0) -> dict[str, Function]:
    """Return the functions of base classes in the same module; depth ends circular bases."""
    functions: dict[str, Function] = {}
    for base in reversed(found.bases):
        parent = module.classes.get(base)
        if parent is not None and parent is not found and depth < 10:
            functions |= _inherited(module, parent, depth + 1) | parent.functions
    return functions


def _under(found: Class, function: Function) -> Function:
    """Return a method with what stands over its class: a skip, or parameters of its own."""
    if found.parametrised:
        function = function._replace(parametrised=True, cases=None)
    return function._replace(skipped=True) if found.skipped else function
