"""Arrays of a trace as safetensors files, by slot: ours are written, those of others are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pv.errors import BadInputError, MissingError

if TYPE_CHECKING:
    from pv.forward.interface import Floats
    from pv.forward.trace import Trace
    from pv.forward.trace_statistics import Tokens

_WRITTEN = "give a file that pv trace --payload wrote, or one like it"


class Theirs(NamedTuple):
    """What another engine made of a prompt."""

    arrays: Mapping[str, Floats]
    """By slot, float32."""
    tokens: Tokens
    """What they were taken over; as ours where the file does not say."""


def read_arrays(path: Path, ids: Sequence[int], tokens: str) -> Theirs:
    """Read the arrays that somebody wrote for the same ids.

    Raises `MissingError` for no file, `BadInputError` for one that is damaged, holds no numbers
    with a fraction, or was made of other ids.
    """
    from safetensors import SafetensorError, safe_open

    from pv.tensors.gguf_errors import shown_path

    shown = f"--against {shown_path(path)}"
    if not path.is_file():
        what = "is a folder, expected a file" if path.is_dir() else "no such file"
        raise MissingError(f"{shown}: {what}", advice=_WRITTEN)
    try:
        with safe_open(path, framework="numpy") as file:
            said = file.metadata() or {}
            # safetensors' file has keys and is no mapping: it cannot be gone through itself
            arrays = {name: _floats(name, file.get_tensor(name)) for name in [*file.keys()]}
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError, OSError) as fault:
        raise BadInputError(f"{shown}: cannot be read: {fault}", advice=_WRITTEN) from None
    if said.get("ids", _joined(ids)) != _joined(ids):
        raise BadInputError(
            f"{shown}: was traced over other token ids",
            advice=f"--ids {said['ids'].replace(' ', ',')}",
        )
    return Theirs(arrays, "last" if said.get("tokens", tokens) == "last" else "all")


def _floats(name: str, array: Any) -> Floats:
    """Return an array as float32; whole numbers are codes of something, and no activations."""
    if array.dtype.kind != "f":
        raise BadInputError(
            f"--against: {name} is an array of {array.dtype}, expected floating-point numbers",
            advice="write the values themselves, not what they are stored as",
        )
    found: Floats = array.astype("float32")
    return found


def write_arrays(path: Path, found: Trace, model_sha256: str) -> None:
    """Write the arrays as float32, by slot; what they are stands in the file's metadata."""
    from safetensors.numpy import save

    from pv.files import replace_file

    metadata = {
        "engine": found.engine,
        "tokens": found.tokens,
        "ids": _joined(found.ids),
        "model_sha256": model_sha256,
    }
    replace_file(path, save(dict(found.arrays), metadata=metadata))


def _joined(ids: Sequence[int]) -> str:
    return " ".join(str(one) for one in ids)
