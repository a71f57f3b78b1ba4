"""The tensor section of a GGUF header: names, shapes and types, and where their bytes lie.

Nothing is trusted: a tensor's bytes are computed here, and must lie inside the file, aligned, and
apart from every other tensor's.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pv.tensors.ggml_types import BLOCKS, REMOVED, GgmlType, bytes_of
from pv.tensors.gguf_cursor import Cursor
from pv.tensors.gguf_errors import quoted

MOST_TENSORS = 1 << 16
"""Ten times the largest models known; a million took 14 s and 0.6 GB to describe."""

LONGEST_NAME = 64
MOST_DIMENSIONS = 4


class TensorInfo(NamedTuple):
    """One tensor of the file; `offset` counts from the start of the file.

    `shape` is NumPy's order (rows first, the contiguous dimension last); `gguf_dims` is the file's,
    which is the reverse.
    """

    name: str
    type: GgmlType
    shape: tuple[int, ...]
    gguf_dims: tuple[int, ...]
    offset: int
    nbytes: int


class _Placed(NamedTuple):
    """A tensor whose offset still counts from the data section; `at` is its place in the header."""

    info: TensorInfo
    at: int


def read_tensors(
    cursor: Cursor, count: int, alignment: int
) -> tuple[dict[str, TensorInfo], list[str]]:
    """Read `count` tensor descriptions and check their places.

    Returns the tensors by name, in the file's order, and remarks on gaps. Raises `GgufError`.
    """
    placed: dict[str, _Placed] = {}
    for index in range(count):
        one = _read_tensor(cursor, index, alignment)
        if one.info.name in placed:
            cursor.fail(f"tensor {quoted(one.info.name)}", "occurs twice", at=one.at)
        placed[one.info.name] = one
    start = cursor.pos + -cursor.pos % alignment
    remarks = _check_places(cursor, start, list(placed.values()), alignment)
    tensors = {
        name: one.info._replace(offset=start + one.info.offset) for name, one in placed.items()
    }
    return tensors, remarks


def _read_tensor(cursor: Cursor, index: int, alignment: int) -> _Placed:
    start = cursor.pos
    name = cursor.text(f"name of tensor {index}", longest=LONGEST_NAME)
    if not name or "\0" in name:
        cursor.fail(f"name of tensor {index}", "is empty" if not name else "contains NUL", at=start)
    field = f"tensor {quoted(name)}"
    dims = _read_dims(cursor, field)
    kind = _read_type(cursor, field)
    block = BLOCKS[kind]
    if dims[0] % block.weights:
        problem = f"rows of {dims[0]} are not whole blocks of {block.weights} ({kind.name})"
        cursor.fail(field, problem, at=start)
    at = cursor.pos
    offset = cursor.u64(f"offset of {field}")
    if offset % alignment:
        cursor.fail(field, f"offset {offset} is not a multiple of the alignment {alignment}", at=at)
    nbytes = bytes_of(kind, math.prod(dims))
    return _Placed(TensorInfo(name, kind, dims[::-1], dims, offset, nbytes), at)


def _read_dims(cursor: Cursor, field: str) -> tuple[int, ...]:
    start = cursor.pos
    count = cursor.u32(f"number of dimensions of {field}")
    if not 1 <= count <= MOST_DIMENSIONS:
        cursor.fail(field, f"has {count} dimensions, expected 1 to {MOST_DIMENSIONS}", at=start)
    dims = tuple(cursor.u64(f"dimension {axis} of {field}") for axis in range(count))
    if min(dims) < 1:
        cursor.fail(field, f"a dimension is 0: {dims}", at=start)
    if math.prod(dims) >= 1 << 63:
        cursor.fail(field, f"the product of {dims} passes 2^63", at=start)
    return dims


def _read_type(cursor: Cursor, field: str) -> GgmlType:
    start = cursor.pos
    number = cursor.u32(f"type of {field}")
    try:
        return GgmlType(number)
    except ValueError:
        gone = f", {REMOVED[number]}, which ggml removed" if number in REMOVED else ""
        cursor.fail(field, f"unsupported tensor type {number}{gone}", at=start)


def _check_places(cursor: Cursor, start: int, tensors: list[_Placed], alignment: int) -> list[str]:
    """Raise where a tensor passes the end or overlaps; return remarks on unused stretches."""
    remarks: list[str] = []
    free_from, before = 0, ""
    size = len(cursor.data)
    for info, at in sorted(tensors, key=lambda one: one.info.offset):
        field = f"tensor {quoted(info.name)}"
        end = info.offset + info.nbytes
        if start + end > size:
            problem = f"its {info.nbytes} bytes from {start + info.offset} pass the end of the file"
            left = max(0, size - start - info.offset)
            cursor.fail(field, problem, at=at, needed=info.nbytes, left=left)
        if info.offset < free_from:
            cursor.fail(field, f"overlaps tensor {quoted(before)}", at=at)
        if info.offset - free_from >= alignment:
            remarks.append(f"{info.offset - free_from} unused bytes before {field}")
        free_from, before = end, info.name
    if tensors and size - start - free_from >= alignment:
        remarks.append(f"{size - start - free_from} unused bytes after the last tensor")
    return remarks
