"""Both sides of a comparison: one prompt through one file, on reference and production engine.

The reference side is run once; the production side once more under every planted fault. Faults
replace products of the production engine and leave everything else as it is.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from pv.errors import UsageError
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.interface import Run
from pv.forward.engine import ENGINES, Engine, replaced
from pv.forward.interface import Floats
from pv.forward.trace import Tokens, Trace, trace
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import ModelFile
from pv.tokens import tokenizer_of

REFERENCE, PRODUCTION = "reference", "production"

FAULTS: dict[str, str] = {
    "up_times_2_5": "the product of ffn_up is 2.5 times too large in every layer",
    "up_times_0_4": "the product of ffn_up is 0.4 times what it should be in every layer",
    "up_times_1_10": "the product of ffn_up is 1.10 times too large in every layer",
    "up_times_0_90": "the product of ffn_up is 0.90 times what it should be in every layer",
    "other_layer": "every layer multiplies with ffn_up of the layer after it",
    "skipped_layer": "nothing of the layer in the middle is added to the stream",
}
"""Faults of the production side, and what each changes."""

KEPT_WEIGHTS = 1 << 28
"""Weights of a model up to which they are decoded once: a gigabyte as float32."""

_SCALES = {
    "up_times_2_5": 2.5,
    "up_times_0_4": 0.4,
    "up_times_1_10": 1.1,
    "up_times_0_90": 0.9,
}
_WRITES = ("attn_output", "ffn_down")
"""Products that are added to the residual stream."""


class Sides:
    """A model and a prompt, with the trace of the reference side made once a selection."""

    def __init__(self, trunk: Trunk, ids: list[int]) -> None:
        if not ids:
            raise UsageError("prompt: has no token, nothing can be compared")
        self.trunk = trunk
        self.ids = ids
        self._references: dict[Tokens, Trace] = {}
        self._productions: dict[Tokens, Trace] = {}

    def reference(self, tokens: Tokens) -> Trace:
        """Return the trace of the reference side, made once."""
        if tokens not in self._references:
            engine = ENGINES[REFERENCE](self.trunk)
            self._references[tokens] = trace(self.trunk, self.ids, engine, tokens=tokens)
        return self._references[tokens]

    def production(self, tokens: Tokens, fault: str | None = None) -> Trace:
        """Return the trace of the production side, with one of FAULTS planted or with none."""
        engine = ENGINES[PRODUCTION](self.trunk)
        if fault in FAULTS:
            engine = faulty(engine, self.trunk, fault)
        return trace(self.trunk, self.ids, engine, tokens=tokens)

    def production_once(self, tokens: Tokens) -> Trace:
        """Return the sound trace of the production side, made once."""
        if tokens not in self._productions:
            self._productions[tokens] = self.production(tokens)
        return self._productions[tokens]

    def told(self) -> str:
        """Return in one line what was run."""
        shape = self.trunk.shape
        return (
            f"{len(self.ids)} tokens through {shape.layers} layers of"
            f" {shape.architecture.name}, sides are {PRODUCTION} over {REFERENCE}"
        )


def open_sides(run: Run) -> Sides:
    """Return the sides over the run's model and its parameter `prompt`, opened once."""
    model, prompt = opened(run), str(run.parameter("prompt"))
    return run.once(
        f"sides {prompt}", lambda: Sides(trunk_of(model), tokenizer_of(model).encode(prompt))
    )


def trunk_of(model: ModelFile) -> Trunk:
    """Return the model's trunk; decoded weights stay where they are few enough to."""
    weights = sum(math.prod(each.shape) for each in model.tensors.values())
    return Trunk(model, keep=weights <= KEPT_WEIGHTS)


def faulty(engine: Engine, trunk: Trunk, fault: str) -> Engine:
    """Return the engine with one of FAULTS planted; raises KeyError for any other name."""
    if fault == "skipped_layer":
        middle = trunk.layers // 2
        for stem in _WRITES:
            engine = replaced(engine, stem, partial(_skipped, engine, stem, middle))
        return engine
    if fault == "other_layer":
        return replaced(engine, "ffn_up", partial(_other, engine, trunk.layers))
    return replaced(engine, "ffn_up", partial(_scaled, engine, np.float32(_SCALES[fault])))


def _scaled(engine: Engine, factor: np.float32, layer: int, x: Floats) -> Floats:
    return engine.product(f"blk.{layer}.ffn_up.weight", x) * factor


def _other(engine: Engine, layers: int, layer: int, x: Floats) -> Floats:
    return engine.product(f"blk.{(layer + 1) % layers}.ffn_up.weight", x)


def _skipped(engine: Engine, stem: str, middle: int, layer: int, x: Floats) -> Floats:
    found = engine.product(f"blk.{layer}.{stem}.weight", x)
    return np.zeros_like(found) if layer == middle else found
