"""What a model declares about itself, and a refusal of everything that is not understood.

A key or tensor that this forward pass does not know could change its arithmetic, so it is an error
and is never skipped.
"""

from __future__ import annotations

import math
from typing import NamedTuple, NoReturn

import numpy as np

from pv.forward.architecture import ARCHITECTURES, KEYS, Architecture
from pv.forward.rotation import (
    BETA_FAST,
    BETA_SLOW,
    Rotation,
    Yarn,
    yarn_divisors,
    yarn_magnitude,
)
from pv.tensors.dequantize import dequantize
from pv.tensors.gguf_errors import GgufError, quoted
from pv.tensors.gguf_header import ModelFile

DEFAULT_ROPE_BASE = 10000.0
"""Where a file states none."""
FACTORS = "rope_freqs.weight"


class Shape(NamedTuple):
    """Sizes and constants of a model; heads share key-value heads."""

    layers: int
    width: int
    ffn: int
    heads: int
    kv_heads: int
    head_dim: int
    vocabulary: int
    eps: float
    rotation: Rotation
    architecture: Architecture
    tied: bool
    """Whether the output head is the embedding."""
    biased: frozenset[str] = frozenset()
    """Projections that carry a bias, by the stems of their names."""

    @property
    def rope_base(self) -> float:
        """Base of the rotation."""
        return self.rotation.base

    def matrices(self) -> dict[str, tuple[int, int]]:
        """Return the matrices of one layer, by the stems of their names, (outputs, inputs)."""
        queries, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        return {
            "attn_q": (queries, self.width),
            "attn_k": (keys, self.width),
            "attn_v": (keys, self.width),
            "attn_output": (self.width, queries),
            "ffn_gate": (self.ffn, self.width),
            "ffn_up": (self.ffn, self.width),
            "ffn_down": (self.width, self.ffn),
        }

    def of_layer(self) -> dict[str, tuple[int, ...]]:
        """Return the tensors of one layer, by the end of their names, with their shapes."""
        matrices = self.matrices()
        return {
            "attn_norm.weight": (self.width,),
            "ffn_norm.weight": (self.width,),
            **{f"{stem}.weight": dims for stem, dims in matrices.items()},
            **{f"{stem}.bias": (matrices[stem][0],) for stem in matrices if stem in self.biased},
        }


class _Keys:
    """The keys of a model below the name of its architecture, each checked when asked for."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        name = model.metadata.get("general.architecture")
        if not isinstance(name, str) or name not in ARCHITECTURES:
            known = ", ".join(ARCHITECTURES)
            self.refuse("general.architecture", f"expected one of {known}, found {name!r}")
        self.architecture = ARCHITECTURES[name]
        for key in model.metadata:
            if key.startswith(f"{name}.") and key.removeprefix(f"{name}.") not in KEYS:
                self.refuse(f"key {quoted(key)}", "is not understood by this forward pass")

    def refuse(self, field: str, problem: str) -> NoReturn:
        advice = f"use a model of a plain architecture: {', '.join(ARCHITECTURES)}"
        raise GgufError(self.model.path, 0, field, problem, advice=advice)

    def refuse_key(self, name: str, problem: str) -> NoReturn:
        self.refuse(f"key {quoted(self.full(name))}", problem)

    def full(self, name: str) -> str:
        return f"{self.architecture.name}.{name}"

    def integer(self, name: str, default: int | None = None) -> int:
        value = self.model.metadata.get(self.full(name), default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            self.refuse_key(name, f"expected a positive integer, found {value!r}")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        value = self.model.metadata.get(self.full(name), default)
        if not isinstance(value, float) or not (math.isfinite(value) and value > 0):
            self.refuse_key(name, f"expected a positive number, found {value!r}")
        return value


def read_shape(model: ModelFile) -> Shape:
    """Read and check the shape of a model; every tensor must be there, in its place, and known.

    Raises `GgufError` (a `BadInputError`) naming what is absent, unknown or of another shape.
    """
    keys = _Keys(model)
    width, heads = keys.integer("embedding_length"), keys.integer("attention.head_count")
    shared = keys.integer("attention.head_count_kv", heads)
    head_dim = _head_dim(keys, width, heads, shared)
    shape = Shape(
        layers=keys.integer("block_count"),
        width=width,
        ffn=keys.integer("feed_forward_length"),
        heads=heads,
        kv_heads=shared,
        head_dim=head_dim,
        vocabulary=model.tensor("token_embd.weight").shape[0],
        eps=keys.number("attention.layer_norm_rms_epsilon"),
        rotation=_rotation(keys, head_dim),
        architecture=keys.architecture,
        tied="output.weight" not in model.tensors,
        biased=_biased(keys),
    )
    _check_tensors(keys, shape)
    return shape


def _head_dim(keys: _Keys, width: int, heads: int, shared: int) -> int:
    """Return the size of a head: as declared, else an even share of the width; all rotated."""
    declared = keys.full("attention.key_length") in keys.model.metadata
    if heads % shared or (width % heads and not declared):
        problem = f"does not divide: width {width}, heads {heads}, key-value heads {shared}"
        keys.refuse_key("attention.head_count", problem)
    dim = keys.integer("attention.key_length", width // heads or 1)
    for name in ("rope.dimension_count", "attention.value_length"):
        found = keys.integer(name, dim)
        if found != dim or dim % 2:
            keys.refuse_key(name, f"expected the head size {dim} (even), found {found!r}")
    return dim


def _biased(keys: _Keys) -> frozenset[str]:
    architecture, present = keys.architecture, keys.model.tensors
    optional = (each for each in architecture.optional_biases if f"blk.0.{each}.bias" in present)
    return frozenset((*architecture.biases, *optional))


def _rotation(keys: _Keys, dim: int) -> Rotation:
    """Return how heads are rotated, with the scaling that the file declares."""
    base = keys.number("rope.freq_base", DEFAULT_ROPE_BASE)
    divisors = np.ones(dim // 2)
    factor, magnitude = 1.0, keys.number("rope.scaling.attn_factor", 1.0)
    match keys.model.metadata.get(keys.full("rope.scaling.type")):
        case None | "none" | "linear" as kind:
            # A factor without a type scales all pairs too; the type `none` switches it off.
            declared = keys.number("rope.scaling.factor", 1.0)
            divisors *= 1.0 if kind == "none" else declared
        case "yarn":
            factor = keys.number("rope.scaling.factor", 1.0)
            divisors *= yarn_divisors(base, dim, factor, _yarn(keys, base))
            magnitude *= yarn_magnitude(factor)
        case other:
            expected = "expected none, linear or yarn"
            keys.refuse_key("rope.scaling.type", f"{expected}, found {other!r}")
    if FACTORS in keys.model.tensors:
        divisors *= _factors(keys, dim)
    plain = bool((divisors == 1.0).all())
    pairing = keys.architecture.pairing
    return Rotation(base, pairing, () if plain else tuple(divisors.tolist()), magnitude)


def _yarn(keys: _Keys, base: float) -> Yarn:
    if base <= 1.0:
        keys.refuse_key("rope.freq_base", f"expected more than 1 with YaRN, found {base}")
    name = "rope.scaling.original_context_length"
    stated = keys.full(name) in keys.model.metadata
    context = keys.integer(name if stated else "context_length")
    extrapolation = keys.number("rope.scaling.yarn_ext_factor", 1.0)
    fast = keys.number("rope.scaling.yarn_beta_fast", BETA_FAST)
    slow = keys.number("rope.scaling.yarn_beta_slow", BETA_SLOW)
    if extrapolation != 1.0:
        problem = f"expected 1, found {extrapolation}"
        keys.refuse_key("rope.scaling.yarn_ext_factor", problem)
    return Yarn(context, extrapolation, fast, slow)


def _factors(keys: _Keys, dim: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the file's own divisors of the frequencies, float64 (dim / 2,)."""
    if not keys.architecture.factors:
        problem = f"is not understood in the architecture {keys.architecture.name}"
        keys.refuse(f"tensor {quoted(FACTORS)}", problem)
    found = dequantize(keys.model, FACTORS).astype(np.float64)
    if found.shape != (dim // 2,) or not (found > 0).all():
        problem = f"expected {dim // 2} positive numbers, found shape {found.shape}"
        keys.refuse(f"tensor {quoted(FACTORS)}", problem)
    return found


def _check_tensors(keys: _Keys, shape: Shape) -> None:
    model = keys.model
    expected: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (shape.vocabulary, shape.width),
        "output_norm.weight": (shape.width,),
    }
    for layer in range(shape.layers):
        of_layer = shape.of_layer().items()
        expected.update({f"blk.{layer}.{name}": dims for name, dims in of_layer})
    if not shape.tied:
        expected["output.weight"] = (shape.vocabulary, shape.width)
    if FACTORS in model.tensors:
        expected[FACTORS] = (shape.head_dim // 2,)
    for name, dims in expected.items():
        found = model.tensor(name).shape
        if found != dims:
            keys.refuse(f"tensor {quoted(name)}", f"expected shape {dims}, found {found}")
    for name in model.tensors:
        if name not in expected:
            keys.refuse(f"tensor {quoted(name)}", "is not understood by this forward pass")
