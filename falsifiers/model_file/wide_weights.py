"""Tensors of a model file as float64, decoded apart from every kernel and decoder of ours.

Formats: ggml's F32, Q8_0, Q4_1 and Q4_K. A block is read as a record of its fields; products and
sums are float64, where the decoders on trial round to float32.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_header import ModelFile

Wide = NDArray[np.float64]
Records = NDArray[np.void]

_Q8_0 = np.dtype([("d", "<f2"), ("q", "i1", 32)])
_Q4_1 = np.dtype([("d", "<f2"), ("m", "<f2"), ("q", "u1", 16)])
_Q4_K = np.dtype([("d", "<f2"), ("m", "<f2"), ("fields", "u1", (3, 4)), ("q", "u1", (4, 32))])


class Weights:
    """The tensors of a model by name; `read` holds the names of those asked for so far."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> Wide:
        """Return a tensor in NumPy's order; raises `BadInputError` for a type not read here."""
        info = self.model.tensor(name)
        if info.type not in _DECODERS:
            known = ", ".join(each.name for each in _DECODERS)
            raise BadInputError(f"tensor {name}: type is {info.type.name}, expected {known}")
        self.read.add(name)
        kind, decode = _DECODERS[info.type]
        return decode(np.frombuffer(self.model.raw(name), kind)).reshape(info.shape)


def _plain(values: Records) -> Wide:
    return values.astype(np.float64)


def _scaled(blocks: Records) -> Wide:
    return blocks["q"] * blocks["d"].astype(np.float64)[:, None]


def _offset(blocks: Records) -> Wide:
    scale, offset = (blocks[each].astype(np.float64)[:, None] for each in "dm")
    made = np.empty((len(blocks), 32))
    np.multiply(blocks["q"] & 15, scale, out=made[:, :16])
    np.multiply(blocks["q"] >> 4, scale, out=made[:, 16:])
    made += offset
    return made


def _super_blocks(blocks: Records) -> Wide:
    """Four pairs of sub-blocks share 32 bytes: low nibbles are the first, high ones the second."""
    scales, minima, last = (blocks["fields"][:, third] for third in range(3))
    d, dmin = (blocks[each].astype(np.float64)[:, None] for each in "dm")
    # Six bits: whole in the first half; four of the last third and two on top in the second.
    step = d * np.hstack([scales & 63, last & 15 | scales >> 6 << 4])
    offset = dmin * np.hstack([minima & 63, last >> 4 | minima >> 6 << 4])
    made = np.empty((len(blocks), 4, 2, 32))
    made[:, :, 0], made[:, :, 1] = blocks["q"] & 15, blocks["q"] >> 4
    made *= step.reshape(-1, 4, 2, 1)
    made -= offset.reshape(-1, 4, 2, 1)
    return made


_DECODERS: dict[GgmlType, tuple[np.dtype[np.generic], Callable[[Records], Wide]]] = {
    GgmlType.F32: (np.dtype("<f4"), _plain),
    GgmlType.Q8_0: (_Q8_0, _scaled),
    GgmlType.Q4_1: (_Q4_1, _offset),
    GgmlType.Q4_K: (_Q4_K, _super_blocks),
}
