"""Small random models with both engines over them, for falsifiers that compare two sides."""

from pathlib import Path

from pv.falsifiers.apr_gguf_parity.sides import Sides
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from tests.unit.forward.random_model import Recipe, write_model

MIXED = {"*": "Q4_1", "ffn_down": "Q4_K", "token_embd": "Q8_0", "output": "Q6_K"}
"""Weights of several types in one file, the demonstration model's among them."""


def sides_over(path: Path, recipe: Recipe) -> Sides:
    """Write a model and return both sides of the published prompt over it."""
    model = open_model(write_model(path, recipe))
    return Sides(Trunk(model), tokenizer_of(model).encode("What is 2+2?"))
