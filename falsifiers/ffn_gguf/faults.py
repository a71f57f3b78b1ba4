"""Planted faults: path B, or a decoder, with exactly one operation changed.

A fault of the decoder is planted by moving the bytes that it reads: the kernel itself stays as it
is, and reads what a faulty one would have taken for its fields.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.fixtures import pack_fields
from pv.kernels.layout import Q8K
from pv.kernels.q4k_dequantize.reference import sub_scales
from pv.kernels.q8k_quantize.reference import quantize_rust

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

DECODER: dict[str, str] = {
    "nibble_order": "high nibbles are read before low ones",
    "scale_min_swapped": "the 6-bit scale is read as minimum and the minimum as scale",
    "missing_minimum": "the minimum term is left out",
    "sub_block_shift": "each sub-block takes the scale and minimum of the next",
}
"""Faults of reading a Q4_K block."""

ACTIVATION: dict[str, str] = {
    "floor_activation": "activations are rounded down instead of to the nearest",
}
"""Faults of quantising an activation."""

COARSE: dict[str, str] = {"coarse_scale": "three bits of the block scale's fraction are kept"}


def _swap_nibbles(blocks: Bytes) -> Bytes:
    blocks[..., 16:] = (blocks[..., 16:] << 4) | (blocks[..., 16:] >> 4)
    return blocks


def _swap_fields(blocks: Bytes) -> Bytes:
    fields = blocks[..., 4:16].copy()
    blocks[..., 4:8], blocks[..., 8:12] = fields[..., 4:8], fields[..., 0:4]
    blocks[..., 12:16] = (fields[..., 8:] << 4) | (fields[..., 8:] >> 4)
    return blocks


def _drop_minimum(blocks: Bytes) -> Bytes:
    blocks[..., 2:4] = 0
    return blocks


def _shift_fields(blocks: Bytes) -> Bytes:
    scales, minima = (np.roll(each.astype(np.int64), -1, axis=-1) for each in sub_scales(blocks))
    blocks[..., 4:16] = pack_fields(scales, minima)
    return blocks


def _coarsen(blocks: Bytes) -> Bytes:
    blocks[..., 0] &= 0x80  # an f16 holds 10 fraction bits: the low 7 stand here
    return blocks


_BLOCKS: dict[str, Callable[[Bytes], Bytes]] = {
    "nibble_order": _swap_nibbles,
    "scale_min_swapped": _swap_fields,
    "missing_minimum": _drop_minimum,
    "sub_block_shift": _shift_fields,
    "coarse_scale": _coarsen,
}


def blocks_as_read(blocks: Bytes, fault: str | None) -> Bytes:
    """Return blocks (..., 144) as a decoder with the fault would read them."""
    damage = _BLOCKS.get(fault or "")
    return damage(blocks.copy()) if damage else blocks


def quantize(x: Floats, fault: str | None) -> Q8K:
    """Quantise float32 (..., 256) in the upstream Rust convention, or with the fault."""
    sound = quantize_rust(x)
    if fault != "floor_activation":
        return sound
    inverse = np.float32(1.0) / sound.scale[..., None]
    quants = np.clip(np.floor(x * inverse), -128, 127).astype(np.int8)
    return sound._replace(quants=quants)
