"""The reference engine: weights dequantised to float32, NumPy only, nothing quantised on the way.

Norms, rotations, softmax and gate are computed in float64 and round once. Matrix products and sums
of the residual stream stay in float32: their rounding is what docs/derivations.md 5 bounds.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.forward.interface import Floats, Positions
from pv.forward.rotation import Rotation
from pv.forward.trunk import Trunk
from pv.kernels.rms_norm.reference import rms_norm
from pv.kernels.rope.reference import rope
from pv.kernels.softmax.reference import softmax
from pv.kernels.swiglu.reference import swiglu

_CACHED_VALUES = 1 << 15
"""Activations that are gated at once: a quarter of a megabyte as float64."""


class Reference:
    """An `Engine` over a trunk; matrices that the trunk does not keep pass through in slices."""

    name = "reference"

    def __init__(self, trunk: Trunk) -> None:
        self.trunk = trunk

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Multiply with the dequantised matrix in float32."""
        if self.trunk.comes_whole(tensor):
            return np.asarray(activations @ self.trunk.weights(tensor).T)
        return _in_slices(self.trunk, tensor, activations)

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """Normalise in float64."""
        normed: Floats = rms_norm(stream, weight, eps)
        return normed

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """Rotate in float64."""
        turned: Floats = rope(
            heads,
            positions,
            rotation.base,
            rotation.pairing,
            divisors=rotation.divided(),
            magnitude=rotation.magnitude,
        )
        return turned

    def stored(self, values: Floats) -> NDArray[Any]:
        """Keep keys and values as they are."""
        return values

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """Attend with products in float32 and the softmax in float64."""
        return attend(queries, keys, values)

    def add(self, values: Floats, more: Floats) -> Floats:
        """Add in float32."""
        return values + more

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """Gate in float64, some tokens at a time: what is wide stays in the second cache."""
        inner = np.empty_like(gate)
        step = max(1, _CACHED_VALUES // gate.shape[1])
        for first in range(0, len(gate), step):
            some = slice(first, first + step)
            inner[some] = swiglu(gate[some], up[some])
        return inner


def _in_slices(trunk: Trunk, tensor: str, activations: Floats) -> Floats:
    """Multiply with a matrix that is never float32 as a whole; two threads share its rows."""
    count = trunk.model.tensor(tensor).shape[0]
    out = np.empty((len(activations), count), np.float32)
    columns = np.ascontiguousarray(activations.T)

    def share(rows: range) -> None:
        for taken, weights in trunk.slices(tensor, rows):
            out[:, taken] = (weights @ columns).T

    half = count // 2
    other = _second_thread().submit(share, range(half))
    share(range(half, count))
    other.result()
    return out


@cache
def _second_thread() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="reference")


def attend(queries: Floats, keys: Floats, values: Floats) -> Floats:
    """Attend causally: queries (t, heads, dim), keys and values (n, kv heads, dim), n >= t."""
    tokens, heads, dim = queries.shape
    positions, shared, _ = keys.shape
    grouped = queries.transpose(1, 0, 2).reshape(shared, heads // shared, tokens, dim)
    scores = grouped @ keys.transpose(1, 2, 0)[:, None]
    scores *= np.float32(1.0 / np.sqrt(dim))
    seen = np.tri(tokens, positions, positions - tokens, dtype=np.bool_)
    scores[..., ~seen] = -np.inf
    mixed = softmax(scores) @ values.transpose(1, 0, 2)[:, None]
    return np.asarray(mixed.transpose(2, 0, 1, 3).reshape(tokens, heads * dim), np.float32)
