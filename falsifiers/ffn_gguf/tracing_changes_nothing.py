"""Whether a pass that is watched computes, byte for byte, what it computes unwatched.

Three passes a engine: unwatched, watched, and unwatched once more. The second is set against the
first for what tracing does to the pass, the third for what it leaves behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION, REFERENCE, Sides, open_sides
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward import transformer
from pv.forward.engine import ENGINES
from pv.forward.interface import Floats
from pv.forward.trace import Tracer
from pv.forward.transformer import Observer, Point
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    "writes_into_its_buffer": "the trace adds 1 to one element of the inner product",
    "writes_into_the_stream": "the trace adds 1 to one element of the residual stream",
    "writes_into_the_logits": "the trace adds 1 to one logit",
    "writes_into_the_weights": "the trace adds 1 to one weight of the last norm",
}

ENGINES_ON_TRIAL = (REFERENCE, PRODUCTION)


class Passed(NamedTuple):
    """What a pass leaves: the residual stream after each layer, and the last token's logits."""

    residual: Floats
    logits: Floats


def same_bytes(run: Run) -> Measurements:
    """Count the bytes that tracing changes, on both engines, over the run's model and prompt."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `same_bytes` does, on sides that are open already."""
    fault = known_fault(run, CONTROLS)
    during: list[int] = []
    logits: list[int] = []
    behind: list[int] = []
    trunk = run.once("leaky", lambda: Leaky(sides.trunk.model, keep=sides.trunk.keep))
    for name in ENGINES_ON_TRIAL:
        trunk.changed = False
        first = run.once(f"unwatched {name}", partial(_passed, sides, trunk, name, None))
        tracer = Tracer(trunk.layers, "all", arrays=False, step=None)
        watched = _passed(sides, trunk, name, _observer(tracer, trunk, fault))
        again = _passed(sides, trunk, name, None)
        during += [_bytes(*pair) for pair in zip(watched.residual, first.residual, strict=True)]
        logits.append(_bytes(watched.logits, first.logits))
        behind.append(_bytes(again.residual, first.residual) + _bytes(again.logits, first.logits))
    stream = sample("residual stream", (len(during), first.residual[0].size), "none", tokens="all")
    ends = sample("logits", (len(logits), first.logits.size), "none", tokens="last")
    whole = sample("stream and logits", (len(behind),), "none", tokens="all")
    return Measurements(
        metrics=(
            metric("stream_bytes_differing", during, COUNT, stream),
            metric("logit_bytes_differing", logits, COUNT, ends),
            metric("bytes_differing_afterwards", behind, COUNT, whole),
        ),
        notes=(sides.told(), f"engines: {', '.join(ENGINES_ON_TRIAL)}"),
    )


class Leaky(Trunk):
    """A trunk whose last norm can be changed behind the back of a pass."""

    changed = False

    def vector(self, name: str) -> Floats:
        """Return a vector; the last norm, once it is changed, with 1 added to one weight."""
        found = super().vector(name)
        return _changed(found) if self.changed and name == _NORM else found


def _passed(sides: Sides, trunk: Trunk, name: str, observe: Observer | None) -> Passed:
    engine = ENGINES[name](trunk)
    stream = transformer.run(trunk, [sides.ids], engine, observe).residual
    return Passed(stream, transformer.logits(trunk, stream[-1][-1:], engine, observe)[0])


def _bytes(one: Floats, other: Floats) -> int:
    return int((one.view(np.uint8) != other.view(np.uint8)).sum())


_POINTS: Mapping[str, Point] = {
    "writes_into_its_buffer": Point.SWIGLU_INNER,
    "writes_into_the_stream": Point.RESIDUAL,
    "writes_into_the_logits": Point.LOGITS,
}
_NORM = "output_norm.weight"


def _observer(tracer: Tracer, trunk: Leaky, fault: str | None) -> Observer:
    """Return the trace's own observer; under a fault it also writes where it may only look."""

    def see(layer: int, point: Point, array: Floats) -> None:
        tracer.see(layer, point, array)
        if layer in (0, trunk.layers) and _POINTS.get(fault or "") is point:
            array[...] = _changed(array)
        if fault == "writes_into_the_weights":
            trunk.changed = True

    return see


def _changed(array: Floats) -> Floats:
    """Return an array with 1 added to its last element."""
    made = array.copy()
    made.reshape(-1)[-1] += np.float32(1)
    return made
