"""Whether a trace, as it is written down, reports every layer exactly once."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from pv.falsifiers.apr_gguf_parity.sides import Sides, open_sides
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements

CONTROLS: dict[str, str] = {
    "layer_left_out": "the trace has no record of the layer in the middle",
    "layer_twice": "the layer in the middle is reported a second time",
    "counted_from_one": "layers are counted from 1",
}

Records = list[dict[str, Any]]


def once_each(run: Run) -> Measurements:
    """Count the layers of `point` that the production side's trace misses, repeats or invents."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `once_each` does, on sides that are open already."""
    fault = known_fault(run, CONTROLS)
    point, layers = str(run.parameter("point")), sides.trunk.layers
    written = json.dumps([each.to_data() for each in sides.production_once("all").statistics])
    told = Counter(each["layer"] for each in _planted(json.loads(written), point, layers, fault))
    known = set(range(layers))
    over = sample(f"records of {point}", (layers,), "none", dtype="int64")
    found = {
        "layers_missing": len(known - told.keys()),
        "layers_repeated": sum(times > 1 for times in told.values()),
        "layers_unknown": len(told.keys() - known),
    }
    return Measurements(
        metrics=tuple(metric(name, value, COUNT, over) for name, value in found.items()),
        notes=(sides.told(), f"{told.total()} records of {point}, expected {layers}"),
    )


def _planted(records: Records, point: str, layers: int, fault: str | None) -> Records:
    """Return the records of a point, as a writer with the fault would give them."""
    own = [each for each in records if each["point"] == point]
    middle = [each for each in own if each["layer"] == layers // 2]
    if fault == "layer_left_out":
        return [each for each in own if each not in middle]
    if fault == "layer_twice":
        return own + middle
    if fault == "counted_from_one":
        return [{**each, "layer": each["layer"] + 1} for each in own]
    return own
