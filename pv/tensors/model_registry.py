"""Which model a name stands for on this machine: path and sha256, in the user configuration.

A model is looked for in this order: the path given with the command, the environment variable
`PV_MODEL_<NAME>`, the configuration written by `pv models add`.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from pv.errors import BadInputError, MissingError, UsageError
from pv.marks import Mark, Span, whole_file
from pv.tensors.digest import sha256_of_file
from pv.tensors.gguf_errors import quoted, shown_path
from pv.tensors.gguf_header import open_model
from pv.tensors.user_folders import config_folder, real_path, write_atomically

FORMAT = 1
_LARGEST_CONFIGURATION = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Resolved(NamedTuple):
    """A model as it lies on this machine: where, and what it is."""

    name: str
    path: Path
    sha256: str


def configuration_path() -> Path:
    """Return where names of models are kept."""
    return config_folder() / "models.json"


def add(name: str, path: Path) -> Resolved:
    """Check that a file is a sound GGUF model, hash it, and put it under `name`.

    An older model of that name is replaced. Raises `UsageError` for a name that cannot be one,
    `MissingError` or `BadInputError` for the file.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"model name {quoted(name)}: expected letters, digits, '.', '_' and '-', at most 128",
            advice="choose a name like smollm2-135m-ffn-q4k",
        )
    path = real_path(path)
    with open_model(path):
        pass
    found = Resolved(name, path, sha256_of_file(path))
    models = {**_read(), name: found}
    kept = {
        one.name: {"path": str(one.path), "sha256": one.sha256}
        for one in sorted(models.values(), key=lambda one: one.name)
    }
    text = json.dumps({"format": FORMAT, "models": kept}, indent=2, ensure_ascii=True)
    write_atomically(configuration_path(), text + "\n")
    return found


def listed() -> tuple[Resolved, ...]:
    """Return the configured models by name; nothing is opened. Raises `UsageError`."""
    return tuple(_read().values())


def verify(name: str) -> Resolved:
    """Hash a configured model afresh and compare with its recorded digest.

    Raises `MissingError` where name or file is absent, `BadInputError` with both digests.
    """
    return _checked(_configured(name), afresh=True)


def resolve(name: str, override_path: Path | None = None) -> Resolved:
    """Return where a model lies and what it is; an override is hashed, not compared.

    Raises `MissingError` with the command that would add the model, `BadInputError` with both
    digests where the configured file is not the recorded one any more.
    """
    named = override_path or _from_environment(name)
    if named is None:
        return _checked(_configured(name))
    path = real_path(named)
    with open_model(path):
        pass
    return Resolved(name, path, sha256_of_file(path))


def variable_of(name: str) -> str:
    """Return the environment variable that names a model's path."""
    return "PV_MODEL_" + re.sub(r"[^A-Z0-9]", "_", name.upper())


def _from_environment(name: str) -> Path | None:
    value = os.environ.get(variable_of(name))
    return Path(value) if value else None


def _configured(name: str) -> Resolved:
    models = _read()
    if name in models:
        return models[name]
    known = f", known are {', '.join(models)}" if models else ", no model is configured"
    raise MissingError(
        f"model {quoted(name)} is not configured{known}", advice=f"pv models add {name} PATH"
    )


def _checked(model: Resolved, *, afresh: bool = False) -> Resolved:
    if not model.path.exists():
        raise MissingError(
            f"model {quoted(model.name)}: its file {shown_path(model.path)} is gone",
            advice=f"pv models add {model.name} PATH",
        )
    found = sha256_of_file(model.path, afresh=afresh)
    if found != model.sha256:
        raise BadInputError(
            f"model {quoted(model.name)}: {shown_path(model.path)} changed:"
            f" expected sha256 {model.sha256}, found {found}",
            advice=f"restore the file, or accept the new one: pv models add {model.name} PATH",
        )
    return model


def _read() -> dict[str, Resolved]:
    """Read the configuration; an absent one is empty, a damaged one a located `UsageError`."""
    path = configuration_path()
    try:
        with path.open("rb") as file:
            raw = file.read(_LARGEST_CONFIGURATION + 1)
    except FileNotFoundError:
        return {}
    except OSError as fault:
        raise _damaged(path, f"cannot be read: {fault.strerror}") from None
    if len(raw) > _LARGEST_CONFIGURATION:
        raise _damaged(path, f"is longer than {_LARGEST_CONFIGURATION} bytes")
    try:
        found = json.loads(raw)
    except json.JSONDecodeError as fault:
        here = Mark(fault.lineno, fault.colno)
        raise _damaged(path, f"is not JSON: {fault.msg}", Span(str(path), here, here)) from None
    except (ValueError, RecursionError) as fault:
        raise _damaged(path, f"is not JSON: {type(fault).__name__}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _damaged(path, f"expected an object with format {FORMAT}")
    models = found.get("models")
    if not isinstance(models, dict):
        raise _damaged(path, "expected an object under 'models'")
    return {name: _entry(path, name, entry) for name, entry in models.items()}


def _entry(path: Path, name: str, entry: Mapping[str, Any]) -> Resolved:
    sound = (
        isinstance(entry, dict)
        and _NAME.fullmatch(name)
        and isinstance(entry.get("path"), str)
        and isinstance(entry.get("sha256"), str)
        and _SHA256.fullmatch(entry["sha256"])
    )
    if not sound:
        raise _damaged(path, f"model {quoted(name)}: expected a path and a sha256")
    return Resolved(name, Path(entry["path"]), entry["sha256"])


def _damaged(path: Path, problem: str, span: Span | None = None) -> UsageError:
    return UsageError(
        f"configuration of models {problem}",
        span=span or whole_file(str(path)),
        advice="repair or delete this file, then add the models again: pv models add NAME PATH",
    )
