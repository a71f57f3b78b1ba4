"""Float32 to Q8_1, over the compiled loops for Q8_0, with the bytes of ggml's two routines."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.layout import Rounding
from pv.kernels.q8_0_quantize.numba_cpu import rounded


def quantize(x: NDArray[np.float32], rounding: Rounding = Rounding.REFERENCE) -> NDArray[np.uint8]:
    """Quantise float32 (..., 32) to Q8_1 blocks, uint8 (..., 36), bit for bit as ggml.

    Raises:
        BadInputError: wrong dtype or shape, a NaN or infinity, or a rounding that does not exist.
    """
    steps, quants = rounded(x, rounding)
    sums = quants.sum(axis=1, dtype=np.int32)
    # A step too small for its factor: ggml's vector code cuts integers to -128 whose sum is 0.
    sums[(quants == -128).all(axis=1)] = 0
    with np.errstate(over="ignore"):  # beyond f16: stored as infinity, as ggml does
        fields = np.stack([steps, steps * sums.astype(np.float32)], axis=1).astype("<f2")
    blocks = np.concatenate([fields.view(np.uint8), quants.view(np.uint8)], axis=1)
    return blocks.reshape(*x.shape[:-1], 36)
