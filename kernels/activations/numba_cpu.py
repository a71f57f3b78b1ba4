"""Float32 vectors as `Activations` in compiled loops, with the bits of ggml's vector routines.

Short blocks are rounded in one pass, their float16 fields included, where the processor converts
those; elsewhere, and for Q8_K, the compiled quantisers of the single types do it.
"""

from __future__ import annotations

import numpy as np
from numba import types
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.arguments import require_array, require_finite
from pv.kernels.layout import (
    ACTIVATION_TYPES,
    BLOCK_VALUES,
    SHORT_BLOCK_VALUES,
    Activations,
    Rounding,
)
from pv.kernels.processor.numba_compile import compiled, has_vectors
from pv.kernels.processor.numba_floats import as_half
from pv.kernels.q8_0_quantize.numba_cpu import quantize as quantize_q8_0
from pv.kernels.q8_1_quantize.numba_cpu import quantize as quantize_q8_1
from pv.kernels.q8k_quantize.numba_cpu import quantize_ggml

_F = np.float32
_SIGNATURE = types.boolean(
    types.Array(types.float32, 2, "C", readonly=True),
    types.float32[:, ::1],
    types.int8[:, ::1],
    types.float32[:, ::1],
)


def quantize(name: str, x: NDArray[np.float32]) -> Activations:
    """Quantise float32 (tokens, values) to one of `ACTIVATION_TYPES`, in ggml's vector rounding.

    Scales and sums are as the type stores them, float16 in the short types.

    Raises:
        BadInputError: another type, values that are not whole blocks, or a NaN or infinity.
    """
    size = BLOCK_VALUES if name == "q8_k" else SHORT_BLOCK_VALUES
    if name not in ACTIVATION_TYPES or x.ndim != 2 or x.shape[1] % size:
        expected = f"(tokens, n * {size}), one of {', '.join(ACTIVATION_TYPES)}"
        raise BadInputError(f"{name} of shape {x.shape}: expected {expected}")
    if x.dtype != np.float32:
        require_array("activations", x, np.float32, (None, None))
    if name == "q8_k":
        found = quantize_ggml(x.reshape(len(x), -1, size))
        sums = found.bsums.reshape(len(x), -1)
        return Activations(found.scale, found.quants.reshape(x.shape), sums)
    return _in_one_pass(name, x) if has_vectors() else _by_blocks(name, x)


def _in_one_pass(name: str, x: NDArray[np.float32]) -> Activations:
    blocks = (len(x), x.shape[1] // SHORT_BLOCK_VALUES)
    scale, sums = np.empty(blocks, np.float32), np.empty(blocks, np.float32)
    quants = np.empty(x.shape, np.int8)
    if not (x.flags.c_contiguous and x.flags.aligned):
        x = np.ascontiguousarray(x)
    if not _short(x, scale, quants, sums):
        require_finite("activations", x)
    return Activations(scale, quants, scale if name == "q8_0" else sums)


def _by_blocks(name: str, x: NDArray[np.float32]) -> Activations:
    """Quantise where the processor does not convert float16, and take the blocks apart."""
    rounded = quantize_q8_0 if name == "q8_0" else quantize_q8_1
    made = rounded(x.reshape(len(x), -1, SHORT_BLOCK_VALUES), Rounding.AVX2)
    head = made.shape[-1] - SHORT_BLOCK_VALUES
    fields = np.ascontiguousarray(made[..., :head]).view("<f2").astype(np.float32)
    quants = np.ascontiguousarray(made[..., head:]).view(np.int8).reshape(x.shape)
    scale, sums = (np.ascontiguousarray(fields[..., at]) for at in (0, fields.shape[-1] - 1))
    return Activations(scale, quants, sums)


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _short(
    x: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.float32],
) -> bool:
    rounder = _F(12582912.0)  # 1.5 * 2**23: what is added to it loses its fraction, half to even
    bits = x.view(np.int32)  # without their sign they stand in the order of the magnitudes
    for token in range(x.shape[0]):
        for b in range(scale.shape[1]):
            top = np.int32(0)
            for i in range(32 * b, 32 * b + 32):
                top = max(top, bits[token, i] & np.int32(0x7FFFFFFF))
            if top >= np.int32(0x7F800000):  # infinity, and NaN behind it
                return False
            largest = np.int32(top).view(np.float32)
            step = largest / _F(127)
            factor = _F(0) if largest == _F(0) else _F(127) / largest
            lost = np.isinf(factor)  # every product is then cut to -128, and their sum to 0
            total = np.int32(0)
            for i in range(32 * b, 32 * b + 32):
                nearest = np.int32(_F(_F(x[token, i] * factor) + rounder) - rounder)
                quants[token, i] = np.int8(nearest)
                total += nearest
            if lost:
                quants[token, 32 * b : 32 * b + 32] = -128
            scale[token, b] = as_half(step)
            sums[token, b] = _F(0) if lost else as_half(step * _F(total))
    return True
