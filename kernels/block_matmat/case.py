"""Cases of products of a stored matrix with several quantised vectors."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.cases import Case, Tolerance, generator
from pv.kernels.layout import LONG, STORED_BYTES, WITH_MINIMUM, Activations, Stored

Bytes = NDArray[np.uint8]

SHAPES = ((1, 1, 1), (3, 1, 4), (2, 3, 5), (17, 2, 2), (33, 5, 9))
"""Rows, blocks of a row, vectors: one of each, whole tiles of four, and rests of them."""


def tolerance(per_row: int) -> Tolerance:
    """Return the bound for any order of at most nine additions a block."""
    return Tolerance(
        4 * per_row + 16,
        "integers are exact; a term passes at most 5 roundings of its own and two additions a "
        "block, and a tree of 8 lanes",
    )


def cases(kind: Stored) -> list[Case]:
    """Return every case of a type; the magnitude is `reference.absolute_terms`."""
    rows, per_row = 5, 2
    largest = random_blocks(f"{kind}-largest", kind, rows, per_row)
    largest[:, :, _quants_of(kind)] = np.array([255, 0, 15, 240, 128], np.uint8)[:, None, None]
    extreme = activations(f"{kind}-extreme", kind, per_row, 3)
    extreme.quants[:] = np.array([127, -127, 127], np.int8)[:, None]
    return [
        *(_case(f"random-{r}x{b}x{t}", kind, (r, b, t)) for r, b, t in SHAPES),
        Case("largest-integers", (kind, largest, _summed(kind, extreme)), tolerance(per_row)),
        Case("no-row", (kind, largest[:0], _summed(kind, extreme)), tolerance(per_row)),
        Case("strided-view", _strided(kind), tolerance(2)),
    ]


def random_blocks(name: str, kind: Stored, rows: int, per_row: int) -> Bytes:
    """Return blocks, uint8 (rows, nb, bytes), whose float16 fields are finite, of both signs."""
    rng = generator(name)
    blocks = rng.integers(0, 256, (rows, per_row, STORED_BYTES[kind]), dtype=np.uint8)
    fields = rng.normal(0, 0.02, (rows, per_row, 2)).astype("<f2").view(np.uint8)
    if kind is Stored.Q6_K:
        blocks[..., 208:] = fields[..., :2]
    else:
        width = 4 if kind in WITH_MINIMUM or kind in LONG else 2
        blocks[..., :width] = fields[..., :width]
    return blocks


def activations(name: str, kind: Stored, per_row: int, tokens: int) -> Activations:
    """Return random vectors whose sums belong to their quants."""
    rng = generator(f"y-{name}")
    values = per_row * (256 if kind in LONG else 32)
    quants = rng.integers(-127, 128, (tokens, values)).astype(np.int8)
    quants[quants == 0] = 1  # a weight that meets 0 would not count
    scale = rng.normal(0, 0.02, (tokens, per_row)).astype(np.float16).astype(np.float32)
    return _summed(kind, Activations(scale, quants, scale))


def _summed(kind: Stored, given: Activations) -> Activations:
    tokens = len(given.scale)
    if kind in LONG:
        sums = given.quants.reshape(tokens, -1, 16).sum(axis=-1, dtype=np.int16)
        return given._replace(sums=sums)
    whole = given.quants.reshape(tokens, -1, 32).sum(axis=-1, dtype=np.int32)
    stored = (given.scale * whole.astype(np.float32)).astype(np.float16)
    return given._replace(sums=stored.astype(np.float32))


def _quants_of(kind: Stored) -> slice:
    """Return where nibbles, bits and bytes of quants stand."""
    starts = {Stored.Q4_1: 4, Stored.Q5_1: 4, Stored.Q4_K: 16, Stored.Q5_K: 16, Stored.Q6_K: 0}
    return slice(starts.get(kind, 2), 192 if kind is Stored.Q6_K else None)


def _case(name: str, kind: Stored, shape: tuple[int, int, int]) -> Case:
    rows, per_row, tokens = shape
    blocks = random_blocks(f"{kind}-{name}", kind, rows, per_row)
    given = activations(f"{kind}-{name}", kind, per_row, tokens)
    return Case(name, (kind, blocks, given), tolerance(per_row))


def _strided(kind: Stored) -> tuple[Stored, Bytes, Activations]:
    blocks = random_blocks(f"{kind}-strided", kind, 6, 4)[::2, ::2]
    return kind, blocks, activations(f"{kind}-strided", kind, 2, 2)
