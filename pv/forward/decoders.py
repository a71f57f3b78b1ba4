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
_SCALES = {GgmlType.Q4_K: slice(0, 4), GgmlType.Q6_K: slice(208, 210)}
"""Where the float16 fields of a block stand: all weights are finite where they are."""


def decode(model: ModelFile, name: str) -> Floats:
    """Return a whole matrix as float32 (rows, inputs).

    Raises `GgufError` for an absent tensor or a type that cannot be decoded, `BadInputError` for
    weights that are not finite.
    """
    rows, columns = model.tensor(name).shape
    if model.tensor(name).type not in _OPERATIONS:
        return dequantize(model, name)
    return Decoder(model, name).rows(slice(0, rows), np.empty((rows, columns), np.float32))


class Decoder:
    """Decodes rows of one matrix again and again; errors are those of `decode`."""

    def __init__(self, model: ModelFile, name: str) -> None:
        self.model = model
        self.name = name
        info = model.tensor(name)
        self._operation = _OPERATIONS.get(info.type)
        if self._operation is None:
            return
        large = info.shape[0] * info.shape[-1] >= COMPILED_FROM
        self._compiled, self._decode = _decoder(self._operation, large=large)
        raw = np.frombuffer(model.raw(name), np.uint8)
        block = BLOCKS[info.type]
        self._blocks = raw.reshape(info.shape[0], info.shape[1] // block.weights, block.nbytes)
        self._scales = _SCALES[info.type]

    def rows(self, rows: slice, out: Floats) -> Floats:
        """Return rows from `rows.start` to `rows.stop` as float32, in `out` where that serves."""
        if self._operation is None:
            return dequantize_rows(self.model, self.name, np.arange(rows.start, rows.stop))
        blocks = self._blocks[rows]
        scales = np.ascontiguousarray(blocks[..., self._scales]).view("<f2")
        require_finite(f"tensor {self.name}, scales of rows from {rows.start}", scales)
        if not self._compiled:
            return np.asarray(self._decode(blocks)).reshape(out.shape)
        self._decode(blocks, out.reshape(len(blocks), -1, 256))
        return out


@cache
def _decoder(operation: str, *, large: bool) -> tuple[bool, Callable[..., Any]]:
    """Return the decoder of blocks, (..., bytes) to float32 (..., 256), and if it is compiled."""
    fast, plain = find(operation, Backend.NUMBA), find(operation, Backend.NUMPY)
    if fast and large and availability(fast).available:
        return True, fast.load()
    if plain is None:
        raise LookupError(operation)
    return False, plain.load()
