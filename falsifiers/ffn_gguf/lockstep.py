"""Passes over the same tokens that quantise what goes into ffn_down in different ways.

The reference (path A) quantises nothing; every other pass (path B) has a quantiser of its own. Up
to the first ffn_down all of them are one computation. From there on they go through the layers as
one batch, so that a matrix is multiplied with the tokens of all; no pass sees another. Position 0
of every sentence is left out of what is kept: attention sinks there, and one token of huge norm a
sentence would stand for no other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import noise
from pv.falsifiers.ffn_gguf.activation_faults import Quantizer
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.transformer import Point, batch_of, through_layers
from pv.forward.trunk import Trunk
from pv.kernels.arguments import require_finite
from pv.kernels.layout import Q8K
from pv.kernels.q4k_q8k_matvec.numpy_f32 import Unpacked

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


class Extreme(NamedTuple):
    """The token of a layer whose injected error is largest against its noise."""

    relative: float
    """Its injected error over its noise."""
    inner: Floats
    """What went into ffn_down, float32 (ffn,)."""
    found: Floats
    """What path B made of it, float32 (width,)."""


class Trace(NamedTuple):
    """What one run of path B left behind; all arrays float64 (layers, tokens but the first)."""

    sentence: NDArray[np.int64]
    """Sentence of each token, (tokens,)."""
    extreme: tuple[Extreme, ...]
    """One a layer."""
    injected: Doubles
    """L2 norm of the error that path B adds in this layer's ffn_down alone."""
    predicted: Doubles
    """The same by a-priori rounding noise."""
    rank: Doubles
    """Directions that share the noise."""
    step: Doubles
    """Quantisation steps, (layers, tokens, blocks)."""
    signal: Doubles
    """L2 norm of the exact product."""
    drift: Doubles
    """L2 norm of residual stream B less A, over that of A."""


class Reference(NamedTuple):
    """What the pass of path A left behind, float64 (layers, tokens but the first)."""

    stream: Doubles
    """L2 norm of the residual stream after each layer."""
    absolute: Doubles
    """L2 norm over outputs of the sum of |w||x| in ffn_down."""


class Downs(NamedTuple):
    """What all passes ask of ffn_down of a layer, by its index."""

    energy: Callable[[int], noise.WeightEnergy]
    matrix: Callable[[int], Unpacked]
    magnitudes: Callable[[int], Floats]
    """Weights without their signs, float32 (width, ffn)."""


class Lockstep:
    """The passes over some sentences of a trunk, `first` being the index of the first of them."""

    def __init__(
        self,
        trunk: Trunk,
        sentences: Sequence[Sequence[int]],
        first: int,
        quantizers: Sequence[Quantizer],
        downs: Downs,
    ) -> None:
        self._trunk, self._downs, self._quantizers = trunk, downs, quantizers
        self._sentences = [*sentences]
        self._batch = batch_of(sentences, trunk.shape.vocabulary)
        self._kept = self._batch.position > 0
        self._sentence = first + self._batch.sentence[self._kept]
        self._exact = path_a(trunk)
        self._rounded = path_b(trunk, self._quantized, downs.matrix)
        self._rows: list[tuple[Doubles, ...]] = []
        self._extremes: list[list[Extreme]] = []
        self._drifts: list[Doubles] = []
        self._streams: list[Doubles] = []
        self._absolute: list[Doubles] = []

    def run(self) -> tuple[Reference, list[Trace]]:
        """Return what path A left behind, and path B under each quantiser; runs once.

        Raises `BadInputError` where a pass is not finite: it may be any of them.
        """
        trunk = self._trunk
        stream = self._after_first_layer()
        through_layers(
            trunk,
            batch_of(self._sentences * len(stream), trunk.shape.vocabulary),
            engine_of(trunk, self._product),
            after=self._look,
            stream=stream.reshape(-1, trunk.shape.width),
            layers=range(1, trunk.layers),
        )
        columns = *zip(*self._rows, strict=True), self._drifts
        by_pass = zip(*(np.stack(each, axis=1) for each in columns), strict=True)
        traces = [
            Trace(self._sentence, extreme, *arrays)
            for arrays, extreme in zip(by_pass, zip(*self._extremes, strict=True), strict=True)
        ]
        return Reference(np.stack(self._streams), np.stack(self._absolute)), traces

    def _after_first_layer(self) -> Floats:
        """Return the residual streams, (passes, tokens, width): one up to ffn_down, then many."""
        down: list[Floats] = []
        stream: list[Floats] = []

        def product(_: int, inner: Floats) -> Floats:
            down.append(self._products(0, inner[None]))
            first: Floats = down[0][0]
            return first

        def look(_: int, point: Point, array: Floats) -> None:
            if point is Point.ATTENTION_RESIDUAL:
                stream.append(array)

        engine = engine_of(self._trunk, product)
        through_layers(self._trunk, self._batch, engine, observe=look, layers=range(1))
        after = stream[0] + down[0]
        require_finite("residual streams after layer 0", after)
        self._look(0, after)
        return after

    def _product(self, layer: int, inner: Floats) -> Floats:
        """Return the product of all passes' tokens, one pass after the other."""
        found = self._products(layer, inner.reshape(-1, len(self._kept), inner.shape[1]))
        return found.reshape(-1, found.shape[-1])

    def _products(self, layer: int, inner: Floats) -> Floats:
        """Return ffn_down of every pass, (passes, tokens, width).

        `inner` is (passes, tokens, ffn), path A first, or (1, tokens, ffn) where it is one for all.
        """
        tokens, columns = inner.shape[1:]
        exact = self._exact(layer, inner.reshape(-1, columns)).reshape(len(inner), tokens, -1)
        weights = self._downs.magnitudes(layer)
        self._absolute.append(norms(np.abs(inner[0, self._kept]) @ weights.T))
        of_b = slice(1, None) if len(inner) > 1 else slice(None)
        given = np.broadcast_to(inner[of_b], (len(self._quantizers), tokens, columns))
        found = self._rounded(layer, given.reshape(-1, columns)).reshape(*given.shape[:2], -1)
        self._record(layer, inner[of_b, self._kept], exact[of_b, self._kept], found[:, self._kept])
        return np.concatenate([exact[:1], found])

    def _quantized(self, x: Floats) -> Q8K:
        """Quantise the activations of each pass, (passes * tokens, blocks, 256), in its own way."""
        of_pass = x.reshape(len(self._quantizers), -1, *x.shape[1:])
        found = [quantize(own) for quantize, own in zip(self._quantizers, of_pass, strict=True)]
        return Q8K(*map(np.concatenate, zip(*found, strict=True)))

    def _record(self, layer: int, inner: Floats, exact: Floats, found: Floats) -> None:
        """Keep what `Trace` holds of one layer, all but the drift."""
        tokens, energy = inner.shape[:2], self._downs.energy(layer)
        step = noise.steps(inner.reshape(-1, inner.shape[-1]))
        predicted = noise.predicted(energy, step).reshape(tokens)
        rank = noise.effective_rank(energy, step).reshape(tokens)
        injected = norms(found - exact)
        row = injected, predicted, rank, step.reshape(*tokens, -1), norms(exact)
        self._rows.append(tuple(np.broadcast_to(x, (len(found), *x.shape[1:])) for x in row))
        inputs = np.broadcast_to(inner, (len(found), *inner.shape[1:]))
        self._extremes.append([*map(_extreme, injected / predicted, inputs, found)])

    def _look(self, layer: int, stream: Floats) -> None:  # noqa: ARG002 - as `after` is called
        """Keep what the residual streams behind a layer tell."""
        of_pass = stream.reshape(-1, len(self._kept), stream.shape[-1])[:, self._kept]
        self._streams.append(norms(of_pass[0]))
        self._drifts.append(norms(of_pass[1:] - of_pass[0]) / self._streams[-1])


def _extreme(relative: Doubles, inner: Floats, found: Floats) -> Extreme:
    worst = int(np.argmax(relative))
    return Extreme(float(relative[worst]), inner[worst].copy(), found[worst].copy())


def joined(traces: Sequence[Trace]) -> Trace:
    """Return the trace over the tokens of all given ones, in their order."""
    sentence, extremes, *columns = zip(*traces, strict=True)
    worst = (max(each, key=lambda one: one.relative) for each in zip(*extremes, strict=True))
    return Trace(
        np.concatenate(sentence),
        tuple(worst),
        *(np.concatenate(each, axis=1) for each in columns),
    )


def norms(vectors: NDArray[np.floating[Any]]) -> Doubles:
    """Return the L2 norm of each vector, float64."""
    wide = vectors.astype(np.float64)
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", wide, wide)))
