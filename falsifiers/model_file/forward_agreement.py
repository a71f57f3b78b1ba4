"""Whether the forward pass uses every tensor of a file, each in its place.

Residual stream and logits of the pass on trial (float32) are set against those of an independent
one (float64), in units of the longest chain of roundings between them: docs/derivations.md 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pv.falsifiers.ffn_gguf.arithmetic import UNIT
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.ffn_gguf.sentences import sentences_for
from pv.falsifiers.interface import Run
from pv.falsifiers.model_file import independent_pass
from pv.falsifiers.model_file.independent_pass import IndependentPass, Step
from pv.falsifiers.model_file.wide_weights import Wide
from pv.forward import transformer
from pv.forward.engine import reference
from pv.forward.shape import Shape
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements, Series

Floats = NDArray[np.float32]

CONTROLS: dict[str, str] = {
    **independent_pass.CONTROLS,
    "same_pass": "the logits of the pass on trial are set against themselves",
}


@dataclass(frozen=True, slots=True)
class Passes:
    """What the sound run and its controls share: both passes over the same sentences."""

    residual: Floats
    """Of the pass on trial after each layer, float32 (layers, tokens, width)."""
    logits: Floats
    """Of the pass on trial, float32 (tokens, vocabulary)."""
    independent: IndependentPass


def logits(run: Run) -> Measurements:
    """Measure over the first `sentences` sentences of the run's model."""
    model = opened(run)
    count = int(run.parameter("sentences"))
    chosen = [one.ids for one in sentences_for(model)[:count]]
    return of_trunk(run.once("trunk", lambda: Trunk(model, keep=True)), chosen, run)


def of_trunk(trunk: Trunk, sentences: list[tuple[int, ...]], run: Run) -> Measurements:
    """Measure as `logits` does, over given sentences of token ids."""
    fault = known_fault(run, CONTROLS)
    faulty_layers = int(run.parameter("faulty_layers"))
    passes = run.once("passes", lambda: _passes(trunk, sentences))
    planted = fault if fault in independent_pass.CONTROLS else None
    steps = passes.independent.under(planted, faulty_layers)
    logits, read_last = passes.independent.logits(steps[-1].stream)
    if fault == "same_pass":
        logits = passes.logits.astype(np.float64)
    unread = set(trunk.model.tensors) - read_last.union(*(each.read for each in steps))

    shape, longest = trunk.shape, max(len(one) for one in sentences)
    depth = roundings(shape, longest)
    drift = _drift(passes, steps)
    use = drift / (UNIT * depth[1:-1])
    apart = _relative(passes.logits, logits).max()
    words = "every token"
    stream = sample("residual stream", passes.residual.shape, "l2", tokens=words, dtype="float64")
    last = sample("logits", logits.shape, "l2", tokens=words, dtype="float64")
    tensors = sample("tensors of the file", (len(trunk.model.tensors),), "none")
    return Measurements(
        metrics=(
            metric("tensors_unread", len(unread), COUNT, tensors),
            metric("residual_over_bound", use, RATIO, stream),
            metric("logits_over_bound", apart / (UNIT * depth[-1]), RATIO, last),
            metric("logits_apart", apart, RATIO, last),
        ),
        series=(
            Series(
                "residual stream, float32 pass against float64",
                "layer",
                "relative difference, largest over tokens",
                tuple(float(each) for each in range(shape.layers)),
                tuple(drift.tolist()),
            ),
        ),
        notes=(f"{len(logits)} tokens of {len(sentences)} sentences, {depth[-1]:.0f} roundings",),
    )


def roundings(shape: Shape, tokens: int) -> Wide:
    """Return the longest chain of roundings to embedding, each layer and logits, (layers + 2,).

    A product of n terms counts as n and one for each weight's own rounding; norm, rotation, scale,
    softmax, gate and sum of the stream count as one each time they are passed. `tokens` is the
    longest sentence: a softmax weighs so many values.
    """
    attention = (shape.width + 1) + (shape.head_dim + 1) + tokens + (shape.width + 1)
    feed_forward = (shape.width + 1) + (shape.ffn + 1)
    single = len(("norm", "rotation", "scale", "softmax", "sum", "norm", "gate", "product", "sum"))
    layer = attention + feed_forward + single
    after = 1.0 + layer * np.arange(shape.layers + 1)  # 1: the embedding's own rounding
    return np.append(after, after[-1] + 1 + (shape.width + 1))


def _passes(trunk: Trunk, sentences: list[tuple[int, ...]]) -> Passes:
    engine = reference(trunk)
    ours = transformer.run(trunk, sentences, engine).residual
    theirs = IndependentPass(trunk.model, trunk.shape, sentences)
    return Passes(ours, transformer.logits(trunk, ours[-1], engine), theirs)


def _drift(passes: Passes, steps: list[Step]) -> Wide:
    """Return the largest relative difference over tokens after each layer, (layers,)."""
    pairs = zip(passes.residual, steps[1:], strict=True)
    return np.array([_relative(ours, theirs.stream).max() for ours, theirs in pairs])


def _relative(ours: Floats, theirs: Wide) -> Wide:
    """Return `||ours - theirs|| / ||theirs||` of each token, (tokens,)."""
    apart = np.linalg.norm(ours - theirs, axis=-1)
    return np.asarray(apart / np.linalg.norm(theirs, axis=-1))
