"""The weights of a model, taken from the mapped file layer by layer when they are asked for.

As float32 they are decoded with the bits of the reference decoders; as blocks they are views of
the file. Nothing is kept unless asked: a model may be far larger than memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.forward.decoders import Decoder, decode
from pv.forward.shape import Shape, read_shape
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.tensors.dequantize import dequantize, dequantize_rows
from pv.tensors.ggml_types import BLOCKS, GgmlType
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]

WHOLE_WEIGHTS = 1 << 22
"""Weights up to which a matrix that is not kept is decoded whole: 16 MB as float32."""
SLICE_WEIGHTS = 1 << 17
"""Weights of a larger one that are decoded at once: they stay in the second cache."""


class Trunk:
    """The first `layers` layers of a model, all of them by default.

    With `keep` float32 weights stay once made: for many passes over a small model. The model file
    must stay open while weights are read.
    """

    def __init__(self, model: ModelFile, layers: int | None = None, *, keep: bool = False) -> None:
        self.model = model
        self.shape: Shape = read_shape(model)
        self.layers = self.shape.layers if layers is None else layers
        if not 1 <= self.layers <= self.shape.layers:
            raise UsageError(f"layers: found {layers}, the model has 1 to {self.shape.layers}")
        self.keep = keep
        self._kept: dict[str, Floats] = {}
        self._vectors: dict[str, Floats] = {}

    def weights(self, name: str) -> Floats:
        """Return a matrix as float32 (outputs, inputs); raises `GgufError` for a damaged one."""
        found = self._kept.get(name)
        if found is None:
            found = decode(self.model, name)
            if self.keep:
                self._kept[name] = found
        return found

    def comes_whole(self, name: str) -> bool:
        """Whether a matrix is best asked for by `weights`: it is kept, or small."""
        rows, columns = self.model.tensor(name).shape
        return self.keep or rows * columns <= WHOLE_WEIGHTS

    def slices(self, name: str, rows: range | None = None) -> Iterator[tuple[slice, Floats]]:
        """Yield consecutive rows and their weights, float32 (rows, inputs).

        Together they are `rows`, all of the matrix by default. A yielded array may be overwritten
        by the next.
        """
        count, columns = self.model.tensor(name).shape
        rows = range(count) if rows is None else rows
        step = max(1, SLICE_WEIGHTS // columns)
        decoder = Decoder(self.model, name)
        buffer = np.empty((min(step, len(rows)), columns), np.float32)
        for first in range(rows.start, rows.stop, step):
            taken = slice(first, min(first + step, rows.stop))
            yield taken, decoder.rows(taken, buffer[: taken.stop - taken.start])

    def vector(self, name: str) -> Floats:
        """Return a vector, float32 (n,): a norm or a bias. These are small and kept."""
        if name not in self._vectors:
            self._vectors[name] = dequantize(self.model, name)
        return self._vectors[name]

    def blocks(self, name: str, *, require: GgmlType | None = None) -> NDArray[np.uint8]:
        """Return a matrix as stored, uint8 (outputs, blocks of a row, bytes), a view of the file.

        Raises `WrongTensorType` where the file stores another type than `require`.
        """
        info, raw = self.model.tensor(name), self.model.raw(name, require=require)
        block = BLOCKS[info.type]
        shape = (info.shape[0], info.shape[1] // block.weights, block.nbytes)
        return np.frombuffer(raw, np.uint8).reshape(shape)

    def ffn_down(self, index: int) -> Floats:
        """Return ffn_down of a layer as float32 (width, ffn), whatever type the file stores."""
        return self.weights(f"blk.{index}.ffn_down.weight")

    def ffn_down_blocks(self, index: int) -> NDArray[np.uint8]:
        """Return ffn_down of a layer as stored, uint8 (width, blocks per row, 144), a view.

        Raises `WrongTensorType` where the file does not store it as Q4_K.
        """
        name = f"blk.{index}.ffn_down.weight"
        raw = self.model.raw(name, require=GgmlType.Q4_K)
        per_row = self.shape.ffn // BLOCK_VALUES
        return np.frombuffer(raw, np.uint8).reshape(self.shape.width, per_row, Q4K_BYTES)

    def embed(self, ids: NDArray[np.integer[Any]]) -> Floats:
        """Return the embeddings of tokens, float32 (tokens, width); only their rows are decoded."""
        return dequantize_rows(self.model, "token_embd.weight", ids)

    @property
    def head(self) -> str:
        """Name of the output head, (vocabulary, width): a matrix of its own, or the embedding."""
        return "token_embd.weight" if self.shape.tied else "output.weight"

    def load(self) -> None:
        """Decode all matrices of the chosen layers now; a damaged one is a `GgufError`."""
        for index in range(self.layers):
            for stem in self.shape.matrices():
                self.weights(f"blk.{index}.{stem}.weight")
