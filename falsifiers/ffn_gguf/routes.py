"""Path A and path B through Q4_K weights, path B with an optional planted fault."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.arithmetic import UNIT, normalise
from pv.kernels.layout import BLOCK_VALUES, Order
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.kernels.q4k_f32_matvec.reference import absolute_terms as terms_a
from pv.kernels.q4k_f32_matvec.reference import matvec as multiply_a
from pv.kernels.q4k_q8k_matvec.reference import absolute_terms as terms_b
from pv.kernels.q4k_q8k_matvec.reference import matvec as multiply_b
from pv.kernels.q8k_quantize.reference import quantize_rust

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Wide = NDArray[np.float64]


def path_a(blocks: Bytes, x: Floats) -> Floats:
    """Multiply dequantised rows, uint8 (rows, nb, 144), with float32 (nb * 256,)."""
    return multiply_a(blocks, x)


def path_b(
    blocks: Bytes, x: Floats, fault: str | None = None, order: Order = Order.SEQUENTIAL
) -> Floats:
    """Multiply rows with the activation in 8 bits, integers first; float32 (rows,)."""
    quantized = faults.quantize(x.reshape(-1, BLOCK_VALUES), fault)
    return multiply_b(faults.blocks_as_read(blocks, fault), quantized, order)


def difference_bound(blocks: Bytes, x: Floats) -> Wide:
    """Return the largest |A - B| that quantising x and rounding explain, float64 (rows,).

    `(s/2) sum|w|` for the activation, whose rounding to a step costs up to three more roundings at
    127 steps, plus the rounding of both reductions; the terms stand in the contract's
    `difference_bound`.
    """
    quantized = quantize_rust(x.reshape(-1, BLOCK_VALUES))
    weights = np.abs(dequantize(blocks)).sum(axis=-1, dtype=np.float64)
    steps = (quantized.scale.astype(np.float64) * weights).sum(axis=-1)
    return np.asarray((0.5 + 3 * 127 * UNIT) * steps + rounding_bound(blocks, x))


def rounding_bound(blocks: Bytes, x: Floats) -> Wide:
    """Return how far rounding can move A - B, float64 (rows,)."""
    quantized = quantize_rust(x.reshape(-1, BLOCK_VALUES))
    of_a = UNIT * (x.size + 1) * terms_a(blocks, x)
    of_b = UNIT * 16 * terms_b(blocks, quantized)
    return np.asarray(of_a + of_b)


def feed_a(matrices: Sequence[Bytes], x: Floats) -> list[Floats]:
    """Run path A through square matrices, normalised after each; one float32 (rows,) a depth."""
    outputs = []
    for each in matrices:
        x = normalise(path_a(each, x))
        outputs.append(x)
    return outputs


def feed_b(matrices: Sequence[Bytes], x: Floats, fault: str | None = None) -> list[Floats]:
    """Run path B through square matrices, normalised after each; one float32 (rows,) a depth."""
    outputs = []
    for each in matrices:
        x = normalise(path_b(each, x, fault))
        outputs.append(x)
    return outputs
