"""A real model on two engines, each looked at over all seven tokens or over the last one."""

from __future__ import annotations

from pv.errors import UsageError
from pv.falsifiers.interface import Run, unknown_fault
from pv.forward.engine import production, reference
from pv.forward.trace import Tokens, trace
from pv.forward.trunk import Trunk
from pv.model.measurement import Baseline, Measurements, Metric, Ratio, Series, Side, Statistic
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of

CONTROLS = {"scale_times_3": "one engine multiplies by three"}
BAND = (0.5, 2.0)


def all_over_last(run: Run) -> Measurements:
    """Divide the spread of all tokens in one engine by that of the last one in the other."""
    return _ratios(run, "all")


def last_over_last(run: Run) -> Measurements:
    """Divide the spread of the last token in one engine by that in the other."""
    return _ratios(run, "last")


def _ratios(run: Run, tokens: Tokens) -> Measurements:
    if run.fault is not None and run.fault not in CONTROLS:
        raise unknown_fault(run, CONTROLS)
    ours, theirs = run.once("spreads", lambda: _spreads(run, tokens))
    scale = 3.0 if run.fault else 1.0
    found = tuple(scale * one.value / other.value for one, other in zip(ours, theirs, strict=True))
    layers = tuple(float(layer) for layer in range(len(found)))
    outside = [layer for layer, one in enumerate(found) if not BAND[0] <= one <= BAND[1]]
    named = [Ratio(f"layer {n}", *both) for n, both in enumerate(zip(ours, theirs, strict=True))]
    side = f"std of {run.parameter('point')}"
    return Measurements(
        metrics=(Metric("std_ratio", found, "1", theirs[0].sample),),
        # What is no ratio in one layer is none in any: the list as a whole is refused.
        ratios=(Ratio("std_ratio", ours[0], theirs[0]),) if tokens == "all" else tuple(named),
        baselines=(Baseline("std_ratio", Side(side, "reference"), Side(side, "production")),),
        series=(Series("std_ratio", "layer", "ratio of spreads", layers, found),),
        notes=(f"outside the band from {BAND[0]} to {BAND[1]}: layers {outside}",),
    )


def _spreads(run: Run, tokens: Tokens) -> tuple[list[Statistic], list[Statistic]]:
    """Return the spread of every layer: reference over `tokens`, production over the last one."""
    if run.model is None:
        raise UsageError("this harness needs a model, expected one in `models` of the falsifier")
    point = str(run.parameter("point"))
    with open_model(run.model) as file:
        trunk = Trunk(file)
        ids = tokenizer_of(file).encode(str(run.parameter("text")))
        one = trace(trunk, ids, reference(trunk), tokens=tokens)
        other = trace(trunk, ids, production(trunk), tokens="last")
    layers = range(trunk.layers)
    return (
        [one.of(layer, point).statistic("std", "reference") for layer in layers],
        [other.of(layer, point).statistic("std", "production") for layer in layers],
    )
