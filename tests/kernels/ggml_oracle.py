"""What ggml computes, through ctypes: the oracle of the kernel tests (package libggml-python)."""

from __future__ import annotations

import ctypes
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_VALUES = 256
_Q4K, _Q8K = 144, 292


def quantize_q4k(x: NDArray[np.float32]) -> NDArray[np.uint8]:
    """quantize_row_q4_K_ref: float32 (n, 256) to uint8 (n, 144)."""
    return _convert("quantize_row_q4_K_ref", x, (len(x), _Q4K), np.uint8, x.size)


def dequantize_q4k(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """dequantize_row_q4_K: uint8 (n, 144) to float32 (n, 256)."""
    shape = (len(blocks), _VALUES)
    return _convert("dequantize_row_q4_K", blocks, shape, np.float32, len(blocks) * _VALUES)


def quantize_q8k(x: NDArray[np.float32]) -> NDArray[np.uint8]:
    """quantize_row_q8_K_ref: float32 (n, 256) to uint8 (n, 292)."""
    return _convert("quantize_row_q8_K_ref", x, (len(x), _Q8K), np.uint8, x.size)


def dot(
    blocks: NDArray[np.uint8], activation: NDArray[np.uint8], route: str
) -> NDArray[np.float32]:
    """ggml_vec_dot_q4_K_q8_K, uint8 (rows, nb, 144) x (nb, 292); route avx2 or generic."""
    suffix = {"avx2": "", "generic": "_generic"}[route]
    function = getattr(_cpu(), f"ggml_vec_dot_q4_K_q8_K{suffix}")
    function.restype = None
    function.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
    ]  # fmt: skip
    blocks, activation = np.ascontiguousarray(blocks), np.ascontiguousarray(activation)
    out = np.zeros(len(blocks), dtype=np.float32)
    for row in range(len(blocks)):
        function(
            blocks.shape[1] * _VALUES, out[row:].ctypes.data, 0, blocks[row].ctypes.data, 0,
            activation.ctypes.data, 0, 1,
        )  # fmt: skip
    return out


def _convert(
    name: str, source: NDArray[Any], shape: tuple[int, ...], dtype: type, values: int
) -> NDArray[Any]:
    function = getattr(_base(), name)
    function.restype = None
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    source = np.ascontiguousarray(source)
    out = np.zeros(shape, dtype=dtype)  # zeros: ggml leaves the sums of an empty block unwritten
    function(source.ctypes.data, out.ctypes.data, values)
    return out


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("libggml")
    assert spec is not None, "libggml-python is not installed"
    return Path(spec.origin).parent / "lib64"


@cache
def _base() -> ctypes.CDLL:
    return ctypes.CDLL(str(_folder() / "libggml-base.so.0"), mode=ctypes.RTLD_GLOBAL)


@cache
def _cpu() -> ctypes.CDLL:
    _base()
    library = ctypes.CDLL(str(_folder() / "libggml-cpu.so.0"))
    library.ggml_cpu_init()  # fills the f16 table; dots are wrong without it
    return library
