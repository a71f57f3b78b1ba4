"""Both paths through a model's layers, running freely from the same tokens, and what they leave.

Path A is the reference and no fault touches it: its weights, pass and energies are made once and
serve the sound run and every control. Position 0 of every sentence is left out: attention sinks
there, and one token of huge norm a sentence would stand for no other.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf import noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS, faulty
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.sentences import sentences_for
from pv.falsifiers.interface import Run
from pv.forward.engine import Product
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.transformer import Pass, batch_of
from pv.forward.transformer import run as run_layers
from pv.forward.trunk import Trunk
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q8k_quantize.reference import quantize_ggml
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]


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
    """A trunk with everything that the sound run and its controls have in common."""

    def __init__(self, trunk: Trunk, sentences: Sequence[Sequence[int]]) -> None:
        self.trunk = trunk
        self.sentences = sentences
        batch = batch_of(sentences, trunk.shape.vocabulary)
        self.kept = batch.position > 0
        self.sentence = batch.sentence[self.kept]
        self.exact: Product = path_a(trunk)
        self._absolute: list[Doubles] = []
        self.reference: Pass = run_layers(trunk, sentences, engine_of(trunk, self._reference))
        self._energies: list[noise.WeightEnergy] = []
        self._traces: dict[str | None, Trace] = {}
        self._begun: dict[str | None, Future[Trace]] = {}

    def begin(self, faults: Iterable[str]) -> None:
        """Begin the sound trace and those under `faults` side by side, each waited for when asked.

        They share nothing that any of them writes, so their results are those of one thread.
        """
        pool = ThreadPoolExecutor(min(os.cpu_count() or 1, 4))
        self._energies = list(pool.map(self._energy, range(self.layers)))
        self._begun = {fault: pool.submit(self._made, fault) for fault in (None, *faults)}
        pool.shutdown(wait=False)

    def sound(self) -> Trace:
        """Return the trace without a planted fault."""
        return self.under(None)

    def under(self, fault: str | None) -> Trace:
        """Return the trace with a fault planted in path B's quantiser, made once."""
        if fault not in self._traces:
            begun = self._begun.pop(fault, None)
            self._traces[fault] = begun.result() if begun else self._made(fault)
        return self._traces[fault]

    def _made(self, fault: str | None) -> Trace:
        quantize = faulty(quantize_ggml, fault) if fault else quantize_ggml
        return self.trace_of(path_b(self.trunk, quantize))

    @property
    def absolute(self) -> Doubles:
        """L2 norm over outputs of the sum of |w||x| in ffn_down, (layers, tokens), path A."""
        return np.stack(self._absolute)

    def independent(self, trace: Trace) -> Doubles:
        """Return the drift if a-priori noise of all layers added up and nothing carried it on."""
        stream = _norms(self.reference.residual[:, self.kept])
        return np.asarray(np.sqrt(np.cumsum(trace.predicted**2, axis=0)) / stream)

    def _reference(self, layer: int, inner: Floats) -> Floats:
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

    def _energy(self, layer: int) -> noise.WeightEnergy:
        return noise.weight_energy(self.trunk.ffn_down(layer))

    def walk(self, update: float, seed: int) -> Trace:
        """Return the null model in place of a run: independent noise, nothing carried.

        The error of each activation is uniform over its step, and the drift is that of a residual
        stream which starts from a random vector and gains at each layer an independent update of
        `update` times its norm, with independent noise in fixed proportion to the update.
        """
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
        if not self._energies:
            self._energies = [self._energy(layer) for layer in range(self.layers)]
        rows: list[tuple[Doubles, ...]] = []
        extremes: list[Extreme] = []

        def watched(layer: int, inner: Floats) -> Floats:
            found = product(layer, inner)
            rows.append(self._injection(layer, inner[self.kept], found[self.kept]))
            worst = int(np.argmax(rows[-1][0] / rows[-1][1]))
            extremes.append(Extreme(inner[self.kept][worst], found[self.kept][worst]))
            return found

        passed = run_layers(self.trunk, self.sentences, engine_of(self.trunk, watched))
        injected, predicted, rank, step, signal = map(np.stack, zip(*rows, strict=True))
        drift = _relative(passed.residual[:, self.kept], self.reference.residual[:, self.kept])
        return Trace(self.sentence, injected, predicted, rank, step, signal, drift, tuple(extremes))

    def _injection(self, layer: int, inner: Floats, found: Floats) -> tuple[Doubles, ...]:
        """Return what `Trace` holds of one layer, all but the drift."""
        exact = self.exact(layer, inner)
        energy, step = self._energies[layer], noise.steps(inner)
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
    return run.once(f"paths {layers}", partial(_open, model, layers))


def _open(model: ModelFile, layers: int | str) -> Paths:
    trunk = Trunk(model, None if layers == "all" else int(layers), keep=True)
    paths = Paths(trunk, tuple(each.ids for each in sentences_for(model)))
    paths.begin(FAULTS)
    return paths


def _norms(vectors: NDArray[np.floating[Any]]) -> Doubles:
    return np.asarray(np.linalg.norm(vectors.astype(np.float64), axis=-1))


def _relative(found: Floats, reference: Floats) -> Doubles:
    return _norms(found.astype(np.float64) - reference) / _norms(reference)
