"""The key-value section of a GGUF header: scanned once, decoded when asked.

Numeric arrays are stepped over in constant time, string arrays are walked, and nothing of either is
kept: a vocabulary costs neither time nor memory until `values()` is called.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from enum import IntEnum
from pathlib import Path
from typing import NamedTuple

from pv.tensors.gguf_cursor import LONGEST_STRING, Cursor
from pv.tensors.gguf_errors import GgufError, quoted

LONGEST_KEY = 64 << 10
MOST_KEYS = 1 << 16


class ValueType(IntEnum):
    """The type of a metadata value, by the number that stands in the file."""

    U8 = 0
    I8 = 1
    U16 = 2
    I16 = 3
    U32 = 4
    I32 = 5
    F32 = 6
    BOOL = 7
    STRING = 8
    ARRAY = 9
    U64 = 10
    I64 = 11
    F64 = 12


_FORMATS: dict[ValueType, struct.Struct] = {
    ValueType.U8: struct.Struct("<B"),
    ValueType.I8: struct.Struct("<b"),
    ValueType.U16: struct.Struct("<H"),
    ValueType.I16: struct.Struct("<h"),
    ValueType.U32: struct.Struct("<I"),
    ValueType.I32: struct.Struct("<i"),
    ValueType.F32: struct.Struct("<f"),
    ValueType.BOOL: struct.Struct("<B"),
    ValueType.U64: struct.Struct("<Q"),
    ValueType.I64: struct.Struct("<q"),
    ValueType.F64: struct.Struct("<d"),
}

INTEGERS = frozenset(
    {
        ValueType.U8,
        ValueType.I8,
        ValueType.U16,
        ValueType.I16,
        ValueType.U32,
        ValueType.I32,
        ValueType.U64,
        ValueType.I64,
    }
)

type_names = {kind: kind.name.lower() for kind in ValueType}


class Entry(NamedTuple):
    """Where the value of a key stands; `element`, `length` and `end` are those of an array."""

    kind: ValueType
    offset: int
    element: ValueType | None = None
    length: int = 0
    end: int = 0


class MetaArray:
    """An array in the metadata: element type and count at once, its values when asked."""

    def __init__(
        self, path: Path, data: memoryview, key: str, element: ValueType, entry: Entry
    ) -> None:
        self._path = path
        self._data = data
        self._key = key
        self.element = element
        self.count = entry.length
        self.offset = entry.offset
        self._end = entry.end

    def __len__(self) -> int:
        return self.count

    @property
    def raw(self) -> memoryview:
        """The elements as the file encodes them, a view: enough to compare or hash an array."""
        return self._data[self.offset : self._end]

    def values(self) -> tuple[int, ...] | tuple[float, ...] | tuple[bool, ...] | tuple[str, ...]:
        """Decode all elements; a string that is not UTF-8 is a `GgufError` at its byte."""
        if self.element is ValueType.STRING:
            return self.strings()
        code = _FORMATS[self.element].format[1:]
        found = struct.unpack_from(f"<{self.count}{code}", self._data, self.offset)
        return tuple(bool(one) for one in found) if self.element is ValueType.BOOL else found

    def strings(self) -> tuple[str, ...]:
        """Decode the elements of an array of strings."""
        field = f"key {quoted(self._key)}"
        if self.element is not ValueType.STRING:
            problem = f"expected an array of string, found {type_names[self.element]}"
            raise GgufError(self._path, self.offset, field, problem)
        texts: list[str] = []
        pos = self.offset
        for index in range(self.count):
            (length,) = struct.unpack_from("<Q", self._data, pos)
            pos += 8
            try:
                texts.append(str(self._data[pos : pos + length], "utf-8"))
            except UnicodeDecodeError as fault:
                problem = f"is not UTF-8: {fault.reason}"
                where = f"{field}[{index}]"
                raise GgufError(self._path, pos + fault.start, where, problem) from None
            pos += length
        return tuple(texts)


MetaValue = int | float | bool | str | MetaArray


class Metadata(Mapping[str, MetaValue]):
    """Key to value; a value is decoded when it is asked for."""

    def __init__(self, path: Path, data: memoryview, entries: dict[str, Entry]) -> None:
        self._path = path
        self._data = data
        self._entries = entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __getitem__(self, key: str) -> MetaValue:
        entry = self._entries[key]
        if entry.element is not None:
            return MetaArray(self._path, self._data, key, entry.element, entry)
        if entry.kind is ValueType.STRING:
            (length,) = struct.unpack_from("<Q", self._data, entry.offset)
            return str(self._data[entry.offset + 8 : entry.offset + 8 + length], "utf-8")
        value: int | float = _FORMATS[entry.kind].unpack_from(self._data, entry.offset)[0]
        return bool(value) if entry.kind is ValueType.BOOL else value

    def over(self, data: memoryview) -> Metadata:
        """Return the same keys over another mapping of the same file."""
        return Metadata(self._path, data, self._entries)

    def kind(self, key: str) -> ValueType:
        """Return the type of a key's value as the file states it."""
        return self._entries[key].kind

    def entry(self, key: str) -> Entry | None:
        """Return type and place of a key's value, None when the key is absent."""
        return self._entries.get(key)


def read_metadata(cursor: Cursor, count: int) -> Metadata:
    """Scan `count` key-value pairs at the cursor; raises `GgufError`."""
    entries: dict[str, Entry] = {}
    for index in range(count):
        start = cursor.pos
        key = cursor.text(f"key {index}", longest=LONGEST_KEY)
        field = f"key {quoted(key)}"
        if not key or "\0" in key:
            cursor.fail(f"key {index}", "is empty" if not key else "contains NUL", at=start)
        if key in entries:
            cursor.fail(field, "occurs twice", at=start)
        entries[key] = _read_value(cursor, field)
    return Metadata(cursor.path, cursor.data, entries)


def _value_type(cursor: Cursor, field: str) -> ValueType:
    number = cursor.u32(field)
    try:
        return ValueType(number)
    except ValueError:
        cursor.fail(field, f"unknown value type {number}", at=cursor.pos - 4)


def _read_value(cursor: Cursor, field: str) -> Entry:
    kind = _value_type(cursor, f"value type of {field}")
    if kind is ValueType.ARRAY:
        return _read_array(cursor, field)
    offset = cursor.pos
    if kind is ValueType.STRING:
        cursor.text(field, longest=LONGEST_STRING)
    else:
        cursor.skip(_FORMATS[kind].size, field)
        if kind is ValueType.BOOL and cursor.data[offset] > 1:
            cursor.fail(field, f"bool is {cursor.data[offset]}, expected 0 or 1", at=offset)
    return Entry(kind, offset)


def _read_array(cursor: Cursor, field: str) -> Entry:
    element = _value_type(cursor, f"element of {field}")
    if element is ValueType.ARRAY:
        cursor.fail(field, "is an array of arrays, which is not supported", at=cursor.pos - 4)
    count = cursor.u64(f"element count of {field}")
    offset = cursor.pos
    smallest = 8 if element is ValueType.STRING else _FORMATS[element].size
    cursor.need(count * smallest, f"{count} elements of {field}")
    if element is ValueType.STRING:
        cursor.skip_strings(count, field)
    else:
        cursor.skip(count * smallest, field)
    return Entry(ValueType.ARRAY, offset, element, count, cursor.pos)
