"""Matrix products on CUDA over sizes and grids, with inputs whose exact result float32 holds.

With scales of 1 and small integers every partial sum is an integer below 2**24, so that any order
of additions gives the same bits, and one wrong index another integer.

    NUMBA_ENABLE_CUDASIM=1 python -m tests.kernels.cuda_sizes few
    python -m tests.kernels.cuda_sizes all
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
import warnings

import numpy as np

from pv.kernels.cases import generator
from pv.kernels.layout import (
    Q4_1_BYTES,
    Q6K_BYTES,
    Q6K_D_AT,
    Q6K_SCALES_AT,
    Q8_0_BYTES,
    Q8K,
)
from tests.kernels.agreement import same_bits
from tests.kernels.patient_simulator import wait_patiently

FEW = ((1, 1), (2, 17), (3, 5))
"""Rows x blocks a row for the simulator: one row left over, blocks left over, shared rows."""
ROWS, PER_ROW = (1, 2, 3, 64, 129, 257), (1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 32, 33)
ALL = tuple(itertools.product(ROWS, PER_ROW))
GRIDS = {"few": (1,), "all": (None, 1, 2, 7, 64, 2048)}
"""Thread blocks: as many as needed, one that strides over all rows, uneven ones, idle ones."""
EXACT = 2**24
ONE = np.ones(1, "<f2").view(np.uint8)


def q4k(rng, rows, per_row):
    """Blocks with d = dmin = 1: weights are whole numbers of at most 945."""
    blocks = rng.integers(0, 256, (rows, per_row, 144)).astype(np.uint8)
    blocks[..., :4] = np.tile(ONE, 2)
    return blocks


def whole_numbers(rng, per_row, largest):
    """Small integers, the largest ones whose sum of products cannot leave float32."""
    bound = max(1, EXACT // (largest * 256 * per_row))
    return rng.integers(-min(bound, 127), min(bound, 127) + 1, (per_row, 256))


def q8k(numbers):
    """The numbers as activations of scale 1."""
    quants = numbers.astype(np.int8)
    sums = quants.reshape(-1, 16, 16).sum(axis=-1, dtype=np.int16)
    return Q8K(np.ones(len(quants), np.float32), quants, sums)


def q4k_q8k_matvec(rng, rows, per_row):
    return q4k(rng, rows, per_row), q8k(whole_numbers(rng, per_row, 63 * 16))


def q4k_f32_matvec(rng, rows, per_row):
    return q4k(rng, rows, per_row), whole_numbers(rng, per_row, 945).astype(np.float32).ravel()


def q6k_q8k_matvec(rng, rows, per_row):
    blocks = rng.integers(0, 256, (rows, per_row, Q6K_BYTES)).astype(np.uint8)
    scales = rng.integers(-7, 8, (rows, per_row, 16)).astype(np.int8)
    blocks[..., Q6K_SCALES_AT:Q6K_D_AT] = scales.view(np.uint8)
    blocks[..., Q6K_D_AT:] = ONE
    return blocks, q8k(whole_numbers(rng, per_row, 7 * 96))


def short_blocks(rng, shape, fields):
    """Blocks of 32 values behind so many float16 that are 1."""
    blocks = rng.integers(0, 256, shape).astype(np.uint8)
    blocks[..., : 2 * fields] = np.tile(ONE, fields)
    return blocks


def q8_0_q8_0_matvec(rng, rows, per_row):
    activation = short_blocks(rng, (per_row, Q8_0_BYTES), 1)
    activation[:, 2:] &= 15
    return short_blocks(rng, (rows, per_row, Q8_0_BYTES), 1), activation


def q4_1_q8_1_matvec(rng, rows, per_row):
    quants = rng.integers(-63, 64, (per_row, 32)).astype(np.int8)  # whose sum float16 holds
    sums = quants.sum(axis=1, keepdims=True).astype("<f2")
    fields = np.concatenate([np.ones_like(sums), sums], axis=1).view(np.uint8)
    activation = np.concatenate([fields, quants.view(np.uint8)], axis=1)
    return short_blocks(rng, (rows, per_row, Q4_1_BYTES), 2), activation


PRODUCTS = {
    each.__name__: each
    for each in (q4k_q8k_matvec, q4k_f32_matvec, q6k_q8k_matvec, q8_0_q8_0_matvec, q4_1_q8_1_matvec)
}
"""Folder of the product, and what makes its arguments."""


def unaligned(array):
    """The same array one byte off any alignment."""
    room = np.empty(array.nbytes + 1, np.uint8)
    moved = room[1:].view(array.dtype) if array.dtype.itemsize == 1 else None
    if moved is None:
        moved = np.ndarray(array.shape, array.dtype, buffer=room.data, offset=1)
    moved = moved.reshape(array.shape)
    moved[...] = array
    return moved


def sizes(folder, which):
    """Rows and blocks a row; where blocks hold 32 values, eight times as many, less one."""
    longer = folder in ("q8_0_q8_0_matvec", "q4_1_q8_1_matvec")
    chosen = {"few": FEW, "all": ALL}[which]
    return [(rows, 8 * per_row - 1 if longer else per_row) for rows, per_row in chosen]


def problems(folder, rows, per_row, grids):
    """Yield what differs from the exact integers by grid, an empty text where nothing does."""
    kernel = importlib.import_module(f"pv.kernels.{folder}.numba_cuda")
    reference = importlib.import_module(f"pv.kernels.{folder}.reference")
    arguments = PRODUCTS[folder](generator(f"{folder}-{rows}x{per_row}"), rows, per_row)
    wide = getattr(reference, "matvec_f64", reference.matvec)
    exact, terms = wide(*arguments), reference.absolute_terms(*arguments)
    assert terms.max() <= EXACT
    assert np.array_equal(exact, np.rint(exact))
    expected = exact.astype(np.float32)
    for grid in grids:
        yield f"grid {grid}", same_bits(expected, kernel.matvec(*arguments, grid=grid))
    moved = kernel.matvec(unaligned(arguments[0]), *arguments[1:])
    yield "unaligned", same_bits(expected, moved)


def main(which):
    wait_patiently()
    warnings.simplefilter("ignore", RuntimeWarning)  # the simulator's scalars warn at overflow
    found = {
        f"{folder} {rows}x{per_row} {name}": text
        for folder in PRODUCTS
        for rows, per_row in sizes(folder, which)
        for name, text in problems(folder, rows, per_row, GRIDS[which])
    }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
