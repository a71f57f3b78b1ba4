"""What a falsifier asks of a model file: so many tensors of one type under a name pattern."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from pv.errors import BadInputError, UsageError
from pv.tensors.gguf_header import open_model

_COUNT: Final = re.compile(r"(>=|==)?\s*(\d+)")


def check_requirement(model: Path, require: Mapping[str, Any]) -> None:
    """Raise BadInputError where the file does not hold what `require` names.

    `require` is `{tensor: glob, type: name, count: N | ">=N" | "==N"}`; a plain number means "at
    least". Nothing but the header is read. Raises UsageError for a requirement that is none.
    """
    unknown = sorted(set(require) - {"tensor", "type", "count"})
    pattern, wanted = require.get("tensor"), require.get("type")
    count = _COUNT.fullmatch(str(require.get("count", 1)))
    if unknown or not isinstance(pattern, str) or not isinstance(wanted, str) or not count:
        raise UsageError(
            f"model requirement {dict(require)!r}: expected tensor, type and count (N, >=N or ==N)"
        )
    with open_model(model) as file:
        types = {
            name: tensor.type.name
            for name, tensor in file.tensors.items()
            if fnmatchcase(name, pattern)
        }
    found, least = sum(each == wanted for each in types.values()), int(count[2])
    if found == least or (found > least and count[1] != "=="):
        return
    other = next((f", {name} is {type_}" for name, type_ in types.items() if type_ != wanted), "")
    raise BadInputError(
        f"model {model.name}: expected {count[1] or '>='} {least} tensors {pattern} of type"
        f" {wanted}, found {found}{other}",
        advice="use a model file that holds them; another type is never read in their place",
    )
