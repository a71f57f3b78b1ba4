"""Float32 vectors as `Activations` in NumPy, over the reference quantisers of each type."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.kernels.layout import (
    ACTIVATION_TYPES,
    BLOCK_VALUES,
    SHORT_BLOCK_VALUES,
    Activations,
    Rounding,
)
from pv.kernels.q8_0_quantize.reference import quantize as quantize_q8_0
from pv.kernels.q8_1_quantize.reference import quantize as quantize_q8_1
from pv.kernels.q8k_quantize.reference import quantize_ggml


def quantize(name: str, x: NDArray[np.float32]) -> Activations:
    """Quantise float32 (tokens, values) to one of `ACTIVATION_TYPES`, in ggml's vector rounding.

    Scales and sums are as the type stores them, float16 in the short types.

    Raises:
        BadInputError: another type, values that are not whole blocks, or a NaN or infinity.
    """
    size = BLOCK_VALUES if name == "q8_k" else SHORT_BLOCK_VALUES
    if name not in ACTIVATION_TYPES or x.ndim != 2 or x.shape[1] % size:
        raise BadInputError(
            f"activations {name!r}: found shape {x.shape}, expected (tokens, whole blocks of"
            f" {size}) and one of {', '.join(ACTIVATION_TYPES)}"
        )
    blocks = x.reshape(len(x), -1, size)
    if name == "q8_k":
        found = quantize_ggml(blocks)
        sums = found.bsums.reshape(len(x), -1)
        return Activations(found.scale, found.quants.reshape(x.shape), sums)
    made = (quantize_q8_0 if name == "q8_0" else quantize_q8_1)(blocks, Rounding.AVX2)
    fields = np.ascontiguousarray(made[..., :-32]).view("<f2").astype(np.float32)
    quants = np.ascontiguousarray(made[..., -32:]).view(np.int8).reshape(x.shape)
    first, last = (np.ascontiguousarray(fields[..., k]) for k in (0, -1))
    return Activations(first, quants, last)
