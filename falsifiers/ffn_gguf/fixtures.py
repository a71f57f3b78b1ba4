"""Inputs of the synthetic falsifiers: formulas of the position, and seeded random blocks.

The formulas are those of the published tests, in float32 with one rounding per operation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Ints = NDArray[np.int64]

_F = np.float32


def activation(token: int) -> Floats:
    """Return ACT(token), float32 (256,): `(i - 128) * 0.05 + ((i mod 7) + token) * 0.01`."""
    i = np.arange(BLOCK_VALUES)
    ramp = (i - 128).astype(_F) * _F(0.05)
    return np.asarray(ramp + ((i % 7) + token).astype(_F) * _F(0.01))


def activation_f64(token: int) -> NDArray[np.float64]:
    """Return the formula of ACT(token) in float64, (256,)."""
    i = np.arange(BLOCK_VALUES)
    return np.asarray((i - 128) * 0.05 + ((i % 7) + token) * 0.01)


def block(row: int, matrix: int) -> Bytes:
    """Return BLK(row, matrix), uint8 (144,): d = 1, dmin = -0.25, packed fields by formula.

    No quantiser writes a negative dmin; a decoder must read it all the same.
    """
    s = (7 * np.arange(12) + 3 + row + 11 * matrix) % 256
    q = (13 * np.arange(128) + 17 + 3 * row + 19 * matrix) % 256
    made = np.empty(Q4K_BYTES, dtype=np.uint8)
    made[4:16] = s
    made[16:] = q
    return with_scales(made, _F(1.0), _F(-0.25))


def matrix(index: int, rows: int) -> Bytes:
    """Return matrix `index` of the feed-forward, uint8 (rows, 1, 144): row r is BLK(r, index)."""
    return np.stack([block(row, index) for row in range(rows)])[:, None, :]


def with_scales(blocks: Bytes, d: Any, dmin: Any) -> Bytes:
    """Return a copy of blocks (..., 144) with other super-scales, rounded to f16."""
    made = np.array(blocks, dtype=np.uint8)
    leading = made.shape[:-1]
    halves = np.stack([np.broadcast_to(d, leading), np.broadcast_to(dmin, leading)], axis=-1)
    made[..., :4] = np.ascontiguousarray(halves.astype("<f2")).view(np.uint8).reshape(*leading, 4)
    return made


def pack_fields(scales: Ints, minima: Ints) -> Bytes:
    """Pack eight 6-bit scales and minima, integers (..., 8), into the 12 bytes of a block."""
    low, high = slice(0, 4), slice(4, 8)
    packed = np.concatenate(
        [
            scales[..., low] | ((scales[..., high] >> 4) << 6),
            minima[..., low] | ((minima[..., high] >> 4) << 6),
            (scales[..., high] & 15) | ((minima[..., high] & 15) << 4),
        ],
        axis=-1,
    )
    return packed.astype(np.uint8)


def symmetric_blocks(generator: np.random.Generator, rows: int) -> Bytes:
    """Return random blocks, uint8 (rows, 1, 144), whose weights have mean zero.

    `w = d * sc * (q - 7.5)` with d = 2^-10, since dmin is 7.5 d and both 6-bit fields are equal:
    sums over rows then scatter independently.
    """
    fields = generator.integers(1, 64, size=(rows, 1, 8))
    made = np.empty((rows, 1, Q4K_BYTES), dtype=np.uint8)
    made[..., 4:16] = pack_fields(fields, fields)
    made[..., 16:] = generator.integers(0, 256, size=(rows, 1, 128))
    return with_scales(made, 2.0**-10, 7.5 * 2.0**-10)


def random_blocks(generator: np.random.Generator, rows: int) -> Bytes:
    """Return random blocks, uint8 (rows, 1, 144), with finite super-scales of either sign."""
    made = generator.integers(0, 256, size=(rows, 1, Q4K_BYTES), dtype=np.uint8)
    made[..., 1] &= 0xBF  # clearing the top exponent bit keeps |d| below 2 and finite
    made[..., 3] &= 0xBF
    return made


def varied_blocks(count: int, seed: int) -> Bytes:
    """Return random blocks, uint8 (count, 1, 144), every eighth with subnormal super-scales.

    The first eight hold each 6-bit scale and each minimum once, so that none is left untested.
    """
    generator = np.random.default_rng(seed)
    drawn = random_blocks(generator, count)
    every = [generator.permutation(64).reshape(8, 8) for _ in ("scales", "minima")]
    drawn[:8, 0, 4:16] = pack_fields(every[0], every[1])
    drawn[::8, :, 1] &= 0x83  # clears the exponent
    drawn[::8, :, 3] &= 0x83
    return drawn


def cyclic(count: int, form: Mapping[str, Any]) -> Floats:
    """Return `((factor * k) mod modulus - centre) * step` for k = 0 .. count - 1, float32."""
    k = np.arange(count)
    level = (int(form["factor"]) * k) % int(form["modulus"]) - int(form["centre"])
    return np.asarray(level.astype(_F) * _F(form["step"]))


def dot_vectors(length: int) -> tuple[Floats, Floats]:
    """Return the two vectors of the reduction-order question, float32 (length,)."""
    i = np.arange(length)
    a = (i - 64).astype(_F) * _F(0.1) + (i % 7).astype(_F) * _F(0.013)
    b = (_F(0.7) * i.astype(_F) - _F(50)) * _F(0.05) + (i % 11).astype(_F) * _F(0.011)
    return a, b
