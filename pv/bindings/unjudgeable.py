"""Commands whose outcome could not be judged: what discharge refuses and lint reports alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from pv.bindings.success import matches_anything
from pv.model.contract import Binding
from pv.model.contract import Path as NodePath

NO_LIST: Final = "expected a list of arguments"
NO_FILE: Final = "names no file of the registry: what it shows would rest on nothing"
_NAMED: Final = ("checks", "measures")


class Unjudgeable(NamedTuple):
    """Why a command proves nothing, and where in its binding that stands."""

    reason: str
    path: NodePath = ()
    """Keys below the binding; empty for the binding as a whole."""


def command_fault(binding: Binding) -> Unjudgeable | None:
    """Return what is wrong with a command as it is written; None where it can be judged.

    Without a declared success its exit code would prove nothing.
    """
    if not binding.argv:
        return Unjudgeable(NO_LIST)
    success = binding.details.get("success")
    if not isinstance(success, Mapping):
        return Unjudgeable("declares no success")
    if all(success.get(each) in (None, {}, []) for each in ("stdout", *_NAMED)):
        reason = "success names no check and no measure: an exit code alone proves nothing"
        return Unjudgeable(reason, ("success",))
    for key in _NAMED:
        if not isinstance(success.get(key) or {}, Mapping):
            reason = f"success.{key} is no mapping of names to patterns"
            return Unjudgeable(reason, ("success", key))
    return next(_pattern_faults(success), None)


def files_fault(root: Path, argv: tuple[str, ...]) -> Unjudgeable | None:
    """Return a fault where no argument names a file of the registry."""
    return None if any(named_files(root, argv)) else Unjudgeable(NO_FILE)


def named_files(root: Path, argv: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files below the root that arguments name, also as `--option=file`."""
    home = root.resolve()
    for each in argv:
        path = root / (each.partition("=")[2] if each.startswith("-") else each)
        try:
            if path.is_file() and path.resolve().is_relative_to(home):
                yield path
        except (OSError, ValueError):  # too long for a name, or with a null character
            continue


def _pattern_faults(success: Mapping[str, Any]) -> Iterator[Unjudgeable]:
    """Yield the patterns that cannot be read, and those that nothing fails."""
    for path, pattern in _patterns(success):
        if not isinstance(pattern, str):
            yield Unjudgeable(f"pattern {pattern!r}: expected a text", path)
            continue
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            yield Unjudgeable(f"pattern {pattern!r}: {error}", path)
            continue
        if path[1] == "measures":
            if groups != 1:
                yield Unjudgeable("a measure needs one group: its number", path)
        elif matches_anything(pattern):
            reason = f"pattern {pattern!r} is found in every output, expected one that can fail"
            yield Unjudgeable(reason, path)


def _patterns(success: Mapping[str, Any]) -> Iterator[tuple[NodePath, object]]:
    if success.get("stdout") is not None:
        yield ("success", "stdout"), success["stdout"]
    for key in _NAMED:
        for name, pattern in (success.get(key) or {}).items():
            yield ("success", key, name), pattern
