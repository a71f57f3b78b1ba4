"""Numerical operations: a NumPy reference each, and faster rivals that share no code with it.

The list is written by hand; a new implementation adds its line here.
"""

from __future__ import annotations

from typing import NamedTuple

from pv.kernels.interface import Availability, Backend, Kernel, availability, simulated

__all__ = [
    "KERNELS",
    "Availability",
    "Backend",
    "Kernel",
    "Row",
    "availability",
    "describe",
    "find",
    "simulated",
]

NUMPY, NUMBA, CUDA = Backend


def _at(
    operation: str, backend: Backend, place: str, note: str, processor: tuple[str, ...] = ()
) -> Kernel:
    """Return the kernel at `folder.module:function` under this package."""
    module, _, function = place.partition(":")
    return Kernel(operation, backend, f"pv.kernels.{module}", function, note, processor)


_EXACT = "bit for bit as ggml"
_EXACT_REFERENCE = "reference, bit for bit as ggml"
_WIDE_REFERENCE = "reference, float64 inside"
_GGML_ORDERS = "ggml's two float orders, bit for bit"
_BETWEEN = "ggml's AVX2 order and roundings"
_SAME = "the same bits"
_VECTORS = ("avx2", "fma", "f16c")
_FOLD = "float32 fold in index order"
_WARP = "one warp a row, its own float order"
_PAIR = "two rows a thread block, its own float order"

KERNELS: tuple[Kernel, ...] = (
    _at("q4k_dequantize", NUMPY, "q4k_dequantize.reference:dequantize", _EXACT_REFERENCE),
    _at("q4k_dequantize", NUMBA, "q4k_dequantize.numba_cpu:dequantize", _EXACT),
    _at("q4k_dequantize", CUDA, "q4k_dequantize.numba_cuda:dequantize", _EXACT),
    _at("q4k_quantize", NUMPY, "q4k_quantize.reference:quantize", _EXACT_REFERENCE),
    _at("q4k_quantize", NUMBA, "q4k_quantize.numba_cpu:quantize", _EXACT),
    _at("q4k_quantize", CUDA, "q4k_quantize.numba_cuda:quantize", _EXACT),
    _at("q8k_quantize_ggml", NUMPY, "q8k_quantize.reference:quantize_ggml", _EXACT_REFERENCE),
    _at("q8k_quantize_ggml", NUMBA, "q8k_quantize.numba_cpu:quantize_ggml", _EXACT),
    _at("q8k_quantize_ggml", CUDA, "q8k_quantize.numba_cuda:quantize_ggml", _EXACT),
    _at("q8k_quantize_rust", NUMPY, "q8k_quantize.reference:quantize_rust", "reference"),
    _at("q8k_quantize_rust", NUMBA, "q8k_quantize.numba_cpu:quantize_rust", ""),
    _at("q8k_quantize_rust", CUDA, "q8k_quantize.numba_cuda:quantize_rust", ""),
    _at("q4k_f32_matvec", NUMPY, "q4k_f32_matvec.reference:matvec", f"reference, {_FOLD}"),
    _at("q4k_f32_matvec", NUMBA, "q4k_f32_matvec.numba_cpu:matvec", _FOLD),
    _at("q4k_f32_matvec", CUDA, "q4k_f32_matvec.numba_cuda:matvec", _PAIR),
    _at("q4k_q8k_matvec", NUMPY, "q4k_q8k_matvec.reference:matvec", "reference, four float orders"),
    _at("q4k_q8k_matvec", NUMBA, "q4k_q8k_matvec.numba_cpu:matvec", "four float orders", ("fma",)),
    _at("q4k_q8k_matvec", CUDA, "q4k_q8k_matvec.numba_cuda:matvec", _PAIR),
    _at("q4k_q8k_matmat", NUMPY, "q4k_q8k_matvec.numpy_f32:matmat", "many vectors, exact integers"),
    _at("q6k_dequantize", NUMPY, "q6k_dequantize.reference:dequantize", _EXACT_REFERENCE),
    _at("q6k_dequantize", NUMBA, "q6k_dequantize.numba_cpu:dequantize", _EXACT),
    _at("q6k_dequantize", CUDA, "q6k_dequantize.numba_cuda:dequantize", _EXACT),
    _at("q6k_q8k_matvec", NUMPY, "q6k_q8k_matvec.numpy_f32:matvec", _GGML_ORDERS),
    _at("q6k_q8k_matvec", NUMBA, "q6k_q8k_matvec.numba_cpu:matvec", _GGML_ORDERS, ("fma",)),
    _at("q6k_q8k_matvec", CUDA, "q6k_q8k_matvec.numba_cuda:matvec", _PAIR),
    _at("q8_0_dequantize", NUMPY, "q8_0_dequantize.reference:dequantize", _EXACT_REFERENCE),
    _at("q8_0_dequantize", NUMBA, "q8_0_dequantize.numba_cpu:dequantize", _EXACT),
    _at("q8_0_dequantize", CUDA, "q8_0_dequantize.numba_cuda:dequantize", _EXACT),
    _at("q8_0_quantize", NUMPY, "q8_0_quantize.reference:quantize", _EXACT_REFERENCE),
    _at("q8_0_quantize", NUMBA, "q8_0_quantize.numba_cpu:quantize", _EXACT),
    _at("q8_0_q8_0_matvec", NUMPY, "q8_0_q8_0_matvec.numpy_f32:matvec", _GGML_ORDERS),
    _at("q8_0_q8_0_matvec", NUMBA, "q8_0_q8_0_matvec.numba_cpu:matvec", _GGML_ORDERS, ("fma",)),
    _at("q8_0_q8_0_matvec", CUDA, "q8_0_q8_0_matvec.numba_cuda:matvec", _PAIR),
    _at("q4_1_dequantize", NUMPY, "q4_1_dequantize.reference:dequantize", _EXACT_REFERENCE),
    _at("q4_1_dequantize", NUMBA, "q4_1_dequantize.numba_cpu:dequantize", _EXACT),
    _at("q4_1_dequantize", CUDA, "q4_1_dequantize.numba_cuda:dequantize", _EXACT),
    _at("q4_1_quantize", NUMPY, "q4_1_quantize.reference:quantize", _EXACT_REFERENCE),
    _at("q4_1_quantize", NUMBA, "q4_1_quantize.numba_cpu:quantize", _EXACT),
    _at("q8_1_quantize", NUMPY, "q8_1_quantize.reference:quantize", _EXACT_REFERENCE),
    _at("q8_1_quantize", NUMBA, "q8_1_quantize.numba_cpu:quantize", _EXACT),
    _at("q4_1_q8_1_matvec", NUMPY, "q4_1_q8_1_matvec.numpy_f32:matvec", _GGML_ORDERS),
    _at("q4_1_q8_1_matvec", NUMBA, "q4_1_q8_1_matvec.numba_cpu:matvec", _GGML_ORDERS, ("fma",)),
    _at("q4_1_q8_1_matvec", CUDA, "q4_1_q8_1_matvec.numba_cuda:matvec", _PAIR),
    _at("activations", NUMPY, "activations.reference:quantize", _EXACT_REFERENCE),
    _at("activations", NUMBA, "activations.numba_cpu:quantize", _EXACT),
    _at("block_matmat", NUMPY, "block_matmat.numpy_f32:matmat", "eight types, ggml's AVX2 order"),
    _at("block_matmat", NUMBA, "block_matmat.numba_cpu:matmat", "the same bits, many vectors"),
    _at("attention_ggml", NUMPY, "float_order.numpy_f32:attend", _BETWEEN),
    _at("attention_ggml", NUMBA, "float_order.numba_cpu:attend", _SAME, _VECTORS),
    _at("rms_norm_ggml", NUMPY, "float_order.numpy_f32:rms_norm", _BETWEEN),
    _at("rms_norm_ggml", NUMBA, "float_order.numba_cpu:rms_norm", _SAME, _VECTORS),
    _at("rope_ggml", NUMPY, "float_order.numpy_f32:turned", f"{_BETWEEN}, angles given"),
    _at("rope_ggml", NUMBA, "float_order.numba_cpu:turned", _SAME, _VECTORS),
    _at("swiglu_ggml", NUMPY, "float_order.numpy_f32:swiglu", _BETWEEN),
    _at("swiglu_ggml", NUMBA, "float_order.numba_cpu:swiglu", _SAME, _VECTORS),
    _at("rms_norm", NUMPY, "rms_norm.reference:rms_norm", _WIDE_REFERENCE),
    _at("rms_norm", CUDA, "rms_norm.numba_cuda:rms_norm", _WARP),
    _at("softmax", NUMPY, "softmax.reference:softmax", _WIDE_REFERENCE),
    _at("softmax", CUDA, "softmax.numba_cuda:softmax", _WARP),
    _at("rope", NUMPY, "rope.reference:rope", _WIDE_REFERENCE),
    _at("rope", CUDA, "rope.numba_cuda:rope", "angles from the host in float64"),
    _at("swiglu", NUMPY, "swiglu.reference:swiglu", _WIDE_REFERENCE),
    _at("swiglu", CUDA, "swiglu.numba_cuda:swiglu", "one thread an element"),
)


class Row(NamedTuple):
    """One line of the table that `pv kernels` prints."""

    operation: str
    backend: Backend
    available: bool
    reason: str
    note: str


def describe() -> list[Row]:
    """Return operation x back-end, what runs here and why not, in the order of the list."""
    states = [(kernel, availability(kernel)) for kernel in KERNELS]
    return [Row(k.operation, k.backend, s.available, s.reason, k.note) for k, s in states]


def find(operation: str, backend: Backend) -> Kernel | None:
    """Return the kernel of an operation on a back-end, None where there is none."""
    found = (k for k in KERNELS if k.operation == operation and k.backend == backend)
    return next(found, None)
