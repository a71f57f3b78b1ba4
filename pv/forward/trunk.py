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
from pv.forward.decoders import decode
from pv.forward.shape import Shape, read_shape
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.tensors.dequantize import dequantize, dequantize_rows
from pv.tensors.ggml_types import BLOCKS, GgmlType
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]

SLICE_WEIGHTS = 1 << 24
"""Weights that are float32 at once where a matrix is not kept: 64 MB."""


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

    def slices(self, name: str) -> Iterator[tuple[slice, Floats]]:
        """Yield rows of a matrix and their weights, float32 (rows, inputs), together all of it.

        A matrix that is kept comes whole; else a yielded array may be overwritten by the next.
        """
        rows, columns = self.model.tensor(name).shape
        if self.keep or rows * columns <= SLICE_WEIGHTS:
            yield slice(0, rows), self.weights(name)
            return
        step = max(1, SLICE_WEIGHTS // columns)
        for first in range(0, rows, step):
            taken = slice(first, min(first + step, rows))
            yield taken, decode(self.model, name, taken)

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
                for _ in self.slices(f"blk.{index}.{stem}.weight"):
                    pass
