"""What can be wrong with a model file, said with file, byte offset, field and byte counts.

Names and strings in a model file are written by strangers: they are escaped before they are shown.
"""

from __future__ import annotations

from pathlib import Path

from pv.errors import BadInputError
from pv.tensors.ggml_types import GgmlType

_LONGEST_SHOWN = 80


def quoted(text: str) -> str:
    """Return text between quotes, cut at 80 characters, whatever is not printable escaped."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")


def shown_path(path: Path) -> str:
    """Return a path as it may be printed: whole, whatever is not printable escaped."""
    return repr(str(path))[1:-1]


class GgufError(BadInputError):
    """A GGUF file that is damaged, hostile or of a kind that is not supported.

    `offset` is the byte at which the field begins; `needed` and `left` are byte counts where the
    file ended too early, else None.
    """

    def __init__(
        self,
        path: Path,
        offset: int,
        field: str,
        problem: str,
        *,
        needed: int | None = None,
        left: int | None = None,
        advice: str = "",
    ) -> None:
        counts = "" if needed is None else f" · needed {needed} bytes, {left} left"
        super().__init__(
            f"{shown_path(path)}: byte {offset}: {field}: {problem}{counts}",
            advice=advice or "get the model file again and compare its sha256 with the publisher's",
        )
        self.path = path
        self.offset = offset
        self.field = field
        self.needed = needed
        self.left = left


class WrongTensorType(GgufError):  # noqa: N818 - named for what was found, as its callers say it
    """A tensor is stored in another type than the caller can work with."""

    def __init__(
        self, path: Path, offset: int, name: str, *, required: GgmlType, found: GgmlType
    ) -> None:
        super().__init__(
            path,
            offset,
            f"tensor {quoted(name)}",
            f"expected type {required.name}, found {found.name}",
            advice=f"use a model file that stores this tensor as {required.name}",
        )
        self.name = name
        self.required = required
        self.found = found


class ChangedModel(GgufError):  # noqa: N818 - named for what was found
    """The file changed after its header was read, so that nothing read from it can be trusted."""
