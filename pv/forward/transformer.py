"""The forward pass of every known architecture over whole sentences, on any engine.

All sentences run as one batch of tokens; attention is causal within each sentence and never crosses
into another. Between operations activations are float32; how each operation is computed is the
engine's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError, UsageError
from pv.forward.interface import Engine, Floats
from pv.forward.trunk import Trunk


class Point(StrEnum):
    """Where an observer looks; the order is that of the computation."""

    ATTENTION_OUT = "attention_out"
    ATTENTION_RESIDUAL = "attention_residual"
    GATE_PROJ_OUT = "gate_proj_out"
    UP_PROJ_OUT = "up_proj_out"
    SILU_GATE = "silu_gate"
    SWIGLU_INNER = "swiglu_inner"
    FFN_DOWN_OUT = "ffn_down_out"
    RESIDUAL = "residual"
    FINAL_NORM = "final_norm"
    LOGITS = "logits"


AFTER_LAYERS = (Point.FINAL_NORM, Point.LOGITS)
"""Points that come once, after the last layer; an observer gets the number of layers with them."""
IN_A_LAYER = tuple(point for point in Point if point not in AFTER_LAYERS)
"""Points of every layer."""

Observer = Callable[[int, Point, Floats], None]
"""Called with layer, point and the array there, (tokens, …), which it must not change."""


class Batch(NamedTuple):
    """Tokens of all sentences, one after the other; three integer arrays (tokens,)."""

    ids: NDArray[np.int64]
    sentence: NDArray[np.int64]
    position: NDArray[np.int64]

    def spans(self) -> list[slice]:
        """Return where each sentence stands."""
        starts = [*np.flatnonzero(self.position == 0), len(self.ids)]
        return [slice(int(a), int(b)) for a, b in pairwise(starts)]


class Pass(NamedTuple):
    """What a forward pass leaves behind."""

    batch: Batch
    residual: Floats
    """The residual stream after each layer, float32 (layers, tokens, width)."""


class Memory(Protocol):
    """Keys and values of the tokens before, where a pass goes on from them."""

    def extended(
        self, layer: int, keys: NDArray[Any], values: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Add those of new tokens, (tokens, kv heads, dim), and return all, oldest first."""
        ...


def batch_of(sentences: Sequence[Sequence[int]], vocabulary: int) -> Batch:
    """Lay sentences out as one batch; raises `UsageError` for an empty one or an unknown token."""
    if not sentences or not all(sentences):
        raise UsageError("sentences: found none, or one without tokens; nothing can be computed")
    lengths = [len(one) for one in sentences]
    ids = np.concatenate([np.asarray(one, np.int64) for one in sentences])
    if ids.min() < 0 or ids.max() >= vocabulary:
        raise UsageError(
            f"token ids {ids.min()} to {ids.max()}, the model's vocabulary has {vocabulary}",
            advice="use a model with the vocabulary these sentences were tokenised for",
        )
    return Batch(
        ids,
        np.repeat(np.arange(len(sentences)), lengths),
        np.concatenate([np.arange(length) for length in lengths]),
    )


def run(
    trunk: Trunk,
    sentences: Sequence[Sequence[int]],
    engine: Engine,
    observe: Observer | None = None,
) -> Pass:
    """Run the trunk's layers over sentences of token ids.

    Observing changes no bit of the result. Raises `UsageError` for sentences that cannot be run,
    `BadInputError` where the engine answers with another shape or dtype, or a layer's result is
    not finite.
    """
    batch = batch_of(sentences, trunk.shape.vocabulary)
    residual = np.empty((trunk.layers, len(batch.ids), trunk.shape.width), np.float32)

    def keep(layer: int, stream: Floats) -> None:
        residual[layer] = stream

    through_layers(trunk, batch, engine, observe=observe, after=keep)
    return Pass(batch, residual)


def through_layers(
    trunk: Trunk,
    batch: Batch,
    engine: Engine,
    *,
    observe: Observer | None = None,
    after: Callable[[int, Floats], None] | None = None,
    memory: Memory | None = None,
    stream: Floats | None = None,
    layers: range | None = None,
) -> Floats:
    """Return the residual stream after the trunk's last layer, float32 (tokens, width).

    `after` is called with each layer and the stream behind it. With a `memory` the batch is one
    sentence's next tokens, and attention reaches back to those that the memory holds. With
    `layers` only these are run, from `stream` where they are not the first.
    """
    stream = trunk.embed(batch.ids) if stream is None else stream
    with np.errstate(over="ignore", invalid="ignore"):  # every layer's result is judged as a whole
        for index in range(trunk.layers) if layers is None else layers:
            layer = _Layer(trunk, index, engine, observe)
            stream = layer.after_attention(stream, batch, memory)
            stream = layer.after_feed_forward(stream)
            if after:
                after(index, stream)
    return stream


def logits(trunk: Trunk, stream: Floats, engine: Engine, observe: Observer | None = None) -> Floats:
    """Return the logits, float32 (tokens, vocabulary), of the last layer's residual stream."""
    if trunk.layers != trunk.shape.layers:
        raise UsageError(
            f"logits need all {trunk.shape.layers} layers, this trunk has {trunk.layers}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # judged right below
        normed = engine.rms_norm(stream, trunk.vector("output_norm.weight"), trunk.shape.eps)
        found = engine.product(trunk.head, normed)
    _require("logits", found, (len(stream), trunk.shape.vocabulary))
    _require_finite("logits", found)
    if observe:
        observe(trunk.layers, Point.FINAL_NORM, normed)
        observe(trunk.layers, Point.LOGITS, found)
    return found


def next_token(trunk: Trunk, ids: Sequence[int], engine: Engine) -> int:
    """Return the most likely token after a prompt."""
    stream = run(trunk, [ids], engine).residual[-1]
    return int(np.argmax(logits(trunk, stream[-1:], engine)))


class _Layer:
    """One layer of a trunk on an engine, watched by an observer."""

    def __init__(self, trunk: Trunk, index: int, engine: Engine, observe: Observer | None) -> None:
        self.trunk = trunk
        self.shape = trunk.shape
        self.index = index
        self.engine = engine
        self._observe = observe

    def see(self, point: Point, array: Floats) -> None:
        if self._observe:
            self._observe(self.index, point, array)

    def normed(self, stream: Floats, stem: str) -> Floats:
        weight = self.trunk.vector(_tensor(self.index, stem, "weight"))
        return self.engine.rms_norm(stream, weight, self.shape.eps)

    def projected(self, stem: str, activations: Floats) -> Floats:
        """Return a product of the engine, checked, with the bias where the model has one."""
        name = _tensor(self.index, stem, "weight")
        found = self.engine.product(name, activations)
        _require(name, found, (len(activations), self.trunk.model.tensor(name).shape[0]))
        if stem in self.shape.biased:
            bias = self.trunk.vector(_tensor(self.index, stem, "bias"))
            found = self.engine.add(found, bias)
        return found

    def after_attention(self, stream: Floats, batch: Batch, memory: Memory | None) -> Floats:
        attended = self._attended(self.normed(stream, "attn_norm"), batch, memory)
        self.see(Point.ATTENTION_OUT, attended)
        stream = self.engine.add(stream, attended)
        self.see(Point.ATTENTION_RESIDUAL, stream)
        return stream

    def _attended(self, normed: Floats, batch: Batch, memory: Memory | None) -> Floats:
        """Causal attention within each sentence; float32 (tokens, width)."""
        engine, shape, tokens = self.engine, self.shape, len(normed)
        queries, keys, values = (
            self.projected(f"attn_{one}", normed).reshape(tokens, -1, shape.head_dim)
            for one in "qkv"
        )
        queries = engine.rope(queries, batch.position, shape.rotation)
        keys = engine.stored(engine.rope(keys, batch.position, shape.rotation))
        values = engine.stored(values)
        if memory:
            mixed = engine.attend(queries, *memory.extended(self.index, keys, values))
        else:
            mixed = np.empty((tokens, shape.heads * shape.head_dim), np.float32)
            for span in batch.spans():
                mixed[span] = engine.attend(queries[span], keys[span], values[span])
        return self.projected("attn_output", mixed)

    def after_feed_forward(self, stream: Floats) -> Floats:
        normed = self.normed(stream, "ffn_norm")
        gate, up = self.projected("ffn_gate", normed), self.projected("ffn_up", normed)
        self.see(Point.GATE_PROJ_OUT, gate)
        self.see(Point.UP_PROJ_OUT, up)
        if self._observe:
            self.see(Point.SILU_GATE, self.engine.swiglu(gate, np.ones_like(gate)))
        inner = self.engine.swiglu(gate, up)
        self.see(Point.SWIGLU_INNER, inner)
        down = self.projected("ffn_down", inner)
        self.see(Point.FFN_DOWN_OUT, down)
        stream = self.engine.add(stream, down)
        _require_finite(f"residual stream after layer {self.index}", stream)
        self.see(Point.RESIDUAL, stream)
        return stream


@cache
def _tensor(layer: int, stem: str, kind: str) -> str:
    """Return the name of a layer's tensor."""
    return f"blk.{layer}.{stem}.{kind}"


def _require(what: str, found: Floats, shape: tuple[int, int]) -> None:
    if found.shape != shape or found.dtype != np.float32:
        raise BadInputError(f"{what}: expected float32 {shape}, found {found.dtype} {found.shape}")


def _require_finite(what: str, array: Floats) -> None:
    if not np.isfinite(array).all():
        raise BadInputError(
            f"{what}: is not finite", advice="compare the model's sha256 with the publisher's"
        )
