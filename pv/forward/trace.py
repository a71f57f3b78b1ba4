"""A traced forward pass: statistics of every layer and point, arrays where they are asked for.

Tracing only looks: the pass computes what it computes untraced, bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pv.errors import BadInputError
from pv.forward.interface import Engine, Floats, Step
from pv.forward.trace_statistics import (
    NotApplicable,
    Statistics,
    Tokens,
    selected,
    slot,
    statistics_of,
)
from pv.forward.transformer import AFTER_LAYERS, IN_A_LAYER, Point, logits, run
from pv.forward.trunk import Trunk

__all__ = ["NotApplicable", "Statistics", "Tokens", "Trace", "Tracer", "trace"]


@dataclass(frozen=True, slots=True)
class Trace:
    """What one traced pass over one prompt left behind."""

    engine: str
    ids: tuple[int, ...]
    tokens: Tokens
    statistics: tuple[Statistics, ...]
    """In the order of the computation."""
    absent: tuple[NotApplicable, ...]
    """Slots that this model has no operation for."""
    arrays: Mapping[str, Floats]
    """By slot, over the tokens chosen; empty unless asked for."""
    logits: Floats
    """Of the last token, float32 (vocabulary,)."""

    def of(self, layer: int | None, point: str) -> Statistics:
        """Return the statistics of a slot; raises BadInputError where there are none, and why."""
        for each in self.statistics:
            if each.layer == layer and each.point == point:
                return each
        for missing in self.absent:
            if missing.layer == layer and missing.point == point:
                raise BadInputError(f"{missing.slot}: is not applicable: {missing.reason}")
        raise BadInputError(f"{slot(layer, point)}: this trace of {self.engine} has no such slot")


class Tracer:
    """An observer of a pass that keeps what `Trace` holds."""

    def __init__(self, layers: int, tokens: Tokens, *, arrays: bool, step: Step | None) -> None:
        self.statistics: list[Statistics] = []
        self.arrays: dict[str, Floats] = {}
        self._layers, self._tokens, self._keep, self._step = layers, tokens, arrays, step

    def see(self, layer: int, point: Point, array: Floats) -> None:
        """Look at one array; it is copied where it is kept."""
        where = None if point in AFTER_LAYERS else layer
        self.statistics.append(statistics_of(where, point, self._tokens, array))
        if self._keep:
            self.arrays[slot(where, point)] = np.array(selected(array, self._tokens))
        if self._step and point is Point.RESIDUAL:
            self._step(layer + 1, self._layers)

    def absent(self) -> tuple[NotApplicable, ...]:
        """Return the slots of points that no layer has.

        Raises BadInputError where some layers have a point and others lack it: that is no property
        of a model but a hole in the trace.
        """
        found = {point: set[int]() for point in IN_A_LAYER}
        for each in self.statistics:
            if each.layer is not None:
                found[Point(each.point)].add(each.layer)
        missing: list[NotApplicable] = []
        for point, layers in found.items():
            if layers and len(layers) < self._layers:
                lacking = min(set(range(self._layers)) - layers)
                raise BadInputError(f"{slot(lacking, point)}: was not traced, other layers were")
            if not layers:
                reason = "no layer of this model has such an operation"
                missing += [NotApplicable(layer, point, reason) for layer in range(self._layers)]
        return tuple(missing)


def trace(
    trunk: Trunk,
    ids: Sequence[int],
    engine: Engine,
    *,
    tokens: Tokens = "all",
    arrays: bool = False,
    step: Step | None = None,
) -> Trace:
    """Run one prompt and keep statistics of every layer and point, over all tokens or the last.

    Raises `UsageError` for ids that are none or another selection of tokens, `BadInputError` where
    the pass leaves the finite numbers, with the first slot that holds one of them.
    """
    tracer = Tracer(trunk.layers, tokens, arrays=arrays, step=step)
    try:
        stream = run(trunk, [ids], engine, tracer.see).residual[-1]
        found = logits(trunk, stream if tokens == "all" else stream[-1:], engine, tracer.see)
    except BadInputError as fault:
        lost = next((each for each in tracer.statistics if each.nonfinite), None)
        if lost:
            fault.advice = f"look at {lost.slot} first: {lost.nonfinite} of {lost.count} are lost"
        raise
    return Trace(
        engine.name,
        tuple(ids),
        tokens,
        tuple(tracer.statistics),
        tracer.absent(),
        tracer.arrays,
        found[-1],
    )
