"""SwiGLU on a CUDA device: one thread an element, float32 throughout."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import cuda, float32, types
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.device.numba_cuda import WARP, empty, exponential, grid_for, to_device


def swiglu(
    gate: NDArray[np.float32], up: NDArray[np.float32], *, grid: int | None = None
) -> NDArray[np.float32]:
    """Return `gate / (1 + exp(-gate)) * up`, element by element; float32 of one shape.

    Raises:
        BadInputError: wrong dtype, or two shapes that differ.
    """
    require_array("gate", gate, np.float32, (None,) * gate.ndim)
    require_array("up", up, np.float32, gate.shape)
    if gate.size == 0:
        return np.empty(gate.shape, dtype=np.float32)
    out = empty(gate.size, np.float32)
    warps = -(-gate.size // WARP)
    flat = [to_device(np.ascontiguousarray(part).reshape(-1)) for part in (gate, up)]
    _swiglu[grid_for(warps, grid), WARP](*flat, out)
    return np.asarray(out.copy_to_host()).reshape(gate.shape)


@cuda.jit
def _swiglu(gate: Any, up: Any, out: Any) -> None:
    for i in range(cuda.grid(1), out.shape[0], cuda.gridsize(1)):
        g = gate[i]
        out[i] = g / (float32(1) + exponential(-g)) * up[i]


COMPILED = ((_swiglu, types.void(types.float32[::1], types.float32[::1], types.float32[::1])),)
"""Kernels with their argument types, for compilation without a device."""
