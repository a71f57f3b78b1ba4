"""The Q4_K x Q8_K product: float orders against the exact one, back-ends against each other.

The reference is written here: fields read bit by bit, exact Python integers, scales applied in
float64.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.fixtures import random_blocks
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import scalar_forms
from pv.kernels.layout import Q8K, Order
from pv.kernels.q4k_f32_matvec import numba_cpu as float_numba
from pv.kernels.q4k_f32_matvec import reference as float_numpy
from pv.kernels.q4k_q8k_matvec import numba_cpu, reference
from pv.kernels.q8k_quantize.reference import quantize_ggml
from pv.model.measurement import Measurements

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

CONTROLS: dict[str, str] = {
    **faults.DECODER,
    "scale_ten_percent": "the scale of the activation is multiplied by 1.1",
    "nibble_order_of_numba": "high nibbles are read before low ones, by Numba alone",
    "one_order": "the sums of every order are taken in the first one",
}


def agreement(run: Run) -> Measurements:
    """Measure every order against the exact product, and count bits in which back-ends differ."""
    fault = known_fault(run, CONTROLS)
    rows, per_row = int(run.parameter("rows")), int(run.parameter("blocks_per_row"))
    seed = int(run.parameter("seed"))
    blocks, x = run.once("inputs", lambda: _inputs(rows, per_row, seed))
    activation = quantize_ggml(x)
    exact, size, sums = run.once("exact", lambda: _exact(blocks, activation))
    read = faults.blocks_as_read(blocks, fault)
    used = activation
    if fault == "scale_ten_percent":
        used = activation._replace(scale=activation.scale * np.float32(1.1))

    other = (
        faults.blocks_as_read(read, "nibble_order") if fault == "nibble_order_of_numba" else read
    )
    orders = [Order.SEQUENTIAL] * len(Order) if fault == "one_order" else list(Order)
    outputs = np.stack([reference.matvec(read, used, order) for order in orders])
    rivals = np.stack([numba_cpu.matvec(other, used, order) for order in orders])
    floats = float_numpy.matvec(read, x.ravel()), float_numba.matvec(other, x.ravel())
    bound = (8 * per_row + 12) * UNIT * size
    found = reference.integer_sums(read, used).products

    over = sample("random rows", (len(Order), rows), "none")
    return Measurements(
        metrics=(
            metric("integer_mismatches", (found != sums).sum(), COUNT, over),
            metric("error_over_bound", (np.abs(outputs - exact) / bound).max(), RATIO, over),
            metric("backend_mismatches", _differing(outputs, rivals), COUNT, over),
            metric("float_path_mismatches", _differing(*floats), COUNT, over),
            metric("rows_where_orders_differ", (np.ptp(outputs, axis=0) > 0).sum(), COUNT, over),
        ),
        seeds={"inputs": seed},
    )


def _inputs(rows: int, per_row: int, seed: int) -> tuple[Bytes, Floats]:
    """Return blocks, uint8 (rows, per_row, 144), and activations, float32 (per_row, 256)."""
    generator = np.random.default_rng(seed)
    blocks = random_blocks(generator, rows * per_row).reshape(rows, per_row, 144)
    return blocks, generator.standard_normal((per_row, 256)).astype(np.float32)


def _differing(one: Floats, other: Floats) -> int:
    return int((one.view(np.uint32) != other.view(np.uint32)).sum())


def _exact(blocks: Bytes, activation: Q8K) -> tuple[Wide, Wide, NDArray[np.int64]]:
    """Return products and sums of |terms|, float64 (rows,), and integer sums (rows, nb, 8)."""
    rows, per_row = blocks.shape[:2]
    product, size = np.zeros(rows), np.zeros(rows)
    sums = np.zeros((rows, per_row, 8), dtype=np.int64)
    quants = activation.quants.astype(int).tolist()
    for row in range(rows):
        for place in range(per_row):
            read = scalar_forms.fields(blocks[row, place].tobytes())
            scale, y = float(activation.scale[place]), quants[place]
            for j in range(8):
                part = range(32 * j, 32 * j + 32)
                total = sum(read.nibbles[i] * y[i] for i in part)
                sums[row, place, j] = total
                step, offset = read.d * read.scales[j], read.dmin * read.minima[j]
                product[row] += scale * (step * total - offset * sum(y[i] for i in part))
                magnitude = sum(read.nibbles[i] * abs(y[i]) for i in part)
                low = sum(abs(y[i]) for i in part)
                size[row] += abs(scale) * (abs(step) * magnitude + abs(offset) * low)
    return product, size, sums
