"""What ggml itself computes, through ctypes onto the libraries of the `libggml-python` package.

The package is an optional extra (`oracle`); it is found without being imported. Only functions that
ggml exports for every caller are used, on whole blocks, with outputs zeroed beforehand.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.errors import MissingError
from pv.kernels.layout import (
    BLOCK_VALUES,
    Q4_1_BYTES,
    Q4K_BYTES,
    Q8_0_BYTES,
    Q8_1_BYTES,
    Q8K_BYTES,
    SHORT_BLOCK_VALUES,
)

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float32]

PACKAGE = "libggml-python"

_ROUTES = {"avx2": "", "generic": "_generic"}
_BYTES = {
    "q4_K": Q4K_BYTES,
    "q8_K": Q8K_BYTES,
    "q8_0": Q8_0_BYTES,
    "q8_1": Q8_1_BYTES,
    "q4_1": Q4_1_BYTES,
}


def version() -> str:
    """Return what answers: the package and its version; raises `MissingError` where it is absent.

    Receipts tell two oracles apart by it.
    """
    _folder()
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"


def quantize_q4k(x: Floats) -> Bytes:
    """quantize_row_q4_K_ref: float32 (n, 256) to uint8 (n, 144)."""
    return quantize("q4_K", x)


def dequantize_q4k(blocks: Bytes, out: Floats | None = None) -> Floats:
    """dequantize_row_q4_K: uint8 (n, 144) to float32 (n, 256), into `out` where it is given."""
    return dequantize("q4_K", blocks, out)


def quantize_q8k(x: Floats) -> Bytes:
    """quantize_row_q8_K_ref: float32 (n, 256) to uint8 (n, 292)."""
    return quantize("q8_K", x)


def dot(blocks: Bytes, activation: Bytes, route: str, kinds: str = "q4_K_q8_K") -> Floats:
    """ggml_vec_dot_KINDS: uint8 (rows, nb, bytes) times (nb, bytes), float32 (rows,).

    `kinds` names the block formats of weights and activation as ggml does; `route` is avx2 or
    generic: two float orders, which give other bits.
    """
    function = getattr(_cpu(), f"ggml_vec_dot_{kinds}" + _ROUTES[route])
    function.restype = None
    function.argtypes = [
        ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t,
        ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
    ]  # fmt: skip
    blocks, activation = np.ascontiguousarray(blocks), np.ascontiguousarray(activation)
    out = np.zeros(len(blocks), dtype=np.float32)
    for row in range(len(blocks)):
        function(
            blocks.shape[1] * _values(kinds), out[row:].ctypes.data, 0, blocks[row].ctypes.data, 0,
            activation.ctypes.data, 0, 1,
        )  # fmt: skip
    return out


def dot_routine(kinds: str) -> Any:
    """Return ggml_vec_dot_KINDS itself, for a loop that would be measured with a call of `dot`."""
    return _cpu()[f"ggml_vec_dot_{kinds}"]  # an object of its own: argument types are the caller's


def quantize(kind: str, x: Floats, *, vectors: bool = False) -> Bytes:
    """quantize_row_KIND_ref, or quantize_row_KIND of the vector library; uint8 (n, bytes).

    x is float32 (n, 256) for a K type, (n, 32) for the others.
    """
    # Zeros, because ggml leaves the sums of an empty Q8_K block unwritten.
    made = np.zeros((len(x), _BYTES[kind]), np.uint8)
    name = f"quantize_row_{kind}"
    return _convert(name if vectors else f"{name}_ref", x, made, _cpu() if vectors else None)


def dequantize(kind: str, blocks: Bytes, out: Floats | None = None) -> Floats:
    """dequantize_row_KIND: uint8 (n, bytes) to float32 (n, 256 or 32), into `out` where given."""
    weights = np.zeros((len(blocks), _values(kind)), np.float32) if out is None else out
    return _convert(f"dequantize_row_{kind}", blocks, weights)


def _values(kind: str) -> int:
    """Return the values in a block of a format, or of a product of two, by the name's ending."""
    return BLOCK_VALUES if kind.endswith("K") else SHORT_BLOCK_VALUES


def _convert(
    name: str, source: NDArray[Any], out: NDArray[Any], library: ctypes.CDLL | None = None
) -> NDArray[Any]:
    """Fill `out` from whole blocks of `source`; every function of this kind counts values."""
    function = getattr(library or _base(), name)
    function.restype = None
    function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64]
    source = np.ascontiguousarray(source)
    values = source if source.dtype == np.float32 else out
    function(source.ctypes.data, out.ctypes.data, values.size)
    return out


def _missing(problem: str) -> MissingError:
    return MissingError(
        f"package {PACKAGE}: {problem}",
        advice="install the extra: pip install 'pv-contracts[oracle]'",
    )


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec("libggml")
    if spec is None or spec.origin is None:
        raise _missing("is not installed, ggml cannot be asked")
    return Path(spec.origin).parent / "lib64"


def _library(name: str, mode: int = ctypes.DEFAULT_MODE) -> ctypes.CDLL:
    try:
        return ctypes.CDLL(str(_folder() / name), mode=mode)
    except OSError as fault:
        raise _missing(f"{name} cannot be loaded: {fault}") from None


@cache
def _base() -> ctypes.CDLL:
    return _library("libggml-base.so.0", ctypes.RTLD_GLOBAL)  # the other library looks into it


@cache
def _cpu() -> ctypes.CDLL:
    _base()
    library = _library("libggml-cpu.so.0")
    library.ggml_cpu_init.restype = None
    library.ggml_cpu_init()  # fills the f16 table; dots are wrong without it
    library.ggml_cpu_has_avx2.restype = ctypes.c_int
    if not library.ggml_cpu_has_avx2():
        raise _missing("was built without AVX2, one of the two orders does not exist here")
    return library
