"""The small random models whose logits are compared, and how near two sides are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.unit.forward.random_model import Recipe

Floats = NDArray[np.float32]

GAIN = 0.5
"""Of the matrices. A quantised activation that is rounded the other way, because somebody added in
another order, grows to the noise of the quantisation itself; here that noise stays below the limit.
With a gain of 2 llama.cpp does not reach the limit against itself, batch against single tokens."""

TOKENS = 48
"""Long enough for a scaled rotation to differ from a plain one by far."""

MIXED = {"ffn_down": "Q6_K", "attn_v": "Q6_K", "token_embd": "Q4_K", "output": "Q6_K", "*": "Q4_K"}
LINEAR = {"type": "linear", "factor": 4.0}
YARN = {"type": "yarn", "factor": 4.0, "original_context_length": 128}


def _of(architecture: str) -> dict[str, Recipe]:
    plain = Recipe(architecture, gain=GAIN)
    types = {kind: plain._replace(types=kind) for kind in ("F32", "F16", "Q8_0", "Q4_K", "Q6_K")}
    return {
        **types,
        "Q4_1": plain._replace(types="Q4_1"),
        "mixed": plain._replace(types=MIXED),
        "mixed tied": plain._replace(types={**MIXED, "token_embd": "Q6_K"}, tied=True),
        "Q8_0 tied": plain._replace(types="Q8_0", tied=True),
        "Q4_K 8 heads on 1": plain._replace(types="Q4_K", heads=8, kv_heads=1),
        "Q4_K without sharing": plain._replace(types="Q4_K", kv_heads=4),
        "Q6_K linear": plain._replace(types="Q6_K", scaling=LINEAR),
        "Q6_K yarn": plain._replace(types="Q6_K", scaling=YARN),
        "F32 yarn": plain._replace(scaling=YARN),
    }


CASES: dict[str, Recipe] = {
    f"{architecture} {name}": recipe
    for architecture in ("llama", "qwen2")
    for name, recipe in _of(architecture).items()
} | {
    "llama F32 factors": Recipe(gain=GAIN, factors=True),
    "llama Q4_K factors": Recipe(gain=GAIN, types="Q4_K", factors=True, rope_base=500000.0),
}


def prompt_of(recipe: Recipe) -> list[int]:
    """Return the ids that a model is asked about."""
    dice = np.random.default_rng(recipe.seed + 7)
    return [int(one) for one in dice.integers(3, recipe.vocabulary, TOKENS)]


AS_ROUNDED = 1e-8
"""An activation that is rounded the other way costs about 1e-6, quantising none about 5e-5."""


class Agreement(NamedTuple):
    """How near two logits are, over all tokens."""

    cosine: float
    """The worst of all tokens."""
    difference: float
    """Largest absolute difference of two logits."""
    spread: float
    """Standard deviation of the logits: what a difference is small beside."""
    same_top: int
    """Tokens after which both think the same one likeliest."""
    as_rounded: int
    """Tokens where the cosine is within `AS_ROUNDED` of 1: only the order of sums differs."""
    tokens: int


def agreement(ours: Floats, theirs: Floats) -> Agreement:
    """Compare logits (tokens, vocabulary) of two sides."""
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    cosines = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    same = int((a.argmax(axis=1) == b.argmax(axis=1)).sum())
    near = int((1 - cosines < AS_ROUNDED).sum())
    worst = float(np.abs(a - b).max())
    return Agreement(float(cosines.min()), worst, float(b.std()), same, near, len(a))
