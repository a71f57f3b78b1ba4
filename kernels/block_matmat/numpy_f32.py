"""Quantised matrix times quantised vectors in NumPy float32, in the order of ggml's AVX2 routines.

All rows advance together: each NumPy operation on floats is one operation of the scalar routine.
Eight lanes hold sums over four neighbours; minima have accumulators of their own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.block_matmat.checks import require_operands
from pv.kernels.fused import multiply_add
from pv.kernels.layout import LONG, STORED_BYTES, WITH_MINIMUM, Activations, Stored

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Ints = NDArray[np.int32]

_ROWS_AT_ONCE = 256
_NIBBLES_AT = {Stored.Q4_0: 2, Stored.Q4_1: 4, Stored.Q5_0: 6, Stored.Q5_1: 8}


def matmat(kind: Stored, blocks: Bytes, activations: Activations) -> Floats:
    """Multiply a matrix, uint8 (rows, nb, bytes), with vectors; float32 (tokens, rows).

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    require_operands(kind, blocks, activations)
    out = np.empty((len(activations.scale), len(blocks)), np.float32)
    part = _long if kind in LONG else _short
    with np.errstate(invalid="ignore", over="ignore"):
        for first in range(0, len(blocks), _ROWS_AT_ONCE):
            rows = slice(first, first + _ROWS_AT_ONCE)
            part(kind, np.ascontiguousarray(blocks[rows]), activations, out[:, rows])
    return out


def _short(kind: Stored, blocks: Bytes, given: Activations, out: Floats) -> None:
    weights = _short_quants(kind, blocks)
    d = _half(blocks, 0)
    for token, quants in enumerate(given.quants):
        lanes = _lanes(weights * quants.reshape(-1, 32).astype(np.int32)).astype(np.float32)
        acc, low = np.zeros((len(blocks), 8), np.float32), np.zeros(len(blocks), np.float32)
        for b, scale in enumerate(given.scale[token]):
            acc = multiply_add((d[:, b] * scale)[:, None], lanes[:, b], acc)
            if kind in WITH_MINIMUM:
                s = np.float32(given.sums[token, b])
                low = multiply_add(_half(blocks, 2)[:, b], np.full_like(low, s), low)
        out[token] = _fold(acc) + low if kind in WITH_MINIMUM else _fold(acc)


def _short_quants(kind: Stored, blocks: Bytes) -> Ints:
    """Return the signed or unsigned quants, int32 (rows, nb, 32)."""
    if kind is Stored.Q8_0:
        return np.ascontiguousarray(blocks[..., 2:]).view(np.int8).astype(np.int32)
    start = _NIBBLES_AT[kind]
    packed = blocks[..., start:]
    quants = np.concatenate([packed & 15, packed >> 4], axis=-1).astype(np.int32)
    if kind in (Stored.Q5_0, Stored.Q5_1):
        high = np.repeat(blocks[..., start - 4 : start], 8, axis=-1)
        quants |= ((high >> np.tile(np.arange(8, dtype=np.uint8), 4)) & 1).astype(np.int32) << 4
    if kind is Stored.Q4_0:
        quants -= 8
    elif kind is Stored.Q5_0:
        quants -= 16
    return quants


def _long(kind: Stored, blocks: Bytes, given: Activations, out: Floats) -> None:
    weights, scales, minima = _q6k(blocks) if kind is Stored.Q6_K else _packed(kind, blocks)
    d = _half(blocks, STORED_BYTES[kind] - 2 if kind is Stored.Q6_K else 0)
    for token in range(len(given.scale)):
        quants = given.quants[token].reshape(1, -1, 8, 2, 16).astype(np.int32)
        sums = given.sums[token].reshape(1, -1, 16).astype(np.int32)
        terms = scales[..., None] * (weights * quants)
        lanes = _lanes(terms.reshape(*blocks.shape[:2], 8, 32).sum(axis=2, dtype=np.int32))
        if kind is Stored.Q6_K:
            offsets = (scales.reshape(*blocks.shape[:2], 16) * sums).reshape(*lanes.shape, 2)
            lanes -= 32 * offsets.sum(axis=-1, dtype=np.int32)
        acc, low = np.zeros((len(blocks), 8), np.float32), np.zeros((len(blocks), 4), np.float32)
        for b, scale in enumerate(given.scale[token]):
            acc = multiply_add((d[:, b] * scale)[:, None], lanes[:, b].astype(np.float32), acc)
            if kind is not Stored.Q6_K:
                factor = (_half(blocks, 2)[:, b] * -scale)[:, None]
                low = multiply_add(factor, _lowered(kind, minima[:, b], sums[0, b]), low)
        out[token] = _fold(acc) if kind is Stored.Q6_K else _fold(acc) + _fold_low(kind, low)


def _lowered(kind: Stored, minima: Ints, sums: Ints) -> Floats:
    """Return minimum times sum of quants in four lanes; for Q5_K all of it in each."""
    products = minima * sums.reshape(8, 2).sum(axis=-1)
    pairs = products.reshape(-1, 4, 2).sum(axis=-1, dtype=np.int32)
    if kind is Stored.Q5_K:
        pairs = np.repeat(pairs.sum(axis=-1, dtype=np.int32)[:, None], 4, axis=1)
    return np.asarray(pairs.astype(np.float32))


def _fold_low(kind: Stored, low: Floats) -> Floats:
    if kind is Stored.Q5_K:
        return np.asarray(low[:, 0])
    return (low[:, 0] + low[:, 2]) + (low[:, 1] + low[:, 3])


def _packed(kind: Stored, blocks: Bytes) -> tuple[Ints, Ints, Ints]:
    """Return quants (rows, nb, 8, 2, 16), scales (rows, nb, 8, 2) and minima (rows, nb, 8)."""
    fields = blocks[..., 4:16].astype(np.int32)
    pair = []
    for half in (0, 4):  # scales, then minima
        source, last = fields[..., half : half + 4], fields[..., 8:] >> half
        pair.append(np.concatenate([source & 63, last & 15 | source >> 6 << 4], axis=-1))
    long = kind is Stored.Q5_K
    nibbles = blocks[..., 48 if long else 16 :].reshape(*blocks.shape[:2], 4, 1, 32)
    quants = np.concatenate([nibbles & 15, nibbles >> 4], axis=-2).astype(np.int32)
    quants = quants.reshape(*blocks.shape[:2], 8, 32)
    if long:
        high = blocks[..., None, 16:48] >> np.arange(8, dtype=np.uint8)[:, None]
        quants |= (high & 1).astype(np.int32) << 4
    scales = np.repeat(pair[0][..., None], 2, axis=-1)
    return quants.reshape(*blocks.shape[:2], 8, 2, 16), scales, pair[1]


def _q6k(blocks: Bytes) -> tuple[Ints, Ints, Ints]:
    """Return q + 32 (rows, nb, 8, 2, 16), scales (rows, nb, 8, 2) and no minima."""
    leading = blocks.shape[:2]
    low = blocks[..., :128].reshape(*leading, 2, 1, 2, 32).astype(np.int32)
    high = blocks[..., 128:192].reshape(*leading, 2, 1, 32).astype(np.int32)
    nibbles = np.concatenate([low & 15, low >> 4], axis=3).reshape(*leading, 2, 4, 32)
    pairs = (high >> np.array([[0], [2], [4], [6]])) & 3
    scales = np.ascontiguousarray(blocks[..., 192:208]).view(np.int8).astype(np.int32)
    quants = (nibbles | pairs << 4).reshape(*leading, 8, 2, 16)
    return quants, scales.reshape(*leading, 8, 2), np.zeros((*leading, 8), np.int32)


def _lanes(terms: Ints) -> Ints:
    """Sum four neighbours of 32: int32 (rows, nb, 8)."""
    return np.asarray(terms.reshape(*terms.shape[:2], 8, 4).sum(axis=-1, dtype=np.int32))


def _half(blocks: Bytes, at: int) -> Floats:
    return np.ascontiguousarray(blocks[..., at : at + 2]).view("<f2")[..., 0].astype(np.float32)


def _fold(acc: Floats) -> Floats:
    half = acc[:, 4:] + acc[:, :4]
    return (half[:, 0] + half[:, 2]) + (half[:, 1] + half[:, 3])
