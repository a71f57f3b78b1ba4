"""A forward pass of the llama architecture over whole sentences, NumPy only.

All sentences run as one batch of tokens; attention is causal within each sentence and never crosses
into another. Activations are float32 throughout; norms, rotations and softmax round once from
float64. The product with ffn_down is handed in: it is the operation on trial, and every path
shares all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError, UsageError
from pv.forward.shape import Shape
from pv.forward.trunk import Layer, Trunk
from pv.kernels.layout import Pairing
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope.reference import rope
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu.reference import swiglu

Floats = NDArray[np.float32]


class Point(StrEnum):
    """Where in a layer an observer looks; the order is that of the computation."""

    ATTENTION_OUT = "attention_out"
    ATTENTION_RESIDUAL = "attention_residual"
    GATE_PROJ_OUT = "gate_proj_out"
    UP_PROJ_OUT = "up_proj_out"
    SWIGLU_INNER = "swiglu_inner"
    FFN_DOWN_OUT = "ffn_down_out"
    RESIDUAL = "residual"


FfnDown = Callable[[int, Floats], Floats]
"""Layer and its SwiGLU activations, float32 (tokens, ffn), to float32 (tokens, width)."""

Observer = Callable[[int, Point, Floats], None]
"""Called with layer, point and the array there, which it must not change."""


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
    ffn_down: FfnDown,
    observe: Observer | None = None,
) -> Pass:
    """Run the trunk's layers over sentences of token ids.

    Raises `UsageError` for sentences that cannot be run, `BadInputError` where ffn_down answers
    with another shape or dtype, or a layer's result is not finite.
    """
    batch = batch_of(sentences, trunk.shape.vocabulary)
    see = observe or _ignore
    stream = trunk.embed(batch.ids)
    residual = np.empty((trunk.layers, *stream.shape), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):  # every layer's result is judged as a whole
        for index in range(trunk.layers):
            stream = _layer(trunk, index, stream, batch, ffn_down=ffn_down, see=see)
            residual[index] = stream
    return Pass(batch, residual)


def logits(trunk: Trunk, stream: Floats) -> Floats:
    """Return the logits, float32 (tokens, vocabulary), of the last layer's residual stream."""
    if trunk.layers != trunk.shape.layers:
        raise UsageError(
            f"logits need all {trunk.shape.layers} layers, this trunk has {trunk.layers}"
        )
    with np.errstate(over="ignore", invalid="ignore"):  # judged right below
        found = _normed(stream, trunk.output_norm(), trunk.shape) @ trunk.head().T
    _require_finite("logits", found)
    return found


def next_token(trunk: Trunk, ids: Sequence[int], ffn_down: FfnDown) -> int:
    """Return the most likely token after a prompt."""
    stream = run(trunk, [ids], ffn_down).residual[-1]
    return int(np.argmax(logits(trunk, stream[-1:])))


def _ignore(_layer: int, _point: Point, _array: Floats) -> None:
    """Observe nothing."""


def _layer(
    trunk: Trunk, index: int, stream: Floats, batch: Batch, *, ffn_down: FfnDown, see: Observer
) -> Floats:
    shape, weights = trunk.shape, trunk.layer(index)
    attended = _attention(weights, _normed(stream, weights.attn_norm, shape), batch, shape)
    see(index, Point.ATTENTION_OUT, attended)
    stream = stream + attended
    see(index, Point.ATTENTION_RESIDUAL, stream)
    normed = _normed(stream, weights.ffn_norm, shape)
    gate, up = normed @ weights.ffn_gate.T, normed @ weights.ffn_up.T
    see(index, Point.GATE_PROJ_OUT, gate)
    see(index, Point.UP_PROJ_OUT, up)
    inner: Floats = swiglu(gate, up)
    see(index, Point.SWIGLU_INNER, inner)
    down = ffn_down(index, inner)
    if down.shape != stream.shape or down.dtype != np.float32:
        raise BadInputError(
            f"ffn_down of layer {index}: expected float32 {stream.shape},"
            f" found {down.dtype} {down.shape}"
        )
    see(index, Point.FFN_DOWN_OUT, down)
    stream = stream + down
    _require_finite(f"residual stream after layer {index}", stream)
    see(index, Point.RESIDUAL, stream)
    return stream


def _require_finite(what: str, array: Floats) -> None:
    if not np.isfinite(array).all():
        raise BadInputError(
            f"{what}: is not finite", advice="compare the model's sha256 with the publisher's"
        )


def _normed(stream: Floats, weight: Floats, shape: Shape) -> Floats:
    normed: Floats = rms_norm(stream, weight, shape.eps)
    return normed


def _attention(weights: Layer, normed: Floats, batch: Batch, shape: Shape) -> Floats:
    """Causal attention within each sentence; float32 (tokens, width)."""
    tokens, dim = len(normed), shape.head_dim
    queries = (normed @ weights.attn_q.T).reshape(tokens, shape.heads, dim)
    keys = (normed @ weights.attn_k.T).reshape(tokens, shape.kv_heads, dim)
    values = (normed @ weights.attn_v.T).reshape(tokens, shape.kv_heads, dim)
    queries = rope(queries, batch.position, shape.rope_base, Pairing.NORM)
    keys = rope(keys, batch.position, shape.rope_base, Pairing.NORM)
    mixed = np.empty((tokens, shape.heads * dim), np.float32)
    for span in batch.spans():
        mixed[span] = _attend(queries[span], keys[span], values[span])
    return mixed @ weights.attn_output.T


def _attend(queries: Floats, keys: Floats, values: Floats) -> Floats:
    """Attend within one sentence: queries (t, heads, dim), keys and values (t, kv heads, dim).

    Query head h reads key-value head h // (heads / kv heads). Returns (t, heads * dim).
    """
    tokens, heads, dim = queries.shape
    shared = keys.shape[1]
    grouped = queries.transpose(1, 0, 2).reshape(shared, heads // shared, tokens, dim)
    scores = grouped @ keys.transpose(1, 2, 0)[:, None]
    scores *= np.float32(1.0 / np.sqrt(dim))
    scores[..., ~np.tri(tokens, dtype=np.bool_)] = -np.inf
    mixed = softmax(scores) @ values.transpose(1, 0, 2)[:, None]
    return np.asarray(mixed.transpose(2, 0, 1, 3).reshape(tokens, heads * dim), np.float32)
