"""Whether the published one-super-block recipe is a chain: run chained, unchained and shuffled.

Differences are set against what the recipe can carry at most; see docs/derivations.md. No chain is
claimed here, so none is returned as evidence.
"""

from __future__ import annotations

import numpy as np

from pv.falsifiers.ffn_gguf import chain_recipe as recipe
from pv.falsifiers.ffn_gguf.chain_recipe import Bytes, Outputs, Wide
from pv.falsifiers.ffn_gguf.fixtures import activation
from pv.falsifiers.ffn_gguf.model_blocks import first_blocks, opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements, Metric, Series

CONTROLS = {
    "carried_activation": "a layer's output is added to the activation of the next one",
    "coupling_of_one_half": "the output scales the next activation by up to 0.5, not by 0.001",
    "other_start": "the unchained layers start from another vector",
    "half_precision_start": "the float32 recipe starts from a vector rounded to half precision",
    "other_shuffle": "another order of the layers",
}


def coupling(run: Run) -> Measurements:
    """Measure what chaining changes, in units of what the recipe can carry."""
    return of_blocks(first_blocks(opened(run), run.parameter("layers")), run)


def of_blocks(blocks: Bytes, run: Run) -> Measurements:
    """Measure as `coupling` does on given first blocks, uint8 (layers, 144)."""
    fault, strength = known_fault(run, CONTROLS), run.parameter("coupling")
    token, seed = run.parameter("token"), run.parameter("seed")
    start = activation(token).astype(np.float64)
    sound = recipe.scaled_start(start, strength)
    carry = _carry(fault, start) or sound
    order = np.random.default_rng(seed + (fault == "other_shuffle")).permutation(len(blocks))
    other = activation(token + (fault == "other_start")).astype(np.float64)

    chained = recipe.exact(blocks, start, carry)
    shuffled = recipe.exact(blocks, start, carry, order.tolist())
    alone = recipe.exact(blocks, other, recipe.scaled_start(other, 0.0))
    first = activation(token)
    if fault == "half_precision_start":
        first = first.astype(np.float16).astype(np.float32)
    as_published = recipe.published(blocks, first, strength)
    size = recipe.terms(blocks, start)
    bounds = [recipe.coupling_bound(each, alone, size, strength) for each in (chained, shuffled)]
    reference = recipe.exact(blocks, start, sound)
    noise = recipe.float32_noise(reference, size, strength)
    over = sample("ffn_down, first block of each layer", alone.a.shape, "none", dtype="float64")
    return Measurements(
        metrics=(
            metric("chained_over_bound", _gap(chained, alone) / bounds[0], RATIO, over),
            metric("shuffled_over_bound", _gap(shuffled, alone) / bounds[1], RATIO, over),
            metric(
                "published_over_noise",
                np.abs(as_published.relative - reference.relative) / noise,
                RATIO,
                over,
            ),
            _changed(alone, chained.quants, shuffled.quants, as_published.quants),
            metric("largest_difference", 100.0 * _gap(chained, alone).max(), "pp", over),
            metric("differences", 100.0 * _gap(chained, alone), "pp", over),
            metric("bounds", 100.0 * bounds[0], "pp", over),
        ),
        series=(_series("chained", chained), _series("unchained", alone)),
        notes=(f"{len(blocks)} layers, their first super-block each",),
        seeds={"shuffle": seed},
    )


def _carry(fault: str | None, start: Wide) -> recipe.Carry | None:
    """Return the step from layer to layer that a planted fault puts in place of the recipe's."""
    if fault == "carried_activation":
        return recipe.added_output
    return recipe.scaled_start(start, 0.5) if fault == "coupling_of_one_half" else None


def _gap(one: Outputs, other: Outputs) -> Wide:
    return np.asarray(np.abs(one.relative - other.relative))


def _changed(alone: Outputs, *others: np.ndarray) -> Metric:
    """Count quants that chaining moved: the bounds take them as equal."""
    count = sum(int((each != alone.quants).sum()) for each in others)
    over = sample("quants of path B", (len(others), *alone.quants.shape), "count", dtype="int8")
    return metric("changed_quants", count, COUNT, over)


def _series(name: str, outputs: Outputs) -> Series:
    layers = tuple(float(each) for each in range(len(outputs.a)))
    return Series(
        name, "layer", "|A - B| / |A| in %", layers, tuple((100.0 * outputs.relative).tolist())
    )
