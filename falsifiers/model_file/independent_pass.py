"""A forward pass of the llama architecture in float64, in another form than the one on trial.

Rotations are complex products, a token attends by looking at the tokens before it (there is no
mask), the gate is built on tanh, and weights are decoded anew. A planted fault changes one
operation in the last layers; the layers before are those of the sound pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.falsifiers.model_file.wide_weights import Weights, Wide
from pv.forward.architecture import LLAMA
from pv.forward.shape import Shape
from pv.tensors.gguf_header import ModelFile

CONTROLS: dict[str, str] = {
    "other_pairing": "rotations pair the halves of a head instead of neighbours",
    "swapped_gate_and_up": "the other factor goes through the gate",
    "missing_norm": "the norm before attention is left out",
    "not_causal": "every token attends to those after it too",
    "other_sharing": "query heads take turns at the key-value heads instead of standing in groups",
    "missing_layer": "the last layer is left out",
}


class Step(NamedTuple):
    """The residual stream, float64 (tokens, width), and the tensors read to make this step."""

    stream: Wide
    read: frozenset[str]


class IndependentPass:
    """Sentences run one after the other through every layer; steps stay for the planted faults."""

    def __init__(self, model: ModelFile, shape: Shape, sentences: Sequence[Sequence[int]]) -> None:
        if shape.architecture is not LLAMA or shape.biased or shape.rotation.divisors:
            raise BadInputError(
                f"architecture {shape.architecture.name}: expected plain {LLAMA.name}, without"
                " biases and scaling of the rotation; this pass has no other form of it"
            )
        self.model = model
        self.shape = shape
        self.sentences = sentences
        ids = [token for one in sentences for token in one]
        weights = Weights(model)
        tied = "output.weight" not in model.tensors
        embedding = weights["token_embd.weight"]
        self._head = embedding if tied else weights["output.weight"]
        start = Step(embedding[ids], frozenset(weights.read))
        self.steps = self._after([start], 0, None)
        """Embedding and residual stream after each layer of the sound pass."""

    def under(self, fault: str | None, layers: int) -> list[Step]:
        """Return the steps with a fault planted in the last `layers` layers."""
        if fault is None:
            return self.steps
        first = max(0, self.shape.layers - layers)
        return self._after(self.steps[: first + 1], first, fault)

    def logits(self, stream: Wide) -> tuple[Wide, frozenset[str]]:
        """Return logits, float64 (tokens, vocabulary), and the tensor read besides the head."""
        weights = Weights(self.model)
        normed = _normed(stream, weights["output_norm.weight"], self.shape)
        return normed @ self._head.T, frozenset(weights.read)

    def _after(self, steps: list[Step], first: int, fault: str | None) -> list[Step]:
        """Return the steps with those of layer `first` and all after it appended."""
        made = list(steps)
        for index in range(first, self.shape.layers):
            stream = made[-1].stream
            if fault == "missing_layer" and index == self.shape.layers - 1:
                made.append(Step(stream, frozenset()))
                continue
            weights = Weights(self.model)
            stream = stream + self._attended(weights, f"blk.{index}", stream, fault)
            stream = stream + self._fed_forward(weights, f"blk.{index}", stream, fault)
            made.append(Step(stream, frozenset(weights.read)))
        return made

    def _attended(self, weights: Weights, layer: str, stream: Wide, fault: str | None) -> Wide:
        scale = weights[f"{layer}.attn_norm.weight"]
        normed = stream if fault == "missing_norm" else _normed(stream, scale, self.shape)
        queries, keys, values = (
            normed @ weights[f"{layer}.attn_{each}.weight"].T for each in ("q", "k", "v")
        )
        mixed = np.empty_like(queries)
        start = 0
        for sentence in self.sentences:
            span = slice(start, start + len(sentence))
            mixed[span] = _mixed(queries[span], keys[span], values[span], self.shape, fault)
            start = span.stop
        return mixed @ weights[f"{layer}.attn_output.weight"].T

    def _fed_forward(self, weights: Weights, layer: str, stream: Wide, fault: str | None) -> Wide:
        normed = _normed(stream, weights[f"{layer}.ffn_norm.weight"], self.shape)
        gate, up = (normed @ weights[f"{layer}.ffn_{each}.weight"].T for each in ("gate", "up"))
        if fault == "swapped_gate_and_up":
            gate, up = up, gate
        inner = gate * (0.5 + 0.5 * np.tanh(0.5 * gate)) * up
        return inner @ weights[f"{layer}.ffn_down.weight"].T


def _normed(stream: Wide, scale: Wide, shape: Shape) -> Wide:
    power = np.einsum("tw,tw->t", stream, stream) / shape.width
    return np.asarray(np.einsum("tw,t,w->tw", stream, (power + shape.eps) ** -0.5, scale))


def _mixed(queries: Wide, keys: Wide, values: Wide, shape: Shape, fault: str | None) -> Wide:
    """Return what one sentence's heads gather, float64 (tokens, heads * head size)."""
    tokens, dim = len(queries), shape.head_dim
    group = shape.heads // shape.kv_heads
    made = np.empty((tokens, shape.heads, dim))
    for head in range(shape.heads):
        shared = head % shape.kv_heads if fault == "other_sharing" else head // group
        own, other = (slice(each * dim, (each + 1) * dim) for each in (head, shared))
        query = _rotated(queries[:, own], shape, fault)
        key = _rotated(keys[:, other], shape, fault)
        for token in range(tokens):
            seen = tokens if fault == "not_causal" else token + 1
            scores = (key[:seen] @ query[token].conj()).real / np.sqrt(dim)
            share = np.exp(scores - scores.max())
            made[token, head] = share @ values[:seen, other] / share.sum()
    return made.reshape(tokens, -1)


def _rotated(x: Wide, shape: Shape, fault: str | None) -> NDArray[np.complex128]:
    """Return pairs of one head as complex numbers, turned by their position; (tokens, dim / 2)."""
    half = shape.head_dim // 2
    halves = fault == "other_pairing"
    real, imaginary = (x[:, :half], x[:, half:]) if halves else (x[:, 0::2], x[:, 1::2])
    turns = shape.rope_base ** (-np.arange(half) / half)
    return np.asarray((real + 1j * imaginary) * np.exp(1j * np.outer(np.arange(len(x)), turns)))
