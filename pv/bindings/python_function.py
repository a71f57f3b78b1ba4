"""Harness references `path.py::function`: the function exists and knows the controls named."""

from __future__ import annotations

from pathlib import Path

from pv.bindings.interface import Refusal, Resolution, Target, bound, dangling, shown
from pv.bindings.places import inside, nearest, nearest_file
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
        instead = _instead(root, sources, path, name)
        missing = f"{path}::{name}" if "::" in instead else path
        return dangling(reference, file.reason, instead, missing)
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
        known = nearest(unknown[0], set(module.controls or ()) - set(controls))
        return dangling(
            reference, f"{path} knows no control {', '.join(unknown)}", known, unknown[0]
        )
    return bound(reference, (Target(f"{path}::{name}", path, function.line),))


def missing_controls(module: Module, controls: tuple[str, ...]) -> list[str]:
    """Return the controls that the module does not know; none where its CONTROLS is computed."""
    if module.controls is None:
        return []
    return [control for control in controls if control not in module.controls]


def _instead(root: Path, sources: PythonSources, path: str, name: str) -> str:
    """Return where the function stands now, else the file with the most similar name."""
    folder, _, _ = path.rpartition("/")
    place = inside(root, folder) if folder else root
    if not isinstance(place, Refusal) and place.is_dir():
        for file in sorted(place.glob("*.py")):
            module = sources.module(file) if sources.mentions(file, f"def {name}(") else None
            if isinstance(module, Module) and name in module.functions:
                return f"{shown(root, file)}::{name}"
    return nearest_file(root, path)
