"""Tensors of a model file as float32 arrays.

F32, F16, BF16, F64, Q8_0 and Q4_1 are decoded here, vectorised in slices that stay in the cache;
other types by the `gguf` package, imported only then and only after our own bounds checks.
Every answer is finite: a NaN or an infinity in a model file is damage, not a weight.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.tensors.ggml_types import BLOCKS, GgmlType
from pv.tensors.gguf_errors import GgufError, quoted
from pv.tensors.gguf_header import ModelFile

Floats = NDArray[np.float32]

_BLOCKS_AT_ONCE = 2048
_LOW_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)
_INTEGERS = frozenset({GgmlType.I8, GgmlType.I16, GgmlType.I32, GgmlType.I64})


def dequantize(model: ModelFile, name: str) -> Floats:
    """Return a whole tensor as float32 in NumPy's order (rows first).

    Raises `GgufError` for an absent tensor, a type that cannot be decoded, or a value that is not
    finite.
    """
    info = model.tensor(name)
    return _decode(model, name, np.frombuffer(model.raw(name), np.uint8)).reshape(info.shape)


def dequantize_rows(model: ModelFile, name: str, rows: NDArray[np.integer[Any]]) -> Floats:
    """Return chosen rows of a matrix as float32 (len(rows), columns); only they are decoded.

    Raises `GgufError` as `dequantize` does, and for a row that the matrix does not have.
    """
    info = model.tensor(name)
    if len(info.shape) != 2:
        problem = f"expected a matrix, found shape {info.shape}"
        raise GgufError(model.path, info.offset, f"tensor {quoted(name)}", problem)
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < info.shape[0]:
        problem = f"rows {rows.min()} to {rows.max()} asked for, the matrix has {info.shape[0]}"
        raise GgufError(model.path, info.offset, f"tensor {quoted(name)}", problem)
    raw = np.frombuffer(model.raw(name), np.uint8).reshape(info.shape[0], -1)
    return _decode(model, name, raw[rows].reshape(-1)).reshape(len(rows), info.shape[1])


def _decode(model: ModelFile, name: str, raw: NDArray[np.uint8]) -> Floats:
    info = model.tensor(name)
    own = _OWN.get(info.type)
    with np.errstate(invalid="ignore", over="ignore"):  # judged right below, with a place
        values = own(raw) if own else _by_gguf(model, name, raw)
    finite = np.isfinite(values)
    if not finite.all():
        at = int(np.argmin(finite))
        problem = f"value {at} is {values[at]}, expected finite weights"
        raise GgufError(model.path, info.offset, f"tensor {quoted(name)}", problem)
    return values


def _f32(raw: NDArray[np.uint8]) -> Floats:
    return raw.view("<f4").astype(np.float32, copy=False)


def _f16(raw: NDArray[np.uint8]) -> Floats:
    return raw.view("<f2").astype(np.float32)


def _bf16(raw: NDArray[np.uint8]) -> Floats:
    """Take each value for the upper half of a float32."""
    return (raw.view("<u2").astype(np.uint32) << 16).view(np.float32)


def _f64(raw: NDArray[np.uint8]) -> Floats:
    return raw.view("<f8").astype(np.float32)


def _q8_0(raw: NDArray[np.uint8]) -> Floats:
    """Blocks of 32 in 34 bytes: f16 scale d, 32 signed bytes q; the weight is `d * q`."""
    blocks = raw.reshape(-1, BLOCKS[GgmlType.Q8_0].nbytes)
    weights = np.empty((len(blocks), 32), np.float32)
    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        part = blocks[start : start + _BLOCKS_AT_ONCE]
        out = weights[start : start + _BLOCKS_AT_ONCE]
        out[...] = part[:, 2:].view(np.int8)
        out *= np.ascontiguousarray(part[:, :2]).view("<f2").astype(np.float32)
    return weights.reshape(-1)


def _q4_1(raw: NDArray[np.uint8]) -> Floats:
    """Blocks of 32 in 20 bytes: f16 d, f16 m, 16 bytes of nibbles; the weight is `d * q + m`.

    The low nibbles are the first 16 weights, the high nibbles the last 16. `d * q` is exact in
    float32, only the addition rounds.
    """
    blocks = raw.reshape(-1, BLOCKS[GgmlType.Q4_1].nbytes)
    weights = np.empty((len(blocks), 32), np.float32)
    words = np.empty((_BLOCKS_AT_ONCE, 2, 2), np.uint64)  # eight quants each: lows, then highs
    for start in range(0, len(blocks), _BLOCKS_AT_ONCE):
        part = blocks[start : start + _BLOCKS_AT_ONCE]
        out = weights[start : start + _BLOCKS_AT_ONCE]
        q = words[: len(part)]
        pairs = np.ascontiguousarray(part[:, 4:]).view(np.uint64)
        np.bitwise_and(pairs, _LOW_NIBBLES, out=q[:, 0])
        np.bitwise_and(pairs >> np.uint64(4), _LOW_NIBBLES, out=q[:, 1])
        scales = np.ascontiguousarray(part[:, :4]).view("<f2").astype(np.float32)
        out[...] = q.view(np.uint8).reshape(-1, 32)
        out *= scales[:, :1]
        out += scales[:, 1:]
    return weights.reshape(-1)


_OWN: dict[GgmlType, Callable[[NDArray[np.uint8]], Floats]] = {
    GgmlType.F32: _f32,
    GgmlType.F16: _f16,
    GgmlType.BF16: _bf16,
    GgmlType.F64: _f64,
    GgmlType.Q8_0: _q8_0,
    GgmlType.Q4_1: _q4_1,
}


def _by_gguf(model: ModelFile, name: str, raw: NDArray[np.uint8]) -> Floats:
    """Decode with the `gguf` package; a type it cannot decode is an error with its name."""
    info = model.tensor(name)
    field = f"tensor {quoted(name)}"
    advice = "use a model file whose tensors are stored in a type that can be decoded"
    if info.type in _INTEGERS:
        problem = f"holds integers ({info.type.name}), expected weights"
        raise GgufError(model.path, info.offset, field, problem, advice=advice)
    import gguf  # noqa: PLC0415 - 0.15 s, needed for rare types only

    try:
        kind = gguf.GGMLQuantizationType(int(info.type))
        rows = raw.reshape(-1, BLOCKS[info.type].nbytes)
        values: Floats = gguf.quants.dequantize(rows, kind).astype(np.float32, copy=False)
    except (NotImplementedError, ValueError) as fault:
        problem = f"type {info.type.name} cannot be decoded by the installed gguf package: {fault}"
        raise GgufError(model.path, info.offset, field, problem, advice=advice) from None
    return values.reshape(-1)
