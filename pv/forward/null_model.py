"""How far an operation of one engine may be from the reference's on the same input, and no farther.

An operation that stores its activations in few bits may err by the noise of that storing; any other
by float32 roundings. Nothing is fitted; the derivation stands in docs/derivations.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from pv.errors import BadInputError
from pv.forward import attention_noise, rounding_noise
from pv.forward.interface import Floats
from pv.forward.located import Operation, Place
from pv.forward.quantized import Device, route_of
from pv.forward.rounding_noise import UNIT, Doubles, Grid, Matrix
from pv.forward.trunk import Trunk
from pv.kernels.layout import Pairing
from pv.tensors.ggml_types import GgmlType

HALF_UNIT: Final = 2.0**-11
"""Unit roundoff of float16."""
_HALF_SMALLEST: Final = 2.0**-25
"""Half the distance of float16 numbers around zero."""


class Injected(NamedTuple):
    """The error that one operation added to one input, beside what its null model allows."""

    place: Place
    law: str
    """`noise`: storing activations in few bits; `rounding`: float32 alone."""
    error: float
    """L2 norm over all tokens."""
    signal: float
    """L2 norm of the reference's result."""
    ratio: float
    """Measured over predicted for noise, measured over its bound for rounding."""
    over: float
    """Measured over the largest that the null model explains: above 1 it does not."""
    resolution: float
    """Smallest relative scale fault that would have gone over."""


class Formats(NamedTuple):
    """How a candidate says that it stores what it multiplies."""

    activations: Callable[[GgmlType], str]
    """Type of the weights to the type of the activations that meet them, a key of GRIDS or not."""
    half: bool
    """Whether attention keeps and multiplies queries, keys, values and weights as float16."""


FLOAT: Final = Formats(lambda _: "f32", half=False)
"""Everything in float32."""
QUANTISED: Final = Formats(lambda kind: route_of(kind, Device.CPU).activations, half=True)
"""As ggml does."""
FORMATS: Final = {"reference": FLOAT, "production": QUANTISED}
"""By the names of the engines."""


def injected(
    trunk: Trunk, at: Operation, exact: Floats, found: Floats, *, formats: Formats, tail: float
) -> Injected:
    """Judge one operation: the candidate's result beside the reference's, on the same input.

    A sound operation goes over with probability `tail` at most. Raises BadInputError where the two
    have different shapes.
    """
    if found.shape != exact.shape:
        raise BadInputError(f"{at.place}: expected shape {exact.shape}, found {found.shape}")
    if not np.isfinite(found).all():
        return Injected(at.place, "rounding", np.inf, _norm(exact), np.inf, np.inf, np.inf)
    error = found.astype(np.float64) - exact
    if at.kind == "product":
        name = formats.activations(trunk.model.tensor(at.inputs[0]).type)
        grid = rounding_noise.GRIDS.get(name)
        if grid is not None:
            return _noisy_product(trunk, at, exact, error, grid=grid, tail=tail)
    if at.kind == "attend" and formats.half:
        noise = attention_noise.predicted(*at.inputs)
        measure = attention_noise.judged(noise, error, exact, tail)
        return Injected(at.place, "noise", _norm(error), _norm(exact), *measure)
    bound = _BOUNDS[at.kind](trunk, at, exact, formats)
    return _bounded(at.place, exact, error, bound)


def _noisy_product(
    trunk: Trunk, at: Operation, exact: Floats, error: Doubles, *, grid: Grid, tail: float
) -> Injected:
    name, x = at.inputs
    noise = rounding_noise.predicted(matrix_of(trunk, name, grid), x, grid)
    measure = rounding_noise.judged(noise, error, exact, tail)
    return Injected(at.place, "noise", _norm(error), _norm(exact), *measure)


def matrix_of(trunk: Trunk, name: str, grid: Grid) -> Matrix:
    """Return a matrix of the model as the prediction reads it."""
    minima = None
    if grid.sums:  # of a Q4_1 or Q5_1 block: d and m as float16, then the quants
        fields = np.ascontiguousarray(trunk.blocks(name)[..., 2:4])
        minima = fields.view("<f2")[..., 0].astype(np.float32)
    return Matrix(trunk.model.tensor(name).shape[0], lambda: trunk.slices(name), minima)


def _bounded(place: Place, exact: Floats, error: Doubles, bound: Doubles) -> Injected:
    """Judge element by element: a bound of 0 allows nothing."""
    size = np.abs(error)
    with np.errstate(divide="ignore", invalid="ignore"):
        over = np.where(size > 0, size / bound, 0.0).max(initial=0.0)
        relative = np.where(exact != 0, bound / np.abs(exact), np.inf).min(initial=np.inf)
    return Injected(
        place, "rounding", _norm(error), _norm(exact), float(over), float(over), float(relative)
    )


def _product(trunk: Trunk, at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    """Return 2 (n + 2) u |W||x|: on either side n products, their sum, a decoded weight."""
    name, x = at.inputs
    bound = np.empty(exact.shape)
    for rows, weights in trunk.slices(name):
        bound[:, rows] = np.abs(x) @ np.abs(weights).T
    return np.asarray(2 * (x.shape[1] + 2) * UNIT * bound)


def _rms_norm(_trunk: Trunk, at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    """Return (n / 2 + 8) u |y|: n squares summed in any order under a root, few operations more."""
    terms: int = at.inputs[0].shape[-1]
    return (terms / 2 + 8) * UNIT * np.abs(exact, dtype=np.float64)


def _rope(_trunk: Trunk, at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    """Return (6 + (2 i + 4) angle) u (|a| + |b|) for pair i.

    An angle made from that of the pair before carries two roundings a pair. Six more are those of
    cosine, magnitude, their product, its product with an element, the sum, and the reference.
    """
    heads, positions, rotation = at.inputs
    pairs = heads.shape[-1] // 2
    divisors = rotation.divided()
    frequency = rotation.base ** (-np.arange(pairs) / pairs)
    angle = positions[:, None, None] * (frequency if divisors is None else frequency / divisors)
    norm = rotation.pairing is Pairing.NORM
    split = (*heads.shape[:-1], *((pairs, 2) if norm else (2, pairs)))
    axis = -1 if norm else -2
    size = np.abs(heads, dtype=np.float64).reshape(split).sum(axis=axis)
    each = (6.0 + (2.0 * np.arange(pairs) + 4.0) * angle) * UNIT * rotation.magnitude * size
    return np.broadcast_to(np.expand_dims(each, axis), split).reshape(exact.shape)


def _stored(_trunk: Trunk, _at: Operation, exact: Floats, formats: Formats) -> Doubles:
    """Return one rounding of float16, or nothing at all."""
    if not formats.half:
        return np.zeros(exact.shape)
    return HALF_UNIT * np.abs(exact, dtype=np.float64) + _HALF_SMALLEST


def _swiglu(_trunk: Trunk, at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    """Return (8 + |gate|) u |y|: the exponential magnifies the rounding of its argument.

    One that leaves the range of float32 makes 0 of at most |gate up| times its smallest number.
    """
    gate, up = (np.abs(each, dtype=np.float64) for each in at.inputs)
    smallest = np.finfo(np.float32).tiny * (1.0 + gate * up)
    return np.asarray((8.0 + gate) * UNIT * np.abs(exact, dtype=np.float64) + smallest)


def _add(_trunk: Trunk, _at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    """Return 2 u |y|: one rounding on either side."""
    return 2.0 * UNIT * np.abs(exact, dtype=np.float64)


def _attend(_trunk: Trunk, at: Operation, exact: Floats, _formats: Formats) -> Doubles:
    return attention_noise.float_bound(*at.inputs).reshape(exact.shape)


_BOUNDS: Final = {
    "product": _product,
    "rms_norm": _rms_norm,
    "rope": _rope,
    "stored": _stored,
    "swiglu": _swiglu,
    "add": _add,
    "attend": _attend,
}


def _norm(array: Floats | Doubles) -> float:
    return float(np.linalg.norm(array.astype(np.float64)))
