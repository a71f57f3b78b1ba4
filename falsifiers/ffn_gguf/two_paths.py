"""Both paths through a model's layers, running freely from the same tokens, and what they leave.

Path A is the reference and no fault touches it. The sound run and its controls go through the
layers in lockstep, two shares of the sentences side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import pairwise, product
from threading import Lock
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf import noise
from pv.falsifiers.ffn_gguf.activation_faults import FAULTS, Quantizer, faulty
from pv.falsifiers.ffn_gguf.lockstep import Downs, Lockstep, Reference, Trace, joined, norms
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.sentences import sentences_for
from pv.falsifiers.interface import Run
from pv.forward.paths import path_a, unpacked_down
from pv.forward.trunk import Trunk
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q8k_quantize.reference import quantize_ggml
from pv.tensors.gguf_header import ModelFile

Doubles = NDArray[np.float64]
Sentences = Sequence[Sequence[int]]

T = TypeVar("T")

_SHARES = 2
"""Of the sentences: as many on every machine, so that sums are the same on all of them."""


class Walk(NamedTuple):
    """Parameters of the null model, as `Paths.walk` takes them."""

    update: float
    seed: int


class Paths:
    """A trunk, and the traces of path B through it with and without planted faults.

    Those of `faults` (None: the sound one) are made together when the first of them is asked for,
    and with them the `walk` that is named.
    """

    def __init__(
        self,
        trunk: Trunk,
        sentences: Sentences,
        faults: Sequence[str | None] = (None, *FAULTS),
        walk: Walk | None = None,
        *,
        quantizer: Callable[[str | None], Quantizer] | None = None,
        shares: int = _SHARES,
    ) -> None:
        self.trunk = trunk
        self.sentences = sentences
        self._together, self._walk = tuple(faults), walk
        self._quantizer = quantizer or quantizer_under
        self._shares = cut(sentences, shares)
        self._downs = Downs(
            _once_a_layer(lambda layer: noise.weight_energy(trunk.ffn_down(layer))),
            _once_a_layer(partial(unpacked_down, trunk)),
            _once_a_layer(lambda layer: np.abs(trunk.ffn_down(layer))),
        )
        self._traces: dict[str | None, Trace] = {}
        self._walks: dict[Walk, Future[Trace]] = {}
        self._references: list[Reference] = []
        """One for each time that passes were made; all are the same but for the order of sums."""

    @property
    def layers(self) -> int:
        """How many layers are run."""
        return self.trunk.layers

    @property
    def reference(self) -> Reference:
        """What path A's pass left behind."""
        if not self._references:
            self.sound()
        return self._references[0]

    def sound(self) -> Trace:
        """Return the trace without a planted fault."""
        return self.under(None)

    def under(self, fault: str | None) -> Trace:
        """Return the trace with a fault planted in path B's quantiser, made once.

        What fails under one fault fails where that one is asked for.
        """
        if fault not in self._traces and fault in self._together:
            try:
                self._run([each for each in self._together if each not in self._traces])
            except BadInputError:
                self._together = ()
        if fault not in self._traces:
            self._run((fault,))
        return self._traces[fault]

    def _run(self, faults: Sequence[str | None]) -> None:
        """Make the traces under these faults."""
        quantizers = [*map(self._quantizer, faults)]
        pool = ThreadPoolExecutor(_SHARES)
        try:
            list(pool.map(self.trunk.weights, self._matrices()))
            list(pool.map(lambda make: make[0](make[1]), product(self._downs, range(self.layers))))
            passes = [
                pool.submit(Lockstep(self.trunk, some, first, quantizers, self._downs).run)
                for first, some in self._shares
            ]
            references, traces = zip(*(each.result() for each in passes), strict=True)
            columns = zip(*references, strict=True)
            self._references.append(Reference(*(np.concatenate(each, axis=1) for each in columns)))
            self._traces |= zip(faults, map(joined, zip(*traces, strict=True)), strict=True)
            if self._walk and None in self._traces:
                self._walks[self._walk] = pool.submit(self._walked, self._walk)
        finally:
            pool.shutdown(wait=False)

    def _matrices(self) -> list[str]:
        stems = self.trunk.shape.matrices()
        return [f"blk.{layer}.{stem}.weight" for layer in range(self.layers) for stem in stems]

    def independent(self, trace: Trace) -> Doubles:
        """Return the drift if a-priori noise of all layers added up and nothing carried it on."""
        return np.asarray(np.sqrt(np.cumsum(trace.predicted**2, axis=0)) / self.reference.stream)

    def planted(self, factor: float) -> Trace:
        """Return the sound trace with a drift that grows by `factor` from layer to layer."""
        sound = self.sound()
        powers = factor ** np.arange(self.layers, dtype=np.float64)
        return sound._replace(drift=sound.drift[0] * powers[:, None])

    def walk(self, update: float, seed: int) -> Trace:
        """Return the null model in place of a run: independent noise, nothing carried.

        The error of each activation is uniform over its step, and the drift is that of a residual
        stream which starts from a random vector and gains at each layer an independent update of
        `update` times its norm, with independent noise in fixed proportion to the update.
        """
        key = Walk(update, seed)
        self.sound()
        begun = self._walks.get(key)
        return begun.result() if begun else self._walked(key)

    def _walked(self, walk: Walk) -> Trace:
        update, seed = walk
        sound, draw = self.sound(), np.random.default_rng(seed)
        injected = [self._uniform(layer, sound.step[layer], draw) for layer in range(self.layers)]
        shape = (self.layers, *sound.sentence.shape, self.trunk.shape.width)
        start, updates = draw.standard_normal(shape[1:]), draw.standard_normal(shape)
        stream = start + np.cumsum(update * updates, axis=0)
        deviation = np.cumsum(0.01 * update * draw.standard_normal(shape), axis=0)
        return sound._replace(injected=np.stack(injected), drift=norms(deviation) / norms(stream))

    def _uniform(self, layer: int, step: Doubles, draw: np.random.Generator) -> Doubles:
        unit = draw.random((*step.shape, BLOCK_VALUES), dtype=np.float32) - np.float32(0.5)
        unit *= step[..., None].astype(np.float32)
        return norms(path_a(self.trunk)(layer, unit.reshape(len(step), -1)))


def quantizer_under(fault: str | None) -> Quantizer:
    """Return path B's quantiser of activations, with a fault planted where one is named."""
    return faulty(quantize_ggml, fault) if fault else quantize_ggml


def open_paths(run: Run) -> Paths:
    """Return both paths over the run's model, the fixed sentences and the first `layers` layers.

    `layers` is a number or the word `all`.
    """
    model, layers = opened(run), run.parameter("layers")
    walk = Walk(run.parameter("walk_update"), run.parameter("seed"))
    return run.once(f"paths {layers}", partial(_open, model, layers, walk))


def _open(model: ModelFile, layers: int | str, walk: Walk) -> Paths:
    trunk = Trunk(model, None if layers == "all" else int(layers), keep=True)
    return Paths(trunk, [each.ids for each in sentences_for(model)], walk=walk)


def cut(sentences: Sentences, shares: int) -> list[tuple[int, Sentences]]:
    """Return consecutive shares of about as many tokens each, with the index of their first."""
    ends = np.cumsum([len(each) for each in sentences])
    wanted = ends[-1] * np.arange(1, shares) / shares
    cuts = [0, *(int(np.abs(ends - each).argmin()) + 1 for each in wanted), len(sentences)]
    return [(a, sentences[a:b]) for a, b in pairwise(cuts) if a < b]


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
