"""The metadata keys whose meaning is fixed: their types and their bounds."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pv.tensors.gguf_cursor import Cursor
from pv.tensors.gguf_errors import quoted
from pv.tensors.gguf_metadata import INTEGERS, Entry, Metadata, ValueType, type_names

DEFAULT_ALIGNMENT = 32
MOST_BLOCKS = 512

_FLOATS = frozenset({ValueType.F32, ValueType.F64})
_STRINGS = frozenset({ValueType.STRING})
_BLOCK = re.compile(r"blk\.(\d+)\.")

# A key that ends so holds one value of such a type; some models keep one integer per layer.
_SCALARS: dict[str, frozenset[ValueType]] = {
    "general.architecture": _STRINGS,
    "general.file_type": INTEGERS,
    "general.quantization_version": INTEGERS,
    "split.count": INTEGERS,
    "tokenizer.ggml.model": _STRINGS,
    "tokenizer.ggml.bos_token_id": INTEGERS,
    "tokenizer.ggml.eos_token_id": INTEGERS,
    "tokenizer.ggml.padding_token_id": INTEGERS,
    "tokenizer.ggml.unknown_token_id": INTEGERS,
}
_OF_ARCHITECTURE: dict[str, frozenset[ValueType]] = {
    "block_count": INTEGERS,
    "context_length": INTEGERS,
    "embedding_length": INTEGERS,
    "feed_forward_length": INTEGERS,
    "vocab_size": INTEGERS,
    "attention.head_count": INTEGERS,
    "attention.head_count_kv": INTEGERS,
    "attention.key_length": INTEGERS,
    "attention.value_length": INTEGERS,
    "attention.layer_norm_rms_epsilon": _FLOATS,
    "rope.dimension_count": INTEGERS,
    "rope.freq_base": _FLOATS,
}
_PER_LAYER = frozenset({"feed_forward_length", "attention.head_count", "attention.head_count_kv"})
_ARRAYS: dict[str, frozenset[ValueType]] = {
    "tokenizer.ggml.tokens": _STRINGS,
    "tokenizer.ggml.merges": _STRINGS,
    "tokenizer.ggml.scores": frozenset({ValueType.F32}),
    "tokenizer.ggml.token_type": INTEGERS,
}


def alignment_of(cursor: Cursor, metadata: Metadata) -> int:
    """Return the alignment of the data section in bytes: u32, a power of two from 8 to 1 MiB."""
    entry = metadata.entry("general.alignment")
    if entry is None:
        return DEFAULT_ALIGNMENT
    field = "key 'general.alignment'"
    value = metadata["general.alignment"]
    if entry.kind is not ValueType.U32 or not isinstance(value, int):
        problem = f"expected u32, found {type_names[entry.kind]}"
        cursor.fail(field, problem, at=entry.offset)
    if not 8 <= value <= 1 << 20 or value & (value - 1):
        problem = f"is {value}, expected a power of two from 8 to 1048576"
        cursor.fail(field, problem, at=entry.offset)
    return value


def check_types(cursor: Cursor, metadata: Metadata) -> None:
    """Raise `GgufError` where a well-known key holds a value of another type."""
    for key, allowed in _SCALARS.items():
        _expect(cursor, key, metadata.entry(key), allowed, scalar=True)
    for key, allowed in _ARRAYS.items():
        _expect(cursor, key, metadata.entry(key), allowed, scalar=False)
    for name, allowed in _OF_ARCHITECTURE.items():
        key = f"{_architecture(metadata)}.{name}"
        entry = metadata.entry(key)
        scalar = not (entry and entry.kind is ValueType.ARRAY and name in _PER_LAYER)
        _expect(cursor, key, entry, allowed, scalar=scalar)


def parts_of(metadata: Metadata) -> int:
    """Return how many files the model is split into, 1 where nothing says so."""
    parts = metadata.get("split.count", 1)
    return parts if isinstance(parts, int) else 1


def check_blocks(cursor: Cursor, metadata: Metadata, tensors: Iterable[str]) -> None:
    """Raise unless the declared number of layers is sane and the layers present are those declared.

    A file without any `blk.N.` tensor (a vocabulary alone) and a part of a split model are not
    judged beyond the bounds.
    """
    key = f"{_architecture(metadata)}.block_count"
    entry = metadata.entry(key)
    if entry is None:
        return
    declared = metadata[key]
    field = f"key {quoted(key)}"
    if not isinstance(declared, int) or not 1 <= declared <= MOST_BLOCKS:
        cursor.fail(field, f"is {declared}, expected 1 to {MOST_BLOCKS}", at=entry.offset)
    found = {int(match[1]) for match in map(_BLOCK.match, tensors) if match}
    if not found or parts_of(metadata) > 1:
        return
    beyond, absent = found - set(range(declared)), set(range(declared)) - found
    if beyond or absent:
        which = f"has no tensor of layer {min(absent)}" if absent else f"has layer {max(beyond)}"
        cursor.fail(field, f"declares {declared} layers, but the file {which}", at=entry.offset)


def _architecture(metadata: Metadata) -> str:
    value = metadata.get("general.architecture")
    return value if isinstance(value, str) else ""


def _expect(
    cursor: Cursor, key: str, entry: Entry | None, allowed: frozenset[ValueType], *, scalar: bool
) -> None:
    if entry is None:
        return
    found = entry.kind if scalar else entry.element
    if found in allowed:
        return
    kinds = "/".join(sorted(type_names[one] for one in allowed))
    wanted = kinds if scalar else f"an array of {kinds}"
    actual = type_names[entry.kind]
    if entry.element is not None:
        actual = f"an array of {type_names[entry.element]}"
    cursor.fail(f"key {quoted(key)}", f"expected {wanted}, found {actual}", at=entry.offset)
