"""Both paths through a model's layers, running freely from the same tokens, and what they leave.

Path A is the reference and no fault touches it: its weights, pass and energies are made once and
serve the sound run and every control. Position 0 of every sentence is left out: attention sinks
there, and one token of huge norm a sentence would stand for no other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS, faulty
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.sentences import sentences_for
from pv.falsifiers.interface import Run
from pv.forward.engine import Product
from pv.forward.paths import engine_of, path_a, path_b, unpacked_down
from pv.forward.prefix import Prefix
from pv.forward.transformer import Pass, batch_of
from pv.forward.transformer import run as run_layers
from pv.forward.trunk import Trunk
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q8k_quantize.reference import quantize_ggml
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


T = TypeVar("T")

_THREADS = min(os.cpu_count() or 1, 4)


class Walk(NamedTuple):
    """Parameters of the null model, as `Paths.walk` takes them."""

    update: float
    seed: int


class Extreme(NamedTuple):
    """The token of a layer whose injected error is largest against its noise."""

    inner: Floats
    """What went into ffn_down, float32 (ffn,)."""
    found: Floats
    """What path B made of it, float32 (width,)."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What one run of path B left behind; all arrays float64 (layers, tokens but the first)."""

    sentence: NDArray[np.int64]
    """Sentence of each token, (tokens,)."""
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
    extreme: tuple[Extreme, ...] = ()
    """One a layer."""


class Paths:
    """A trunk with everything that the sound run and its controls have in common.

    With `ahead` the traces under these faults (None: the sound one) are made side by side, begun as
    soon as the paths part and waited for when asked. They share nothing that any of them writes, so
    their results are those of one thread.
    """

    def __init__(
        self,
        trunk: Trunk,
        sentences: Sequence[Sequence[int]],
        ahead: Sequence[str | None] = (),
        walk: Walk | None = None,
    ) -> None:
        self.trunk = trunk
        self.sentences = sentences
        batch = batch_of(sentences, trunk.shape.vocabulary)
        self.kept = batch.position > 0
        self.sentence = batch.sentence[self.kept]
        self.exact: Product = path_a(trunk)
        self._absolute: list[Doubles] = []
        self._prefix = Prefix("ffn_down")
        self._first = np.empty(0, np.float32), np.empty(0, np.float32)
        """What goes into the first ffn_down on every path, and its exact product."""
        self._energy = _once_a_layer(lambda layer: noise.weight_energy(trunk.ffn_down(layer)))
        self._matrix = _once_a_layer(partial(unpacked_down, trunk))
        self._traces: dict[str | None, Trace] = {}
        self._walks: dict[Walk, Trace] = {}
        self._begun: dict[str | Walk | None, Future[Trace]] = {}
        self._ahead = ahead, walk
        self._passed: Future[Pass] = Future()
        try:
            self._passed.set_result(self._run_reference())
        except BaseException as error:
            self._passed.set_exception(error)  # for those that were begun
            raise

    @property
    def reference(self) -> Pass:
        """Path A's pass."""
        return self._passed.result()

    def _run_reference(self) -> Pass:
        engine = engine_of(self.trunk, self._reference)
        if any(self._ahead):
            with ThreadPoolExecutor(_THREADS) as pool:
                list(pool.map(self._load, range(self.layers)))
        return run_layers(self.trunk, self.sentences, self._prefix.recorded(engine))

    def _load(self, layer: int) -> None:
        for stem in self.trunk.shape.matrices():
            self.trunk.weights(f"blk.{layer}.{stem}.weight")

    def _begin(self) -> None:
        faults, walk = self._ahead
        pool = ThreadPoolExecutor(_THREADS)
        for layer in range(self.layers):
            pool.submit(self._energy, layer)
        for fault in faults:
            self._begun[fault] = pool.submit(self._made, fault)
        if walk:
            self._begun[walk] = pool.submit(self._walked, walk)
        pool.shutdown(wait=False)

    def sound(self) -> Trace:
        """Return the trace without a planted fault."""
        return self.under(None)

    def under(self, fault: str | None) -> Trace:
        """Return the trace with a fault planted in path B's quantiser, made once."""
        if fault not in self._traces:
            begun = self._begun.get(fault)
            self._traces[fault] = begun.result() if begun else self._made(fault)
        return self._traces[fault]

    def _made(self, fault: str | None) -> Trace:
        quantize = faulty(quantize_ggml, fault) if fault else quantize_ggml
        return self.trace_of(path_b(self.trunk, quantize, self._matrix))

    @property
    def absolute(self) -> Doubles:
        """L2 norm over outputs of the sum of |w||x| in ffn_down, (layers, tokens), path A."""
        return np.stack(self._absolute)

    def independent(self, trace: Trace) -> Doubles:
        """Return the drift if a-priori noise of all layers added up and nothing carried it on."""
        stream = _norms(self.reference.residual[:, self.kept])
        return np.asarray(np.sqrt(np.cumsum(trace.predicted**2, axis=0)) / stream)

    def _reference(self, layer: int, inner: Floats) -> Floats:
        if layer == 0:
            self._first = inner, self.exact(layer, inner[self.kept])
            if any(self._ahead):
                self._begin()
        self._absolute.append(
            _norms(np.abs(inner[self.kept]) @ np.abs(self.trunk.ffn_down(layer)).T)
        )
        return self.exact(layer, inner)

    @property
    def layers(self) -> int:
        """How many layers are run."""
        return self.trunk.layers

    def planted(self, factor: float) -> Trace:
        """Return the sound trace with a drift that grows by `factor` from layer to layer."""
        sound = self.sound()
        powers = factor ** np.arange(self.layers, dtype=np.float64)
        return replace(sound, drift=sound.drift[0] * powers[:, None])

    def walk(self, update: float, seed: int) -> Trace:
        """Return `walked`, made once."""
        key = Walk(update, seed)
        if key not in self._walks:
            begun = self._begun.get(key)
            self._walks[key] = begun.result() if begun else self._walked(key)
        return self._walks[key]

    def _walked(self, walk: Walk) -> Trace:
        """Return the null model in place of a run: independent noise, nothing carried.

        The error of each activation is uniform over its step, and the drift is that of a residual
        stream which starts from a random vector and gains at each layer an independent update of
        `update` times its norm, with independent noise in fixed proportion to the update.
        """
        update, seed = walk
        sound, draw = self.sound(), np.random.default_rng(seed)
        injected = [self._uniform(layer, sound.step[layer], draw) for layer in range(self.layers)]
        shape = (self.layers, *sound.sentence.shape, self.trunk.shape.width)
        start, updates = draw.standard_normal(shape[1:]), draw.standard_normal(shape)
        stream = start + np.cumsum(update * updates, axis=0)
        deviation = np.cumsum(0.01 * update * draw.standard_normal(shape), axis=0)
        drift = _norms(deviation) / _norms(stream)
        return replace(sound, injected=np.stack(injected), drift=drift)

    def _uniform(self, layer: int, step: Doubles, draw: np.random.Generator) -> Doubles:
        unit = draw.uniform(-0.5, 0.5, size=(*step.shape, BLOCK_VALUES))
        error = (step[..., None] * unit).reshape(len(step), -1).astype(np.float32)
        return _norms(self.exact(layer, error))

    def trace_of(self, product: Product) -> Trace:
        """Return what a run leaves behind whose ffn_down is `product`."""
        rows: list[tuple[Doubles, ...]] = []
        extremes: list[Extreme] = []

        def watched(layer: int, inner: Floats) -> Floats:
            found = product(layer, inner)
            rows.append(self._injection(layer, inner, found[self.kept]))
            worst = int(np.argmax(rows[-1][0] / rows[-1][1]))
            extremes.append(Extreme(inner[self.kept][worst], found[self.kept][worst]))
            return found

        engine = self._prefix.replayed(engine_of(self.trunk, watched))
        passed = run_layers(self.trunk, self.sentences, engine)
        injected, predicted, rank, step, signal = map(np.stack, zip(*rows, strict=True))
        drift = _relative(passed.residual[:, self.kept], self.reference.residual[:, self.kept])
        return Trace(self.sentence, injected, predicted, rank, step, signal, drift, tuple(extremes))

    def _injection(self, layer: int, inner: Floats, found: Floats) -> tuple[Doubles, ...]:
        """Return what `Trace` holds of one layer, all but the drift."""
        kept = inner[self.kept]
        exact = self._first[1] if inner is self._first[0] else self.exact(layer, kept)
        energy, step = self._energy(layer), noise.steps(kept)
        return (
            _norms(found - exact),
            noise.predicted(energy, step),
            noise.effective_rank(energy, step),
            step,
            _norms(exact),
        )


def open_paths(run: Run) -> Paths:
    """Return both paths over the run's model, the fixed sentences and the first `layers` layers.

    `layers` is a number or the word `all`.
    """
    model, layers = opened(run), run.parameter("layers")
    walk = Walk(run.parameter("walk_update"), run.parameter("seed"))
    return run.once(f"paths {layers}", partial(_open, model, layers, walk))


def _open(model: ModelFile, layers: int | str, walk: Walk) -> Paths:
    trunk = Trunk(model, None if layers == "all" else int(layers), keep=True)
    sentences = tuple(each.ids for each in sentences_for(model))
    return Paths(trunk, sentences, (None, *FAULTS), walk)


def _once_a_layer(make: Callable[[int], T]) -> Callable[[int], T]:
    """Return the function with its answers kept; whoever asks while one is made waits for it."""
    locks: dict[int, Lock] = {}
    made: dict[int, T] = {}

    def kept(layer: int) -> T:
        with locks.setdefault(layer, Lock()):
            if layer not in made:
                made[layer] = make(layer)
            return made[layer]

    return kept


def _norms(vectors: NDArray[np.floating[Any]]) -> Doubles:
    wide = vectors.astype(np.float64)
    return np.asarray(np.sqrt(np.einsum("...i,...i->...", wide, wide)))


def _relative(found: Floats, reference: Floats) -> Doubles:
    return _norms(found.astype(np.float64) - reference) / _norms(reference)
