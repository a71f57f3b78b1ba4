"""Whether a traced forward pass fills every slot, and its spreads are those of the arrays."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pv.falsifiers.apr_gguf_parity.sides import REFERENCE, open_sides
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.engine import ENGINES
from pv.forward.interface import Floats
from pv.forward.trace import Statistics, Trace, trace
from pv.forward.trace_statistics import statistics_of
from pv.forward.transformer import AFTER_LAYERS, IN_A_LAYER, Point
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    "layer_left_out": "the trace has no record of the last layer",
    "slot_twice": "one slot is reported twice",
    "slot_of_zeros": "one slot is reported over a buffer that nobody filled",
    "slot_unfilled": "one slot is reported over no element",
    "last_for_all": "one slot is reported over the last token as if it were all",
    "half_precision": "one slot is summed in float16",
}

UNIT = 2.0**-53
"""Unit roundoff of float64."""

Record = dict[str, Any]


def filled(run: Run) -> Measurements:
    """Trace the run's model on its prompt, over all tokens, and look at what is written down."""
    sides = open_sides(run)

    def make() -> Trace:
        engine = ENGINES[REFERENCE](sides.trunk)
        return trace(sides.trunk, sides.ids, engine, tokens="all", arrays=True)

    return of_trace(run.once("traced", make), sides.trunk, run)


def of_trace(found: Trace, trunk: Trunk, run: Run) -> Measurements:
    """Measure as `filled` does, on a trace with its arrays."""
    fault = known_fault(run, CONTROLS)
    layers = trunk.layers
    slots: set[tuple[int | None, str]] = {
        (layer, str(point)) for layer in range(layers) for point in IN_A_LAYER
    }
    slots |= {(None, str(point)) for point in AFTER_LAYERS}
    exact = run.once("exact", lambda: {slot: _exact(found.arrays[slot]) for slot in found.arrays})
    records = _written(found, layers - 1, fault)
    told = Counter((each["layer"], each["point"]) for each in records)
    spreads = [each["std"] for each in records]
    use = [_bound_use(each, exact) for each in records if each["std"]]
    over = sample("slots of a trace", (len(slots),), "none", dtype="int64")
    widest = sample("slots of a trace", (len(use),), "none", tokens="all", dtype="float64")
    counts = {
        "slots_missing": len(slots - told.keys()),
        "slots_unknown": len(told.keys() - slots),
        "slots_repeated": sum(times > 1 for times in told.values()),
        "slots_empty": sum(each["count"] < 1 for each in records),
        "spreads_not_above_zero": sum(each is None or each <= 0 for each in spreads),
    }
    return Measurements(
        metrics=(
            *(metric(name, value, COUNT, over) for name, value in counts.items()),
            metric("std_over_bound", max(use, default=0.0), RATIO, widest),
        ),
        notes=(
            f"{len(records)} slots of {layers} layers",
            f"{len(found.absent)} slots not applicable",
        ),
    )


def _written(found: Trace, last: int, fault: str | None) -> list[Record]:
    """Return the records as a reader of the trace's JSON has them, with the fault planted."""
    records = [_planted(each, found, last, fault) for each in found.statistics]
    if fault == "slot_twice":
        records.append(records[0])
    if fault == "layer_left_out":
        records = [each for each in records if each.layer != last]
    data: list[Record] = json.loads(json.dumps([each.to_data() for each in records]))
    return data


def _planted(sound: Statistics, found: Trace, last: int, fault: str | None) -> Statistics:
    """Return the statistics of one slot; those of one point of the last layer under a fault."""
    change = _CHANGES.get(fault or "")
    if change is None or (sound.layer, sound.point) != (last, Point.SILU_GATE):
        return sound
    return change(sound, found.arrays[sound.slot])


def _of(sound: Statistics, array: Floats) -> Statistics:
    return statistics_of(sound.layer, sound.point, sound.tokens, array)


_CHANGES: Mapping[str, Callable[[Statistics, Floats], Statistics]] = {
    "slot_of_zeros": lambda sound, array: _of(sound, np.zeros_like(array)),
    "slot_unfilled": lambda sound, array: _of(sound, array[:0]),
    "last_for_all": lambda sound, array: _of(sound, array[-1:]),
    "half_precision": lambda sound, array: _of(sound, array.astype(np.float16).astype(np.float32)),
}


def _exact(array: Floats) -> tuple[float, float]:
    """Return standard deviation and root mean square, accumulated wider than float64."""
    wide = array.astype(np.longdouble)
    return float(wide.std()), float(np.sqrt(np.square(wide).mean()))


def _bound_use(record: Record, exact: Mapping[str, tuple[float, float]]) -> float:
    """Return how far a reported spread is from the exact one, over what float64 explains."""
    layer, point = record["layer"], record["point"]
    std, rms = exact[point if layer is None else f"blk.{layer}.{point}"]
    bound = (record["count"] + 2) * UNIT * rms**2 / std
    return float(abs(record["std"] - std) / bound)
