"""Float32 vectors as `Activations` in compiled loops, with the bits of ggml's vector routines.

Short blocks are rounded in one pass, their float16 fields included, where the processor converts
those; elsewhere, and for Q8_K, the compiled quantisers of the single types do it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.activations.reference import NAMES
from pv.kernels.activations.reference import quantize as plain
from pv.kernels.arguments import require_array, require_finite
from pv.kernels.layout import BLOCK_VALUES, SHORT_BLOCK_VALUES, Activations
from pv.kernels.processor.numba_compile import compiled, has_vectors
from pv.kernels.q8k_quantize.numba_cpu import quantize_ggml

_F = np.float32
_SIGNATURE = types.boolean(
    types.Array(types.float32, 2, "C", readonly=True),
    types.float32[:, ::1],
    types.int8[:, ::1],
    types.float32[:, ::1],
)


def quantize(name: str, x: NDArray[np.float32]) -> Activations:
    """Quantise float32 (tokens, values) to q8_k, q8_0 or q8_1, in ggml's vector rounding.

    Scales and sums are as the type stores them, float16 in the short types.

    Raises:
        BadInputError: another type, values that are not whole blocks, or a NaN or infinity.
    """
    size = BLOCK_VALUES if name == "q8_k" else SHORT_BLOCK_VALUES
    if name not in NAMES or x.ndim != 2 or x.shape[1] % size:
        return plain(name, x)  # says what is wrong
    if x.dtype != np.float32:
        require_array("activations", x, np.float32, (None, None))
    tokens = len(x)
    if name == "q8_k":
        found = quantize_ggml(x.reshape(tokens, -1, size))
        sums = found.bsums.reshape(len(x), -1)
        return Activations(found.scale, found.quants.reshape(x.shape), sums)
    if not has_vectors():
        return plain(name, x)
    made = Activations(
        np.empty((tokens, x.shape[1] // size), np.float32),
        np.empty(x.shape, np.int8),
        np.empty((tokens, x.shape[1] // size), np.float32),
    )
    if not (x.flags.c_contiguous and x.flags.aligned):
        x = np.ascontiguousarray(x)
    if not _short(x, *made):
        require_finite("activations", x)
        raise BadInputError("activations: are not finite")
    return made._replace(sums=made.scale) if name == "q8_0" else made


@intrinsic
def _as_half(_context: Any, _value: Any) -> Any:
    """Return a float32 as float16 holds it."""

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        return builder.fpext(builder.fptrunc(operands[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.float32), generate


@compiled(_SIGNATURE, error_model="numpy", nogil=True)
def _short(
    x: NDArray[np.float32],
    scale: NDArray[np.float32],
    quants: NDArray[np.int8],
    sums: NDArray[np.float32],
) -> bool:
    rounder = _F(12582912.0)  # 1.5 * 2**23: what is added to it loses its fraction, half to even
    for token in range(x.shape[0]):
        for b in range(scale.shape[1]):
            largest, broken = _F(0), _F(0)
            for i in range(32 * b, 32 * b + 32):
                largest = max(largest, abs(x[token, i]))
                broken += x[token, i] * _F(0)  # NaN where anything is not finite
            if broken != _F(0):
                return False
            step = largest / _F(127)
            factor = _F(0) if largest == _F(0) else _F(127) / largest
            lost = np.isinf(factor)  # every product is then cut to -128, and their sum to 0
            total = np.int32(0)
            for i in range(32 * b, 32 * b + 32):
                nearest = np.int32(_F(_F(x[token, i] * factor) + rounder) - rounder)
                quants[token, i] = np.int8(-128) if lost else np.int8(nearest)
                total += nearest
            scale[token, b] = _as_half(step)
            sums[token, b] = _F(0) if lost else _as_half(step * _F(total))
    return True
