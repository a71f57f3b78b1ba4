"""Opening a GGUF file (version 2 or 3): memory-mapped, its header checked field by field.

`open_model` scans the header once. Afterwards every tensor is a read-only view of the mapping,
nothing is copied, and a file that changed since the scan is refused. A view that outlives its
`ModelFile` stays readable; the mapping ends with the last view.

The scan trusts no count, length or offset of the file. It cannot protect against a writer that
truncates the file in the very moment of a read: the operating system ends the process then.
"""

from __future__ import annotations

import difflib
import mmap
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import NamedTuple, Self

from pv.errors import MissingError
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_cursor import Cursor
from pv.tensors.gguf_errors import ChangedModel, GgufError, WrongTensorType, quoted, shown_path
from pv.tensors.gguf_known_keys import alignment_of, check_blocks, check_types, parts_of
from pv.tensors.gguf_layout import MOST_TENSORS, TensorInfo, read_tensors
from pv.tensors.gguf_metadata import MOST_KEYS, Metadata, read_metadata

_SMALLEST_KEY_VALUE = 12
_SMALLEST_TENSOR = 24


class _Header(NamedTuple):
    """What a header says of a file."""

    version: int
    alignment: int
    metadata: Metadata
    tensors: Mapping[str, TensorInfo]
    warnings: tuple[str, ...]


_LAST: dict[tuple[Path, int, int, int], _Header] = {}
"""The header scanned last: one process opens the same model several times."""


class ModelFile:
    """A GGUF file whose header was found sound; use as a context manager.

    `warnings` are remarks that forbid nothing: an old version, unused stretches of the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor, self._identity = _open_regular(path)
        try:
            self._mapping = _map(path, self._descriptor, self._identity.st_size)
        except BaseException:
            os.close(self._descriptor)
            raise
        self._data = memoryview(self._mapping)
        self.size = len(self._data)
        key = (path, self._identity.st_ino, self.size, self._identity.st_mtime_ns)
        try:
            header = _LAST.get(key) or _scan(Cursor(path, self._data))
            self.check_unchanged()
        except BaseException:
            self.close()
            raise
        _LAST.clear()
        _LAST[key] = header
        self.version, self.alignment, metadata, self.tensors, self.warnings = header
        self.metadata = metadata.over(self._data)

    def tensor(self, name: str) -> TensorInfo:
        """Return the description of a tensor; an absent one is a `GgufError` with the nearest."""
        try:
            return self.tensors[name]
        except KeyError:
            near = difflib.get_close_matches(name, self.tensors, n=1)
            hint = f", the nearest name is {quoted(near[0])}" if near else ""
            problem = f"the file has no such tensor among its {len(self.tensors)}{hint}"
            advice = "use a model file that holds this tensor"
            field = f"tensor {quoted(name)}"
            raise GgufError(self.path, 0, field, problem, advice=advice) from None

    def raw(self, name: str, *, require: GgmlType | None = None) -> memoryview:
        """Return the bytes of a tensor as a read-only view, nothing copied.

        Raises `WrongTensorType` where the file stores another type than `require`, `GgufError` for
        an absent tensor, `ChangedModel` where the file changed since its header was read.
        """
        info = self.tensor(name)
        if require is not None and info.type is not require:
            raise WrongTensorType(self.path, info.offset, name, required=require, found=info.type)
        self.check_unchanged()
        return self._data[info.offset : info.offset + info.nbytes]

    def check_unchanged(self) -> None:
        """Raise `ChangedModel` where size or time of change differ from those at opening."""
        now, then = os.fstat(self._descriptor), self._identity
        if (now.st_size, now.st_mtime_ns) != (then.st_size, then.st_mtime_ns):
            problem = (
                f"changed while it was in use: {then.st_size} bytes, mtime {then.st_mtime_ns} ns at"
                f" opening, now {now.st_size} bytes, mtime {now.st_mtime_ns} ns"
            )
            advice = "let nothing write to a model file while it is used, then run again"
            raise ChangedModel(self.path, 0, "file", problem, advice=advice)

    def close(self) -> None:
        """Close the file; views that are still held keep the mapping alive."""
        if self._descriptor < 0:
            return
        os.close(self._descriptor)
        self._descriptor = -1
        self._data.release()
        try:
            self._mapping.close()
        except BufferError:
            return  # a view is still held: the mapping ends with it

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _scan(cursor: Cursor) -> _Header:
    version = _read_version(cursor)
    tensor_count = _read_count(cursor, "tensor count", MOST_TENSORS, _SMALLEST_TENSOR)
    key_count = _read_count(cursor, "key-value count", MOST_KEYS, _SMALLEST_KEY_VALUE)
    metadata = read_metadata(cursor, key_count)
    alignment = alignment_of(cursor, metadata)
    check_types(cursor, metadata)
    tensors, remarks = read_tensors(cursor, tensor_count, alignment)
    check_blocks(cursor, metadata, tensors)
    if parts_of(metadata) > 1:
        remarks.insert(0, f"one part of a model split into {parts_of(metadata)} files")
    if version == 2:
        remarks.insert(0, "version 2 of the format, 3 is current")
    return _Header(version, alignment, metadata, MappingProxyType(tensors), tuple(remarks))


def open_model(path: Path) -> ModelFile:
    """Open a GGUF file and scan its header; the result closes itself at the end of a `with`.

    Raises `MissingError` where there is no such file and `GgufError` (a `BadInputError`) for
    everything else that is wrong with it.
    """
    return ModelFile(path)


def _open_regular(path: Path) -> tuple[int, os.stat_result]:
    """Return a descriptor of a regular file; a pipe or device is not even opened."""
    try:
        before = path.stat()
        if not stat.S_ISREG(before.st_mode):
            problem = f"is a {_kind_of(before.st_mode)}, expected a regular file"
            raise GgufError(path, 0, "file", problem, advice="name the .gguf file itself")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise MissingError(
            f"{shown_path(path)}: no such model file",
            advice="check the path, or add the model again",
        ) from None
    except (OSError, ValueError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else str(fault)
        problem = f"cannot be opened: {reason}"
        raise GgufError(path, 0, "file", problem, advice="check path and permissions") from None
    after = os.fstat(descriptor)
    if not stat.S_ISREG(after.st_mode):
        os.close(descriptor)
        raise GgufError(path, 0, "file", f"became a {_kind_of(after.st_mode)} while it was opened")
    return descriptor, after


def _kind_of(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "directory",
        stat.S_IFIFO: "named pipe",
        stat.S_IFSOCK: "socket",
        stat.S_IFCHR: "character device",
        stat.S_IFBLK: "block device",
    }
    return kinds.get(stat.S_IFMT(mode), "special file")


def _map(path: Path, descriptor: int, size: int) -> mmap.mmap:
    if size == 0:
        raise GgufError(path, 0, "magic", "the file is empty", needed=4, left=0)
    try:
        return mmap.mmap(descriptor, size, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as fault:
        raise GgufError(path, 0, "file", f"cannot be memory-mapped: {fault}") from None


def _read_version(cursor: Cursor) -> int:
    magic = bytes(cursor.data[cursor.skip(4, "magic") : cursor.pos])
    if magic == b"FUGG":
        cursor.fail("magic", "is a big-endian GGUF file, which is not supported", at=0)
    if magic != b"GGUF":
        cursor.fail("magic", f"is {magic!r}, expected b'GGUF'", at=0)
    version = cursor.u32("version")
    swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
    if version not in {2, 3}:
        if swapped in {1, 2, 3}:
            cursor.fail(
                "version", f"is {swapped} in big-endian order, which is not supported", at=4
            )
        cursor.fail("version", f"is {version}, expected 2 or 3", at=4)
    return version


def _read_count(cursor: Cursor, field: str, most: int, smallest: int) -> int:
    """Read a count; refuse one above `most`, or whose items cannot fit in what is left."""
    at = cursor.pos
    count = cursor.u64(field)
    if count > most:
        cursor.fail(field, f"is {count}, the limit is {most}", at=at)
    cursor.need(count * smallest, f"{count} items of {field}")
    return count
