"""Harness references `path.py::function`: the function exists and knows the controls named."""

from __future__ import annotations

from pathlib import Path

from pv.bindings.interface import Refusal, Resolution, Target, bound, dangling
from pv.bindings.places import inside, nearest
from pv.bindings.python_source import Module, PythonSources


def resolve_harness(
    root: Path, sources: PythonSources, reference: str, controls: tuple[str, ...] = ()
) -> Resolution:
    """Resolve a harness; the function is a module-level `def` that takes the run.

    Controls are held against the module's `CONTROLS` where that is a literal mapping.
    """
    path, separator, name = reference.strip().partition("::")
    if not separator or not name.isidentifier() or not path.endswith(".py"):
        return dangling(reference, "expected `path/to/module.py::function`")
    file = inside(root, path)
    if isinstance(file, Refusal):
        return dangling(reference, file.reason, _instead(root, sources, path, name))
    module = sources.module(file)
    if isinstance(module, Refusal):
        return dangling(reference, module.reason)
    return _function(reference, path, name, module, controls)


def _function(
    reference: str, path: str, name: str, module: Module, controls: tuple[str, ...]
) -> Resolution:
    function = module.functions.get(name)
    if function is None:
        public = [each for each in module.functions if not each.startswith("_")]
        return dangling(reference, f"no function {name} in {path}", nearest(name, public), name)
    if function.asynchronous or function.parameters != 1:
        return dangling(reference, f"{name} is no harness, expected a plain `def {name}(run)`")
    unknown = missing_controls(module, controls)
    if unknown:
        known = nearest(unknown[0], module.controls or ())
        return dangling(reference, f"{path} knows no control {', '.join(unknown)}", known)
    return bound(reference, (Target(f"{path}::{name}", path, function.line),))


def missing_controls(module: Module, controls: tuple[str, ...]) -> list[str]:
    """Return the controls that the module does not know; none where its CONTROLS is computed."""
    if module.controls is None:
        return []
    return [control for control in controls if control not in module.controls]


def _instead(root: Path, sources: PythonSources, path: str, name: str) -> str:
    """Return where the function stands now, else the file with the most similar name."""
    siblings = _siblings(root, path)
    for sibling in siblings.values():
        file = root / sibling
        module = sources.module(file) if sources.mentions(file, f"def {name}(") else None
        if isinstance(module, Module) and name in module.functions:
            return f"{sibling}::{name}"
    return siblings.get(nearest(path.rpartition("/")[2], siblings), "")


def _siblings(root: Path, path: str) -> dict[str, str]:
    """Return the Python files of the folder that `path` names: file name to path, sorted."""
    folder, _, _ = path.rpartition("/")
    place = inside(root, folder) if folder else root
    if isinstance(place, Refusal) or not place.is_dir():
        return {}
    names = sorted(each.name for each in place.iterdir() if each.suffix == ".py")
    return {name: f"{folder}/{name}" if folder else name for name in names}
