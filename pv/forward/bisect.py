"""Where an engine leaves what rounding explains: the first layer and sub-block, found at once.

Every operation of the candidate is given the reference's input, so that the error it adds is judged
alone, whatever came before it. What errors come to when they add up, the free run shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from pv.errors import BadInputError
from pv.forward.drift import Drift, drift_of
from pv.forward.interface import Engine, Floats, Step
from pv.forward.located import SUB_BLOCKS, Located, Operation, Place
from pv.forward.null_model import Formats, Injected, injected
from pv.forward.transformer import Batch, Pass, batch_of, logits, through_layers
from pv.forward.trunk import Trunk

FALSE_ALARM: Final = 1e-3
"""Probability, at most, that a sound engine is found guilty of anything in one bisection."""


@dataclass(frozen=True, slots=True)
class Bisection:
    """What a bisection found."""

    reference: str
    candidate: str
    tokens: int
    prompts: int
    injected: tuple[Injected, ...]
    """Every sub-block in the order of the computation, the worst of its calls."""
    drift: Drift | None
    """None where the candidate's own run left the finite numbers."""
    ended: str = ""
    """Why the candidate's own run ended, where it did."""

    @property
    def guilty(self) -> tuple[Injected, ...]:
        """Sub-blocks whose error their null model does not explain."""
        return tuple(each for each in self.injected if each.over > 1)

    def telling(self) -> list[Injected]:
        """Return one operation of each layer: farthest beyond its limit, else nearest to it.

        Where none is beyond, those with noise are asked: the largest of many roundings is always
        near the bound of one.
        """
        layers: dict[int, list[Injected]] = {}
        for each in self.injected:
            layers.setdefault(each.place.layer, []).append(each)
        return [_telling(group) for group in layers.values()]

    @property
    def first(self) -> Injected | None:
        """The first of them."""
        return next(iter(self.guilty), None)


class Compared(Located):
    """The reference, which shows each of its inputs to the candidate too and judges the answer."""

    def __init__(
        self, trunk: Trunk, reference: Engine, candidate: Engine, formats: Formats, tail: float
    ) -> None:
        super().__init__(reference.name, trunk.layers)
        self.found: dict[Place, Injected] = {}
        self._trunk, self._reference, self._candidate = trunk, reference, candidate
        self._formats, self._tail = formats, tail

    def operate(self, operation: Operation) -> Floats:
        """Return the reference's result, whatever the candidate's is."""
        exact = operation.on(self._reference)
        with np.errstate(over="ignore", invalid="ignore"):
            found = self._of_candidate(operation)
        judged = injected(
            self._trunk, operation, exact, found, formats=self._formats, tail=self._tail
        )
        known = self.found.get(operation.place)
        self.found[operation.place] = judged if known is None else _worst(known, judged)
        return exact

    def _of_candidate(self, operation: Operation) -> Floats:
        if operation.kind != "attend":
            return np.asarray(operation.on(self._candidate), np.float32)
        queries, keys, values = operation.inputs  # as the candidate would have stored them
        stored = self._candidate.stored(keys), self._candidate.stored(values)
        return operation._replace(inputs=(queries, *stored)).on(self._candidate)


def _telling(group: list[Injected]) -> Injected:
    worst = max(group, key=lambda each: each.over)
    noisy = [each for each in group if each.law == "noise"]
    return worst if worst.over > 1 or not noisy else max(noisy, key=lambda each: each.over)


def _worst(one: Injected, other: Injected) -> Injected:
    """Return two calls of one sub-block as one: norms together, the worse verdict."""
    worse, better = (one, other) if one.over >= other.over else (other, one)
    return worse._replace(
        error=float(np.hypot(one.error, other.error)),
        signal=float(np.hypot(one.signal, other.signal)),
        resolution=max(worse.resolution, better.resolution),
    )


def bisect(
    trunk: Trunk,
    sentences: Sequence[Sequence[int]],
    reference: Engine,
    candidate: Engine,
    formats: Formats,
    *,
    step: Step | None = None,
) -> Bisection:
    """Judge every sub-block of a candidate against the reference, over sentences of token ids.

    Raises `UsageError` for sentences that cannot be run, `BadInputError` where the reference itself
    leaves the finite numbers: then nothing can be judged.
    """
    batch = batch_of(sentences, trunk.shape.vocabulary)
    questions = (trunk.layers * len(SUB_BLOCKS) + 2) * len(sentences)
    compared = Compared(trunk, reference, candidate, formats, FALSE_ALARM / questions)
    done = _Steps(step, 2 * trunk.layers)
    passed = _run(trunk, batch, compared, done)
    if trunk.layers == trunk.shape.layers:
        logits(trunk, passed.residual[-1], compared)
    drift, ended = None, ""
    try:
        free = _run(trunk, batch, candidate, done)
        drift = drift_of(passed.residual, free.residual, batch.sentence)
    except BadInputError as fault:
        ended = fault.message
    return Bisection(
        reference.name,
        candidate.name,
        len(batch.ids),
        len(sentences),
        tuple(compared.found.values()),
        drift,
        ended,
    )


def _run(trunk: Trunk, batch: Batch, engine: Engine, done: _Steps) -> Pass:
    if isinstance(engine, Located):
        engine.begin()
    residual = np.empty((trunk.layers, len(batch.ids), trunk.shape.width), np.float32)

    def keep(layer: int, stream: Floats) -> None:
        residual[layer] = stream
        done()

    through_layers(trunk, batch, engine, after=keep)
    return Pass(batch, residual)


class _Steps:
    """Counts the layers of both runs."""

    def __init__(self, step: Step | None, total: int) -> None:
        self._step, self._total, self._done = step, total, 0

    def __call__(self) -> None:
        self._done += 1
        if self._step:
            self._step(self._done, self._total)
