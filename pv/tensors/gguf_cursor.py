"""A reading position in a GGUF header that never passes the end of the file.

Every read asks `need` first; lengths and counts are Python integers, so nothing wraps.
"""

from __future__ import annotations

import struct
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import NoReturn

from pv.tensors.gguf_errors import GgufError

LONGEST_STRING = 64 << 20
LONGEST_HEADER = 1 << 30
"""Bytes. Real headers take a few MiB (a vocabulary); the cap bounds the time any scan can take."""

MOST_STRINGS = 1 << 22
"""String elements of all arrays of one file: several times the largest vocabulary and merges."""

_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")


class Cursor:
    """Reads little-endian fields of `data` one after the other and names each in its errors."""

    def __init__(self, path: Path, data: memoryview) -> None:
        self.path = path
        self.data = data
        self.end = min(len(data), LONGEST_HEADER)
        self.pos = 0
        self._strings = 0

    @property
    def left(self) -> int:
        """Bytes between the position and the end of what may be read."""
        return self.end - self.pos

    def fail(
        self,
        field: str,
        problem: str,
        *,
        at: int | None = None,
        needed: int | None = None,
        left: int | None = None,
    ) -> NoReturn:
        """Raise the error for `field`, by default at the present position."""
        offset = self.pos if at is None else at
        if needed is not None and left is None:
            left = self.end - offset
        raise GgufError(self.path, offset, field, problem, needed=needed, left=left)

    def need(self, count: int, field: str) -> None:
        """Raise unless `count` more bytes can be read."""
        if count > self.end - self.pos:
            capped = len(self.data) > self.end
            problem = "header passes 1 GiB" if capped else "the file ends too early"
            self.fail(field, problem, needed=count)

    def u32(self, field: str) -> int:
        """Read an unsigned 32-bit integer."""
        self.need(4, field)
        (value,) = _U32.unpack_from(self.data, self.pos)
        self.pos += 4
        return int(value)

    def u64(self, field: str) -> int:
        """Read an unsigned 64-bit integer."""
        self.need(8, field)
        (value,) = _U64.unpack_from(self.data, self.pos)
        self.pos += 8
        return int(value)

    def skip(self, count: int, field: str) -> int:
        """Step over `count` bytes and return where they began."""
        self.need(count, field)
        start = self.pos
        self.pos += count
        return start

    def text(self, field: str, *, longest: int) -> str:
        """Read a string: its length in bytes as u64, then UTF-8 of at most `longest` bytes."""
        start = self.pos
        length = self.u64(f"length of {field}")
        if length > longest:
            self.fail(field, f"length is {length}, the limit is {longest} bytes", at=start)
        at = self.skip(length, field)
        try:
            return str(self.data[at : at + length], "utf-8")
        except UnicodeDecodeError as fault:
            self.fail(field, f"is not UTF-8: {fault.reason}", at=at + fault.start)

    def skip_strings(self, count: int, field: str) -> None:
        """Step over `count` strings without decoding them."""
        self._strings += count
        if self._strings > MOST_STRINGS:
            self.fail(field, f"strings in arrays pass the limit of {MOST_STRINGS}")
        unpack, data, end, pos = _U64.unpack_from, self.data, self.end, self.pos
        # What passes the end is told, with its place, by the careful way below.
        with suppress(struct.error, OverflowError):
            for _ in repeat(None, count):
                pos += 8 + unpack(data, pos)[0]
            if pos <= end:
                self.pos = pos
                return
        pos = self.pos
        for index in range(count):
            if end - pos < 8:
                self.fail(f"{field}[{index}]", "the file ends too early", at=pos, needed=8)
            (length,) = unpack(data, pos)
            if length > end - pos - 8:
                problem = f"string of {length} bytes passes the end"
                self.fail(f"{field}[{index}]", problem, at=pos, needed=8 + length)
            pos += 8 + length
        self.pos = pos
