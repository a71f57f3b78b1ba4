"""Planted faults in the quantiser of activations: each changes one operation of the sound one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import Q8K, SUB_BLOCK_VALUES, SUB_BLOCKS

Floats = NDArray[np.float32]
Quantizer = Callable[[Floats], Q8K]
"""Activations, float32 (..., 256), to Q8_K."""

FAULTS = {
    "floor_for_round": "quants are rounded down instead of to the nearest",
    "scale_times_1_10": "the stored scale is 1.10 times too large",
    "four_bit_activations": "15 levels instead of 255",
    "swapped_sub_blocks": "low nibbles meet the activations of high nibbles, and the reverse",
}
"""Name of each fault and what it changes."""


def faulty(sound: Quantizer, fault: str) -> Quantizer:
    """Return `sound` with one of FAULTS planted; raises KeyError for any other name."""
    return {
        "floor_for_round": _floor,
        "scale_times_1_10": _scale,
        "four_bit_activations": _four_bits,
        "swapped_sub_blocks": _swap,
    }[fault](sound)


def _floor(sound: Quantizer) -> Quantizer:
    def quantize(x: Floats) -> Q8K:
        found = sound(x)
        return _with_quants(found, np.floor(_over(x, found.scale)))

    return quantize


def _scale(sound: Quantizer) -> Quantizer:
    def quantize(x: Floats) -> Q8K:
        found = sound(x)
        return found._replace(scale=found.scale * np.float32(1.10))

    return quantize


def _four_bits(sound: Quantizer) -> Quantizer:
    def quantize(x: Floats) -> Q8K:
        found = sound(x)
        coarse = found.scale * np.float32(127.0 / 7.0)
        return _with_quants(found, np.rint(_over(x, coarse)))._replace(scale=coarse)

    return quantize


def _swap(sound: Quantizer) -> Quantizer:
    def quantize(x: Floats) -> Q8K:
        found = sound(x)
        pairs = found.quants.reshape(*x.shape[:-1], SUB_BLOCKS // 2, 2, SUB_BLOCK_VALUES)
        return _with_quants(found, pairs[..., ::-1, :].reshape(x.shape))

    return quantize


def _over(x: Floats, scale: Floats) -> Floats:
    """Return x / scale; a block of zeros has no scale and stays zero."""
    divisor = np.where(scale == 0, np.float32(1.0), scale)
    return np.asarray(x / divisor[..., None])


def _with_quants(found: Q8K, quants: NDArray[np.number]) -> Q8K:
    """Return the block with other quants and the sums that belong to them."""
    whole = np.clip(quants, -128, 127).astype(np.int8)
    groups = whole.reshape(*found.bsums.shape, -1)
    return Q8K(found.scale, whole, groups.sum(axis=-1, dtype=np.int16))
