"""The two ways to multiply with ffn_down that are compared: the same Q4_K weights on both sides.

Path A keeps float32 activations and multiplies with dequantised weights. Path B quantises the
activations to Q8_K and takes integer dot products, as runtimes do. Everything else is that of the
reference engine (`engine_of`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from pv.forward.engine import Engine, Product, reference, replaced
from pv.forward.trunk import Trunk
from pv.kernels.layout import BLOCK_VALUES, Q8K
from pv.kernels.q4k_q8k_matvec.numpy_f32 import Unpacked, unpacked
from pv.kernels.q4k_q8k_matvec.numpy_f32 import product as multiply
from pv.kernels.q8k_quantize.reference import quantize_ggml

Floats = NDArray[np.float32]
Quantizer = Callable[[Floats], Q8K]
"""Activations, float32 (tokens, blocks, 256), to Q8_K."""


def path_a(trunk: Trunk) -> Product:
    """Return the product of float32 activations and dequantised weights."""

    def product(layer: int, inner: Floats) -> Floats:
        return inner @ trunk.ffn_down(layer).T

    return product


def path_b(
    trunk: Trunk,
    quantize: Quantizer = quantize_ggml,
    matrix: Callable[[int], Unpacked] | None = None,
) -> Product:
    """Return the product of Q8_K activations and the file's Q4_K blocks, ggml's Q8_K by default.

    `matrix` returns ffn_down of a layer where somebody keeps it taken apart. The product raises
    `WrongTensorType` where the file stores ffn_down in another type.
    """
    taken_apart = matrix or partial(unpacked_down, trunk)

    def product(layer: int, inner: Floats) -> Floats:
        activations = quantize(inner.reshape(len(inner), -1, BLOCK_VALUES))
        return multiply(taken_apart(layer), activations.scale, activations.quants)

    return product


def unpacked_down(trunk: Trunk, layer: int) -> Unpacked:
    """Return ffn_down of a layer taken apart; raises as the product of `path_b`."""
    return unpacked(trunk.ffn_down_blocks(layer))


def engine_of(trunk: Trunk, product: Product) -> Engine:
    """Return the reference engine with `product` in the place of ffn_down."""
    return replaced(reference(trunk), "ffn_down", product)
