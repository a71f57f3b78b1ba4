"""Matrices of a model file as float32, whole or a few rows at a time.

The bits are those of the reference decoders. Large K-quant matrices go through their compiled
rivals where Numba is there, which give the same bits; small ones do not pay for its import.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.kernels import Backend, availability, find
from pv.kernels.arguments import require_finite
from pv.tensors.dequantize import dequantize, dequantize_rows
from pv.tensors.ggml_types import BLOCKS, GgmlType
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]

COMPILED_FROM = 1 << 21
"""Weights from which a matrix is worth compiled code."""

_OPERATIONS = {GgmlType.Q4_K: "q4k_dequantize", GgmlType.Q6_K: "q6k_dequantize"}


def decode(model: ModelFile, name: str, rows: slice | None = None) -> Floats:
    """Return a matrix, or its rows from `rows.start` to `rows.stop`, as float32 (rows, inputs).

    Raises `GgufError` for an absent tensor or a type that cannot be decoded, `BadInputError` for
    weights that are not finite.
    """
    info = model.tensor(name)
    operation = _OPERATIONS.get(info.type)
    if operation is None:
        if rows is None:
            return dequantize(model, name)
        return dequantize_rows(model, name, np.arange(rows.start, rows.stop))
    raw = np.frombuffer(model.raw(name), np.uint8).reshape(info.shape[0], -1)
    chosen = raw if rows is None else raw[rows]
    large = info.shape[0] * info.shape[-1] >= COMPILED_FROM
    blocks = chosen.reshape(-1, BLOCKS[info.type].nbytes)
    weights: Floats = _decoder(operation, compiled=large)(blocks).reshape(len(chosen), -1)
    require_finite(f"tensor {name}", weights)
    return weights


@cache
def _decoder(operation: str, *, compiled: bool) -> Callable[..., Any]:
    """Return the decoder of blocks, uint8 (n, bytes) to float32 (n, 256)."""
    fast, plain = find(operation, Backend.NUMBA), find(operation, Backend.NUMPY)
    chosen = fast if fast and compiled and availability(fast).available else plain
    if chosen is None:
        raise LookupError(operation)
    return chosen.load()
