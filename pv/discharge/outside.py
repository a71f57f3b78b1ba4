"""What a harness reads from outside: variables that its module declares, and nothing beside them.

A module that asks for something of the user's (a file, an interpreter) says so in `OUTSIDE`, a
mapping written out from the name of an environment variable to what it names. The declaration is
read from the text, so that a plan can tell it without running anything.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from pv.discharge.declarations import constants, harnesses_of
from pv.discharge.runners.interface import FAULT_VARIABLE, MODEL_VARIABLE
from pv.errors import UsageError
from pv.model.contract import Falsifier

_NAME: Final = "OUTSIDE"
_PREFIX: Final = "PV_"


def of_falsifier(root: Path, falsifier: Falsifier) -> dict[str, str]:
    """Return what the harnesses of a falsifier declare; nothing for a test of another kind."""
    return declared(root, harnesses_of(falsifier))


def declared(root: Path, harnesses: Iterable[str]) -> dict[str, str]:
    """Return variable to what it names, for harnesses `path.py::function`.

    Raises UsageError for a declaration that is no mapping of texts, and for a variable that others
    read too.
    """
    found: dict[str, str] = {}
    for path, node in constants(root, harnesses, _NAME):
        found |= _checked(path, node)
    return found


def given(names: Iterable[str]) -> dict[str, str]:
    """Return those variables that are set; a path that is there is made absolute.

    Links stay: one may be the interpreter of a virtual environment.
    """
    asked = {name: os.environ[name] for name in names if os.environ.get(name)}
    return {
        name: str(Path(value).absolute()) if os.access(value, os.F_OK) else value
        for name, value in asked.items()
    }


def shown(names: Mapping[str, str]) -> str:
    """Return in one line what is declared, with the values that are set."""
    values = given(names)
    told = (f"{each} ({names[each]}): {values.get(each, 'not set')}" for each in names)
    return ", ".join(told)


def _checked(path: str, node: ast.expr | None) -> dict[str, str]:
    try:
        found = dict(ast.literal_eval(node) if node else ())
    except (ValueError, TypeError):
        found = {}
    if not found or not all(isinstance(each, str) for each in (*found, *found.values())):
        raise UsageError(
            f"{path}: {_NAME} cannot be read, expected a mapping from variables to what they name,"
            " written out"
        )
    for name in found:
        if not name.startswith(_PREFIX) or name in {FAULT_VARIABLE, MODEL_VARIABLE}:
            raise UsageError(
                f"{path}: {_NAME} names {name!r}, expected a variable of its own that begins with"
                f" {_PREFIX}",
                advice="what others read too could change what is computed, and is never passed on",
            )
    return found
