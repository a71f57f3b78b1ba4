"""Planted faults: a kernel that takes other bytes for its fields, or hands on another scale.

A fault of a reader is planted by moving the bytes that it reads: the kernel itself stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError

Bytes = NDArray[np.uint8]
Change = Callable[[Bytes], Bytes]

READER: dict[str, str] = {
    "nibble_order": "high nibbles are read before low ones",
    "high_bits_dropped": "the upper two bits of the quants are left out",
    "sub_block_shift": "each sub-block takes the scale of the next",
    "sign_dropped": "signed bytes lose their sign",
    "value_shift": "each quant is read one place on",
    "missing_minimum": "the minimum is left out",
    "scale_min_swapped": "the scale is read as minimum and the minimum as scale",
}
"""Faults of reading or writing a block."""


def as_read(blocks: Bytes, kind: str, fault: str | None) -> Bytes:
    """Return blocks, uint8 (..., bytes), as a kernel with a fault of READER would take them.

    Raises:
        UsageError: blocks of this kind have no such field.
    """
    if fault not in READER:
        return blocks
    change = _CHANGES.get((kind, str(fault)))
    if change is None:
        raise UsageError(f"control {fault!r} does not fit format {kind!r}: it has no such field")
    return change(blocks.copy())


def rescaled(blocks: Bytes, factor: float, fields: int) -> Bytes:
    """Return blocks whose first `fields` f16 are multiplied, as far as an f16 holds the result."""
    made = blocks.copy()
    halves = np.ascontiguousarray(made[..., : 2 * fields]).view("<f2").astype(np.float32)
    with np.errstate(over="ignore"):  # infinite fields stay infinite
        made[..., : 2 * fields] = (halves * np.float32(factor)).astype("<f2").view(np.uint8)
    return made


def _nibbles(start: int, stop: int) -> Change:
    def change(blocks: Bytes) -> Bytes:
        part = blocks[..., start:stop]
        blocks[..., start:stop] = (part << 4) | (part >> 4)
        return blocks

    return change


def _roll(start: int, stop: int) -> Change:
    def change(blocks: Bytes) -> Bytes:
        blocks[..., start:stop] = np.roll(blocks[..., start:stop], -1, axis=-1)
        return blocks

    return change


def _mask(start: int, stop: int, bits: int) -> Change:
    def change(blocks: Bytes) -> Bytes:
        blocks[..., start:stop] &= np.uint8(bits)
        return blocks

    return change


def _swap_fields(blocks: Bytes) -> Bytes:
    blocks[..., :4] = np.roll(blocks[..., :4], 2, axis=-1)
    return blocks


_CHANGES: dict[tuple[str, str], Change] = {
    ("q6_K", "nibble_order"): _nibbles(0, 128),
    ("q6_K", "high_bits_dropped"): _mask(128, 192, 0),
    ("q6_K", "sub_block_shift"): _roll(192, 208),
    ("q6_K", "sign_dropped"): _mask(192, 208, 0x7F),
    ("q8_0", "value_shift"): _roll(2, 34),
    ("q8_0", "sign_dropped"): _mask(2, 34, 0x7F),
    ("q8_1", "value_shift"): _roll(4, 36),
    ("q8_1", "sign_dropped"): _mask(4, 36, 0x7F),
    ("q4_1", "nibble_order"): _nibbles(4, 20),
    ("q4_1", "value_shift"): _roll(4, 20),
    ("q4_1", "missing_minimum"): _mask(2, 4, 0),
    ("q4_1", "scale_min_swapped"): _swap_fields,
}
