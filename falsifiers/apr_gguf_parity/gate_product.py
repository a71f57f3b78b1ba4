"""Whether the gate projection of one layer is where two engines part.

The published question is asked of both engines running freely. It cannot see a factor of 1.36, so
the same product is also asked for alone: same activations, same weights, against the exact product.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from pv.falsifiers.apr_gguf_parity.product_noise import Doubles, Product, judged_product
from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION, REFERENCE, Sides, open_sides
from pv.falsifiers.ffn_gguf.records import RATIO, baseline, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.engine import ENGINES, Engine, replaced
from pv.forward.interface import Floats
from pv.forward.trace import trace
from pv.forward.transformer import Point
from pv.forward.transformer import run as run_layers
from pv.model.measurement import Measurements, Metric, Ratio

CONTROLS: dict[str, str] = {
    "gate_times_1_36": "the layer's gate product is 1.36 times too large, as was published once",
    "gate_times_1_05": "the layer's gate product is 1.05 times too large",
    "gate_times_1_5": "the layer's gate product is 1.5 times too large",
    "gate_times_0_6": "the layer's gate product is 0.6 times what it should be",
    "four_bit_activations": "the layer's gate product takes activations in 15 levels",
}

_FACTORS = {
    "gate_times_1_36": 1.36,
    "gate_times_1_05": 1.05,
    "gate_times_1_5": 1.5,
    "gate_times_0_6": 0.6,
}
_GATE = "ffn_gate"
_LEVELS = np.float32(7)


def gate(run: Run) -> Measurements:
    """Measure the gate projection of the parameter `layer`, over the last token of the prompt."""
    return of_sides(open_sides(run), run)


def of_sides(sides: Sides, run: Run) -> Measurements:
    """Measure as `gate` does, on sides that are open already."""
    fault, layer = known_fault(run, CONTROLS), int(run.parameter("layer"))
    tensor, tail = f"blk.{layer}.{_GATE}.weight", float(run.parameter("tail"))
    x = run.once("input", lambda: _input(sides, layer))
    alone = run.once("alone", lambda: judged_product(sides.trunk, tensor, x, tail))
    engine = ENGINES[PRODUCTION](sides.trunk)
    if fault is not None:
        engine = replaced(engine, _GATE, partial(_planted, engine, layer, fault))
    found = engine.product(tensor, x)[0].astype(np.float64)
    theirs = sides.reference("last").of(layer, Point.GATE_PROJ_OUT)
    ours = trace(sides.trunk, sides.ids, engine, tokens="last").of(layer, Point.GATE_PROJ_OUT)
    free = Ratio(
        "gate_ratio",
        ours.statistic("std", source=PRODUCTION),
        theirs.statistic("std", source=REFERENCE),
    )
    return Measurements(
        metrics=_alone(found, alone),
        ratios=(free,),
        baselines=(baseline("local_ratio", *_sides_in_words(layer)),),
        notes=(sides.told(), f"{tensor} is {sides.trunk.model.tensor(tensor).type.name}"),
    )


def _alone(found: Doubles, alone: Product) -> tuple[Metric, ...]:
    """Return the metrics of the product alone: found (outputs,) beside the exact one."""
    exact, largest = alone.exact[0], float(alone.largest[0])
    error = float(np.linalg.norm(found - exact))
    ratio = float(found.std() / exact.std())
    allowed = largest / (np.sqrt(exact.size) * exact.std())
    one, spread = (
        sample("gate product of one input", exact.shape, how, tokens="last", dtype="float64")
        for how in ("l2", "std (population)")
    )
    return (
        metric("local_ratio", ratio, RATIO, spread),
        metric("local_deviation_over_bound", abs(ratio - 1.0) / allowed, RATIO, spread),
        metric("injected_over_bound", error / largest, RATIO, one),
        metric("deviation_allowed", allowed, RATIO, spread),
    )


def _sides_in_words(layer: int) -> tuple[tuple[str, str], tuple[str, str]]:
    what = f"std of the gate product of layer {layer}, same input"
    return (what, PRODUCTION), (what, "exact product in float64")


def _input(sides: Sides, layer: int) -> Floats:
    """Return what the reference pass gives to the layer's gate, the last token, (1, width)."""
    seen: list[Floats] = []
    engine = ENGINES[REFERENCE](sides.trunk)

    def watched(index: int, x: Floats) -> Floats:
        if index == layer:
            seen.append(x[-1:].copy())
        return engine.product(f"blk.{index}.{_GATE}.weight", x)

    run_layers(sides.trunk, [sides.ids], replaced(engine, _GATE, watched))
    return seen[0]


def _planted(engine: Engine, layer: int, fault: str, index: int, x: Floats) -> Floats:
    tensor = f"blk.{index}.{_GATE}.weight"
    if index != layer:
        return engine.product(tensor, x)
    if fault in _FACTORS:
        return engine.product(tensor, x) * np.float32(_FACTORS[fault])
    blocks = x.reshape(len(x), -1, 32)
    step = np.maximum(np.abs(blocks).max(axis=-1, keepdims=True), np.float32(1e-30)) / _LEVELS
    return engine.product(tensor, np.asarray((np.rint(blocks / step) * step).reshape(x.shape)))
