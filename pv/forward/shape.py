"""What a llama-architecture model declares about itself, and a refusal of everything else.

A key or tensor that this forward pass does not know could change its arithmetic, so it is an error
and is never skipped.
"""

from __future__ import annotations

import math
from typing import NamedTuple, NoReturn

from pv.tensors.gguf_errors import GgufError, quoted
from pv.tensors.gguf_header import ModelFile

ARCHITECTURE = "llama"

_INTEGERS = (
    "block_count",
    "embedding_length",
    "feed_forward_length",
    "attention.head_count",
    "attention.head_count_kv",
)
_FLOATS = ("rope.freq_base", "attention.layer_norm_rms_epsilon")
_OPTIONAL = (
    "context_length",
    "vocab_size",
    "rope.dimension_count",
    "attention.key_length",
    "attention.value_length",
)


class Shape(NamedTuple):
    """Sizes and constants of a llama-architecture model; heads share key-value heads."""

    layers: int
    width: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    rope_base: float
    eps: float

    def of_layer(self) -> dict[str, tuple[int, ...]]:
        """Return the tensors of one layer, by the end of their names, with their shapes."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "attn_norm.weight": (self.width,),
            "attn_q.weight": (queries, self.width),
            "attn_k.weight": (keys, self.width),
            "attn_v.weight": (keys, self.width),
            "attn_output.weight": (self.width, queries),
            "ffn_norm.weight": (self.width,),
            "ffn_gate.weight": (self.ffn, self.width),
            "ffn_up.weight": (self.ffn, self.width),
            "ffn_down.weight": (self.width, self.ffn),
        }


def read_shape(model: ModelFile) -> Shape:
    """Read and check the shape of a model; every tensor must be there, in its place, and known.

    Raises `GgufError` (a `BadInputError`) naming what is absent, unknown or of another shape.
    """
    found = model.metadata.get("general.architecture")
    if found != ARCHITECTURE:
        _refuse(model, "general.architecture", f"expected '{ARCHITECTURE}', found {found!r}")
    _check_keys(model)
    counts = {name: _positive(model, name) for name in _INTEGERS}
    width, heads = counts["embedding_length"], counts["attention.head_count"]
    if width % heads or heads % counts["attention.head_count_kv"]:
        problem = (
            f"width {width}, heads {heads}, key-value heads {counts['attention.head_count_kv']}"
        )
        _refuse(model, "llama.attention.head_count", f"does not divide: {problem}")
    embedding = model.tensor("token_embd.weight")
    shape = Shape(
        layers=counts["block_count"],
        width=width,
        ffn=counts["feed_forward_length"],
        heads=heads,
        kv_heads=counts["attention.head_count_kv"],
        head_dim=width // heads,
        vocabulary=embedding.shape[0],
        rope_base=_positive_float(model, _FLOATS[0]),
        eps=_positive_float(model, _FLOATS[1]),
    )
    _check_head(model, shape)
    _check_tensors(model, shape)
    return shape


def _refuse(model: ModelFile, field: str, problem: str) -> NoReturn:
    advice = "use a model of the plain llama architecture"
    raise GgufError(model.path, 0, field, problem, advice=advice)


def _check_keys(model: ModelFile) -> None:
    known = {f"{ARCHITECTURE}.{name}" for name in (*_INTEGERS, *_FLOATS, *_OPTIONAL)}
    for key in model.metadata:
        if key.startswith(f"{ARCHITECTURE}.") and key not in known:
            _refuse(model, f"key {quoted(key)}", "is not understood by this forward pass")


def _positive(model: ModelFile, name: str) -> int:
    key = f"{ARCHITECTURE}.{name}"
    value = model.metadata.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        _refuse(model, f"key {quoted(key)}", f"expected a positive integer, found {value!r}")
    return value


def _positive_float(model: ModelFile, name: str) -> float:
    key = f"{ARCHITECTURE}.{name}"
    value = model.metadata.get(key)
    if not isinstance(value, float) or not (math.isfinite(value) and value > 0):
        _refuse(model, f"key {quoted(key)}", f"expected a positive number, found {value!r}")
    return value


def _check_head(model: ModelFile, shape: Shape) -> None:
    """Require whole-head rotation and heads of one size: nothing else is computed here."""
    for name in ("rope.dimension_count", "attention.key_length", "attention.value_length"):
        key = f"{ARCHITECTURE}.{name}"
        value = model.metadata.get(key, shape.head_dim)
        if value != shape.head_dim or shape.head_dim % 2:
            problem = f"expected the head size {shape.head_dim} (even), found {value!r}"
            _refuse(model, f"key {quoted(key)}", problem)


def _check_tensors(model: ModelFile, shape: Shape) -> None:
    expected = {
        "token_embd.weight": (shape.vocabulary, shape.width),
        "output_norm.weight": (shape.width,),
    }
    for layer in range(shape.layers):
        of_layer = shape.of_layer().items()
        expected.update({f"blk.{layer}.{name}": dims for name, dims in of_layer})
    if "output.weight" in model.tensors:
        expected["output.weight"] = (shape.vocabulary, shape.width)
    for name, dims in expected.items():
        found = model.tensor(name).shape
        if found != dims:
            _refuse(model, f"tensor {quoted(name)}", f"expected shape {dims}, found {found}")
    for name in model.tensors:
        if name not in expected:
            _refuse(model, f"tensor {quoted(name)}", "is not understood by this forward pass")
