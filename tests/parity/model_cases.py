"""The small random models whose logits are compared, and how near two sides are."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tests.unit.forward.random_model import Recipe

Floats = NDArray[np.float32]

TOKENS = 48
"""Long enough for a scaled rotation to differ from a plain one by far."""

MIXED = {"ffn_down": "Q6_K", "attn_v": "Q6_K", "token_embd": "Q4_K", "output": "Q6_K", "*": "Q4_K"}
LINEAR = {"type": "linear", "factor": 4.0}
YARN = {"type": "yarn", "factor": 4.0, "original_context_length": 128}


def _of(architecture: str) -> dict[str, Recipe]:
    plain = Recipe(architecture)
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
    "llama F32 factors": Recipe(factors=True),
    "llama Q4_K factors": Recipe(types="Q4_K", factors=True, rope_base=500000.0),
}


def prompt_of(recipe: Recipe) -> list[int]:
    """Return the ids that a model is asked about."""
    dice = np.random.default_rng(recipe.seed + 7)
    return [int(one) for one in dice.integers(3, recipe.vocabulary, TOKENS)]


class Agreement(NamedTuple):
    """How near two logits are, over all tokens: the worst cosine and the worst difference."""

    cosine: float
    difference: float
    """Largest absolute difference of two logits."""
    spread: float
    """Standard deviation of the logits: what a difference is small beside."""
    same_top: int
    tokens: int


def agreement(ours: Floats, theirs: Floats) -> Agreement:
    """Compare logits (tokens, vocabulary) of two sides."""
    a, b = ours.astype(np.float64), theirs.astype(np.float64)
    cosines = (a * b).sum(axis=1) / np.sqrt((a * a).sum(axis=1) * (b * b).sum(axis=1))
    same = int((a.argmax(axis=1) == b.argmax(axis=1)).sum())
    return Agreement(float(cosines.min()), float(np.abs(a - b).max()), float(b.std()), same, len(a))
