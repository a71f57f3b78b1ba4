"""What an engine is: the operations of a forward pass, each computed in the engine's own way.

The pass itself (`transformer`) is one; engines differ in how they multiply, round and keep.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pv.forward.rotation import Rotation

Floats = NDArray[np.float32]
Positions = NDArray[np.integer[Any]]

Product = Callable[[int, Floats], Floats]
"""Layer and activations, float32 (tokens, inputs), to float32 (tokens, outputs)."""
Step = Callable[[int, int], None]
"""Hears how many layers are through, and how many there are (both runs counted in a bisection)."""


class Engine(Protocol):
    """The operations of a forward pass over one model; all arrays float32."""

    @property
    def name(self) -> str:
        """Short name for reports."""
        ...

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Multiply (tokens, inputs) with a matrix of the model: (tokens, outputs)."""
        ...

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """Normalise each token of (tokens, width)."""
        ...

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """Rotate (tokens, heads, dim) to their positions, integers (tokens,)."""
        ...

    def stored(self, values: Floats) -> NDArray[Any]:
        """Return keys or values as the engine's cache keeps them: any float dtype, same shape."""
        ...

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """Attend causally within one sentence: (tokens, heads * dim).

        queries (tokens, heads, dim) are those of the last tokens; keys and values, as stored,
        (positions, kv heads, dim) of all. Query head h reads head h // (heads / kv heads).
        """
        ...

    def add(self, values: Floats, more: Floats) -> Floats:
        """Add an update to the residual stream, or a bias (outputs,) to a product."""
        ...

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """Return `gate / (1 + exp(-gate)) * up`, element by element."""
        ...
