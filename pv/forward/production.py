"""The production engine: computes as llama.cpp's CPU back-end does.

Activations are quantised before every product (`quantized`), keys and values are kept as float16,
and queries and attention weights are rounded to it where they meet them. Norms, rotations, softmax
and gate are float32, with the sums of squares and of powers in float64, as ggml has them. Each
token is computed apart from the others of its batch, bit for bit.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property, partial
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.forward.interface import Floats, Positions
from pv.forward.quantized import (
    ON_DEVICE,
    ROUNDED,
    STORED,
    Device,
    Route,
    activations_of,
    compiled,
    device_words,
    matrix_of,
    multiply_on_device,
    quantize,
    rounded,
    route_of,
)
from pv.forward.rotation import Rotation
from pv.forward.trunk import Trunk
from pv.kernels import Backend, find
from pv.kernels.float_order import numpy_f32

THREADS = 2
"""Threads that share the rows of a matrix, where the machine has so many."""

_SCORES_AT_ONCE = 1 << 15
"""Attention scores that are computed together: 12 MB on the way."""


class Production:
    """An `Engine` over a trunk, on the processor or on a CUDA device.

    On a device products of the types that have a kernel there, norms and gates are computed by the
    CUDA kernels; rotations, attention and all else stay on the processor.
    """

    def __init__(self, trunk: Trunk, device: Device | str = Device.CPU, threads: int = 0) -> None:
        self.trunk = trunk
        self.device = Device(device)
        on_device = self.device is Device.CUDA
        self.name = f"production, {device_words()}" if on_device else "production"
        self.threads = threads or min(THREADS, os.cpu_count() or 1)
        self._ready: dict[str, Callable[[Floats], Floats]] = {}
        self._angles: tuple[bytes, Rotation, Floats, Floats] | None = None
        if on_device:
            _on_device("rms_norm")  # says at once why no device can be used

    def routes(self) -> dict[str, Route]:
        """Return how the products with each matrix are computed, in the order of the file."""
        tensors = self.trunk.model.tensors
        matrices = {name: info for name, info in tensors.items() if len(info.shape) == 2}
        head = self.trunk.head
        used = (name for name in matrices if name.startswith("blk.") or name == head)
        return {name: route_of(matrices[name].type, self.device) for name in used}

    def remarks(self) -> list[str]:
        """Return what a reader should know of the products, a line for each kind of tensor."""
        told: dict[str, list[str]] = {}
        for name, route in self.routes().items():
            if route.note:
                told.setdefault(route.note, []).append(name)
        return [
            f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {note}"
            for note, names in told.items()
        ]

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Multiply with the matrix as it is stored."""
        ready = self._ready.get(tensor)
        if ready is None:
            ready = self._ready[tensor] = self._prepared(tensor)
        return ready(activations)

    def _prepared(self, tensor: str) -> Callable[[Floats], Floats]:
        """Return the product with a matrix of the file, which is looked at once."""
        kind = self.trunk.model.tensor(tensor).type
        stored = STORED.get(kind)
        if stored is None:
            return partial(self._plain, tensor, ROUNDED.get(kind, "f32"))
        name, blocks = activations_of(stored), self.trunk.blocks(tensor)
        if self.device is Device.CUDA and stored in ON_DEVICE:
            return lambda x: multiply_on_device(stored, blocks, quantize(name, x))
        matrix, threads = matrix_of(stored, blocks), self.threads
        return lambda x: matrix.times(quantize(name, x), threads)

    def _plain(self, tensor: str, kept: str, activations: Floats) -> Floats:
        """Multiply in float32, one token after the other, so that none depends on the batch."""
        found, trunk = rounded(kept, activations), self.trunk
        if trunk.comes_whole(tensor):
            whole = trunk.weights(tensor)
            return np.stack([whole @ vector for vector in found])
        out = np.empty((len(found), trunk.model.tensor(tensor).shape[0]), np.float32)
        for rows, weights in trunk.slices(tensor):
            for token, vector in enumerate(found):
                out[token, rows] = weights @ vector
        return out

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """Normalise in float32, the sum of squares in float64."""
        if self.device is Device.CUDA:
            return np.asarray(_on_device("rms_norm")(stream, weight, eps))
        return np.asarray(self._order.rms_norm(stream, weight, eps))

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """Rotate in float32; each pair's angle is that of the pair before, times one factor."""
        cosine, sine = self._turns(positions, rotation, heads.shape[-1])
        return np.asarray(self._order.turned(heads, cosine, sine, rotation.pairing))

    def _turns(self, positions: Positions, rotation: Rotation, dim: int) -> tuple[Floats, Floats]:
        """Return cosines and sines, float32 (tokens, 1, dim / 2); those made last are kept."""
        key = positions.tobytes()
        if self._angles is None or self._angles[:2] != (key, rotation):
            chain = np.full((len(positions), dim // 2), rotation.base ** (-2.0 / dim), np.float32)
            chain[:, 0] = positions
            angles = np.multiply.accumulate(chain, axis=1, dtype=np.float32)
            divisors = rotation.divided()
            if divisors is not None:
                angles /= divisors.astype(np.float32)
            wide = angles[:, None].astype(np.float64)
            cosine, sine = (
                (np.float32(rotation.magnitude) * turn(wide).astype(np.float32))
                for turn in (np.cos, np.sin)
            )
            self._angles = (key, rotation, cosine, sine)
        return self._angles[2:]

    def stored(self, values: Floats) -> NDArray[Any]:
        """Keep keys and values as float16."""
        with np.errstate(over="ignore"):  # infinite there: the layer's result is judged
            return values.astype(np.float16)

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """Attend in ggml's order, a few tokens at a time; a decoded token has a prompt's bits."""
        if self._order is not numpy_f32:
            return np.asarray(self._order.attend(queries, keys, values))
        before, positions = len(keys) - len(queries), len(keys)
        out = np.empty((len(queries), queries.shape[1] * queries.shape[2]), np.float32)
        step = max(1, _SCORES_AT_ONCE // (positions * queries.shape[1]))
        for first in range(0, len(queries), step):
            some = slice(first, first + step)
            seen = min(before + first + step, positions)
            out[some] = numpy_f32.attend(queries[some], keys[:seen], values[:seen])
        return out

    def add(self, values: Floats, more: Floats) -> Floats:
        """Add in float32."""
        return values + more

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """Gate in float32."""
        if self.device is Device.CUDA:
            return np.asarray(_on_device("swiglu")(gate, up))
        return np.asarray(self._order.swiglu(gate, up))

    @cached_property
    def _order(self) -> ModuleType:
        """What is between the products, in ggml's order: compiled where that can be, same bits."""
        if not compiled():
            return numpy_f32
        from pv.kernels.float_order import numba_cpu  # noqa: PLC0415 - compiled when it is used

        return numba_cpu


def _on_device(operation: str) -> Any:
    kernel = find(operation, Backend.CUDA)
    if kernel is None:
        raise LookupError(operation)
    return kernel.load()
