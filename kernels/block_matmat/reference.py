"""Quantised matrix times quantised vectors in NumPy float64, over exact integers.

Blocks are read as records of their fields; every stored type has the same form: a value is
`step * q + low`, with one step and one low for each group of values.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import LONG, WITH_MINIMUM, Activations, Stored

Wide = NDArray[np.float64]
Bytes = NDArray[np.uint8]

_HALF = np.dtype("<f2")
_RECORDS = {
    Stored.Q4_0: np.dtype([("d", _HALF), ("q", "u1", 16)]),
    Stored.Q4_1: np.dtype([("d", _HALF), ("m", _HALF), ("q", "u1", 16)]),
    Stored.Q5_0: np.dtype([("d", _HALF), ("h", "u1", 4), ("q", "u1", 16)]),
    Stored.Q5_1: np.dtype([("d", _HALF), ("m", _HALF), ("h", "u1", 4), ("q", "u1", 16)]),
    Stored.Q8_0: np.dtype([("d", _HALF), ("q", "i1", 32)]),
    Stored.Q4_K: np.dtype([("d", _HALF), ("m", _HALF), ("s", "u1", 12), ("q", "u1", 128)]),
    Stored.Q5_K: np.dtype(
        [("d", _HALF), ("m", _HALF), ("s", "u1", 12), ("h", "u1", 32), ("q", "u1", 128)]
    ),
    Stored.Q6_K: np.dtype([("q", "u1", 128), ("h", "u1", 64), ("s", "i1", 16), ("d", _HALF)]),
}


class Groups(NamedTuple):
    """A matrix as groups of values that share a step; float64 but for the integers."""

    step: Wide
    """(rows, groups)."""
    quants: NDArray[np.int64]
    """(rows, groups, values of a group)."""
    low: Wide
    """What is added to each value, (rows, groups)."""


def matmat(kind: Stored, blocks: Bytes, activations: Activations) -> Wide:
    """Multiply a matrix, uint8 (rows, nb, bytes), with vectors; float64 (tokens, rows).

    Integer sums are exact. The minimum of a Q4_1 or Q5_1 block meets the stored sum of its Q8_1
    activations, that of a K-quant the sum of their quants.
    """
    groups = groups_of(kind, blocks)
    return _sum(kind, groups, activations, magnitude=False)


def absolute_terms(kind: Stored, blocks: Bytes, activations: Activations) -> Wide:
    """Return the sum of |terms| of each element, float64 (tokens, rows)."""
    return _sum(kind, groups_of(kind, blocks), activations, magnitude=True)


def _sum(kind: Stored, groups: Groups, given: Activations, *, magnitude: bool) -> Wide:
    tokens, size = len(given.scale), groups.quants.shape[-1]
    y = given.quants.astype(np.int64).reshape(tokens, -1, size)
    scale = np.repeat(given.scale.astype(np.float64), y.shape[1] // given.scale.shape[1], axis=1)
    lows = given.sums.astype(np.float64) if kind in WITH_MINIMUM else y.sum(axis=-1) * scale
    step, quants, low = groups
    if magnitude:
        step, low, scale, lows = (np.abs(each) for each in (step, low, scale, lows))
        quants, y = np.abs(quants), np.abs(y)
    with np.errstate(invalid="ignore", over="ignore"):
        sums = np.einsum("rgv,tgv->trg", quants, y)
        return np.asarray((step * sums * scale[:, None] + low * lows[:, None]).sum(axis=-1))


def groups_of(kind: Stored, blocks: Bytes) -> Groups:
    """Read the fields of a matrix, uint8 (rows, nb, bytes)."""
    fields = np.ascontiguousarray(blocks).view(_RECORDS[kind])[..., 0]
    step = fields["d"].astype(np.float64)
    if kind is Stored.Q6_K:
        return _q6k(fields, step)
    if kind in LONG:
        return _packed_scales(kind, fields, step)
    if kind is Stored.Q8_0:
        quants = fields["q"].astype(np.int64)
    else:
        quants = np.concatenate([fields["q"] % 16, fields["q"] // 16], axis=-1).astype(np.int64)
    if kind in (Stored.Q5_0, Stored.Q5_1):
        quants += 16 * np.unpackbits(fields["h"], axis=-1, bitorder="little").astype(np.int64)
    centre = {Stored.Q4_0: 8, Stored.Q5_0: 16}.get(kind, 0)
    low = fields["m"].astype(np.float64) if kind in WITH_MINIMUM else np.zeros_like(step)
    return Groups(step, quants - centre, low)


def _packed_scales(kind: Stored, fields: NDArray[np.void], d: Wide) -> Groups:
    """Eight groups of 32, their scales and minima packed into six bits each."""
    s = fields["s"].astype(np.int64)
    first, second, third = s[..., :4], s[..., 4:8], s[..., 8:]
    scales = np.concatenate([first % 64, third % 16 + 16 * (first // 64)], axis=-1)
    minima = np.concatenate([second % 64, third // 16 + 16 * (second // 64)], axis=-1)
    pairs = fields["q"].reshape(*d.shape, 4, 32).astype(np.int64)
    quants = np.stack([pairs % 16, pairs // 16], axis=-2).reshape(*d.shape, 8, 32)
    if kind is Stored.Q5_K:
        bits = np.unpackbits(fields["h"][..., None], axis=-1, bitorder="little")
        quants = quants + 16 * np.moveaxis(bits, -1, -2).astype(np.int64)
    low = -fields["m"].astype(np.float64)[..., None] * minima
    return Groups(*_flat(d[..., None] * scales, quants, low))


def _q6k(fields: NDArray[np.void], d: Wide) -> Groups:
    """Sixteen groups of 16, quants from -32 to 31 in four and two bits."""
    lows = fields["q"].reshape(*d.shape, 2, 64).astype(np.int64)
    highs = fields["h"].reshape(*d.shape, 2, 1, 32).astype(np.int64)
    nibbles = np.stack([lows % 16, lows // 16], axis=-2).reshape(*d.shape, 2, 4, 32)
    pairs = highs // np.array([1, 4, 16, 64])[:, None] % 4
    quants = (nibbles + 16 * pairs - 32).reshape(*d.shape, 16, 16)
    step = d[..., None] * fields["s"]
    return Groups(*_flat(step, quants, np.zeros_like(step)))


def _flat(step: Wide, quants: NDArray[np.int64], low: Wide) -> tuple[Wide, NDArray[np.int64], Wide]:
    rows, per_row, of_block, size = quants.shape
    groups = per_row * of_block
    flat = (rows, groups)
    return step.reshape(flat), quants.reshape(*flat, size), low.reshape(flat)
