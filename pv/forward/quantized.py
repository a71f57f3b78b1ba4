"""Products with weights as a file stores them, the way llama.cpp's CPU back-end takes them.

Activations are quantised to the type that ggml pairs with the weights; integer dot products are
exact, and their float order is that of ggml's AVX2 routines. Types without such a kernel are
multiplied in float32, which the `Route` of the tensor says.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.kernels import Backend, availability, find
from pv.kernels.layout import LONG, WITH_MINIMUM, Activations, Stored
from pv.kernels.q8k_quantize.reference import Q8K
from pv.tensors.ggml_types import GgmlType

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]


class Device(StrEnum):
    """What multiplies: the processor, or a CUDA device (or its simulator)."""

    CPU = "cpu"
    CUDA = "cuda"


STORED: dict[GgmlType, Stored] = {
    GgmlType.Q4_0: Stored.Q4_0,
    GgmlType.Q4_1: Stored.Q4_1,
    GgmlType.Q5_0: Stored.Q5_0,
    GgmlType.Q5_1: Stored.Q5_1,
    GgmlType.Q8_0: Stored.Q8_0,
    GgmlType.Q4_K: Stored.Q4_K,
    GgmlType.Q5_K: Stored.Q5_K,
    GgmlType.Q6_K: Stored.Q6_K,
}
"""Types whose products with quantised activations have kernels."""
ROUNDED = {GgmlType.F32: "f32", GgmlType.F16: "f16", GgmlType.BF16: "bf16"}
"""Types whose products stay in float32, and what activations are rounded to before."""
ON_DEVICE = {
    Stored.Q4_K: "q4k_q8k_matvec",
    Stored.Q6_K: "q6k_q8k_matvec",
    Stored.Q8_0: "q8_0_q8_0_matvec",
    Stored.Q4_1: "q4_1_q8_1_matvec",
}
"""Operations of the CUDA kernels that there are."""


class Route(NamedTuple):
    """How the products with one tensor are computed."""

    type: GgmlType
    activations: str
    """What they are quantised or rounded to: q8_k, q8_0, q8_1, f32, f16 or bf16."""
    kernel: str
    """Operation and back-end."""
    as_ggml: bool
    """Whether ggml rounds the activations in the same way."""
    note: str = ""
    """What a reader should know, such as that the type has no kernel here."""


def route_of(kind: GgmlType, device: Device) -> Route:
    """Say how products with a type are computed, on which back-end, and in what they differ."""
    stored = STORED.get(kind)
    if stored is None:
        rounded = ROUNDED.get(kind)
        if rounded:
            return Route(kind, rounded, "float32 product, BLAS order", as_ggml=True)
        note = f"{kind.name} has no kernel here: weights are dequantised, activations stay float32"
        return Route(kind, "f32", "float32 product, BLAS order", as_ggml=False, note=note)
    name = activations_of(stored)
    if device is Device.CUDA and stored in ON_DEVICE:
        return Route(kind, name, f"{ON_DEVICE[stored]}, {device_words()}", as_ggml=True)
    note = f"{kind.name} has no CUDA kernel" if device is Device.CUDA else ""
    return Route(kind, name, f"block_matmat, {_backend('block_matmat')}", as_ggml=True, note=note)


def activations_of(kind: Stored) -> str:
    """Return the type that ggml quantises activations to for weights of a type."""
    if kind in LONG:
        return "q8_k"
    return "q8_1" if kind in WITH_MINIMUM else "q8_0"


def device_words() -> str:
    """Return what runs CUDA kernels here: a device, or the simulator that is none."""
    from pv.kernels import simulated  # noqa: PLC0415 - asked when a device is

    return "cuda simulator" if simulated() else "cuda"


def quantize(name: str, x: Floats) -> Activations:
    """Quantise float32 (tokens, values) as `activations_of` says, in ggml's vector rounding."""
    found: Activations = _load("activations")(name, x)
    return found


def compiled() -> bool:
    """Whether vector code is compiled for this processor; else NumPy computes the same bits."""
    if _backend("block_matmat") is not Backend.NUMBA:
        return False
    from pv.kernels.processor.numba_compile import has_vectors  # noqa: PLC0415 - 0.3 s

    return bool(has_vectors())


class Matrix(Protocol):
    """A stored matrix made ready for products on the processor."""

    def times(self, given: Activations, threads: int) -> Floats:
        """Return float32 (tokens, rows)."""
        ...


class _Plain(NamedTuple):
    """A stored matrix where nothing can be compiled."""

    kind: Stored
    blocks: Bytes

    def times(self, given: Activations, threads: int) -> Floats:  # noqa: ARG002 - one signature
        return np.asarray(_load("block_matmat")(self.kind, self.blocks, given))


def matrix_of(kind: Stored, blocks: Bytes) -> Matrix:
    """Make blocks (rows, nb, bytes) ready for products; they are not copied."""
    if not compiled():
        return _Plain(kind, blocks)
    from pv.kernels.block_matmat import numba_cpu  # noqa: PLC0415 - compiled when it is used

    return numba_cpu.Matrix(kind, blocks)


def multiply_on_device(kind: Stored, blocks: Bytes, given: Activations) -> Floats:
    """Multiply on the CUDA device, one vector after the other; float32 (tokens, rows)."""
    kernel = find(ON_DEVICE[kind], Backend.CUDA)
    if kernel is None:
        raise UsageError(f"{kind}: there is no CUDA kernel")
    matvec = kernel.load()
    return np.stack([matvec(blocks, one) for one in _vectors(kind, given)])


def _vectors(kind: Stored, given: Activations) -> list[Q8K | Bytes]:
    """Return each vector in the form that the kernels for one vector take."""
    found: list[Q8K | Bytes] = []
    for scale, quants, sums in zip(*given, strict=True):
        if kind in LONG:
            bsums = sums.reshape(-1, 16)
            found.append(Q8K(scale, quants.reshape(-1, 256), bsums))
            continue
        fields = [scale, sums] if kind in WITH_MINIMUM else [scale]
        halves = np.stack(fields, axis=1).astype("<f2").view(np.uint8)
        found.append(np.concatenate([halves, quants.reshape(-1, 32).view(np.uint8)], axis=1))
    return found


def rounded(name: str, x: Floats) -> Floats:
    """Round float32 to what a type keeps: `f16`, `bf16` (half to even), or `f32` as it is."""
    if name == "f16":
        with np.errstate(over="ignore"):  # beyond its range: infinite, and refused as such later
            return x.astype(np.float16).astype(np.float32)
    if name == "bf16":
        bits = x.view(np.uint32)
        return ((bits + 0x7FFF + (bits >> 16 & 1)) & np.uint32(0xFFFF0000)).view(np.float32)
    return x


@cache
def _backend(operation: str) -> Backend:
    """Return the fastest back-end of the processor that runs here."""
    fast = find(operation, Backend.NUMBA)
    return Backend.NUMBA if fast and availability(fast).available else Backend.NUMPY


@cache
def _load(operation: str) -> Callable[..., Any]:
    kernel = find(operation, _backend(operation))
    if kernel is None:
        raise UsageError(f"{operation}: there is no such kernel")
    return kernel.load()
