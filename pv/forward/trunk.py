"""The weights of a llama-architecture model as float32, made layer by layer when asked for."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.forward.shape import Shape, read_shape
from pv.kernels.arguments import require_finite
from pv.kernels.layout import BLOCK_VALUES, Q4K_BYTES
from pv.kernels.q4k_dequantize.reference import dequantize as dequantize_q4k
from pv.tensors.dequantize import dequantize, dequantize_rows
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]


class Layer(NamedTuple):
    """Weights of one layer but ffn_down, float32; matrices are (outputs, inputs)."""

    attn_norm: Floats
    attn_q: Floats
    attn_k: Floats
    attn_v: Floats
    attn_output: Floats
    ffn_norm: Floats
    ffn_gate: Floats
    ffn_up: Floats


class Trunk:
    """The first `layers` layers of a model, all of them by default; weights are kept once made.

    ffn_down stands apart, because it is the operation on trial: as float32 by `ffn_down`, as the
    file's own Q4_K blocks by `ffn_down_blocks`. The model file must stay open while weights load.
    """

    def __init__(self, model: ModelFile, layers: int | None = None) -> None:
        self.model = model
        self.shape: Shape = read_shape(model)
        self.layers = self.shape.layers if layers is None else layers
        if not 1 <= self.layers <= self.shape.layers:
            raise UsageError(f"layers: found {layers}, the model has 1 to {self.shape.layers}")
        self._layers: dict[int, Layer] = {}
        self._down: dict[int, Floats] = {}
        self._head: Floats | None = None

    def layer(self, index: int) -> Layer:
        """Return the weights of a layer; raises `GgufError` for damaged ones."""
        if index not in self._layers:
            found = (self._weights(f"blk.{index}.{name}.weight") for name in Layer._fields)
            self._layers[index] = Layer(*found)
        return self._layers[index]

    def ffn_down(self, index: int) -> Floats:
        """Return ffn_down of a layer as float32 (width, ffn), whatever type the file stores."""
        if index not in self._down:
            self._down[index] = self._weights(f"blk.{index}.ffn_down.weight")
        return self._down[index]

    def ffn_down_blocks(self, index: int) -> NDArray[np.uint8]:
        """Return ffn_down of a layer as stored, uint8 (width, blocks per row, 144), a view.

        Raises `WrongTensorType` where the file does not store it as Q4_K.
        """
        raw = self.model.raw(f"blk.{index}.ffn_down.weight", require=GgmlType.Q4_K)
        per_row = self.shape.ffn // BLOCK_VALUES
        return np.frombuffer(raw, np.uint8).reshape(self.shape.width, per_row, Q4K_BYTES)

    def embed(self, ids: NDArray[np.integer[Any]]) -> Floats:
        """Return the embeddings of tokens, float32 (tokens, width); only their rows are decoded."""
        return dequantize_rows(self.model, "token_embd.weight", ids)

    def output_norm(self) -> Floats:
        """Return the weights of the last norm, float32 (width,)."""
        return self._weights("output_norm.weight")

    def head(self) -> Floats:
        """Return the output head, float32 (vocabulary, width); without one, the embeddings."""
        if self._head is None:
            tied = "output.weight" not in self.model.tensors
            self._head = self._weights("token_embd.weight" if tied else "output.weight")
        return self._head

    def load(self) -> None:
        """Make all float32 weights of the chosen layers now."""
        for index in range(self.layers):
            self.layer(index)
            self.ffn_down(index)

    def _weights(self, name: str) -> Floats:
        info = self.model.tensor(name)
        if info.type is not GgmlType.Q4_K:
            return dequantize(self.model, name)
        blocks = np.frombuffer(self.model.raw(name), np.uint8).reshape(-1, Q4K_BYTES)
        weights = dequantize_q4k(blocks).reshape(info.shape)
        require_finite(f"tensor {name}", weights)
        return weights
