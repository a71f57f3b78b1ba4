"""Attention, norm, rotation and gate in compiled loops, with the bits of `numpy_f32`.

Only where the processor has vector instructions: float16 is converted by it. Order and roundings
are those of ggml's AVX2 routines: four registers of eight lanes take the values in turn, with fused
multiply-add, then registers are added, then lanes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import Pairing
from pv.kernels.processor.numba_compile import compiled
from pv.kernels.processor.numba_floats import as_half, exponential, fma, from_half
from pv.kernels.processor.numba_vectors import F16, F32X8, Emitter, vector

Floats = NDArray[np.float32]

_F = np.float32
_LANES = 32
"""Values of a round: four registers of eight."""


def _read(dimensions: int, element: Any = types.float32) -> Any:
    return types.Array(element, dimensions, "C", readonly=True)


def attend(queries: Floats, keys: NDArray[np.float16], values: NDArray[np.float16]) -> Floats:
    """Attend causally: queries (t, heads, dim), keys and values (n, kv heads, dim), n >= t.

    Queries are rounded to float16, as the attention weights are. Query head h reads key-value head
    h // (heads / kv heads). Returns float32 (t, heads * dim); no token depends on the others.

    Raises:
        BadInputError: wrong dtype or shape.
    """
    tokens, heads, dim = queries.shape
    positions, shared = keys.shape[0], keys.shape[1]
    require_array("queries", queries, np.float32, (tokens, heads, dim))
    require_array("keys", keys, np.float16, (positions, shared, dim))
    require_array("values", values, np.float16, (positions, shared, dim))
    out = np.empty((tokens, heads * dim), np.float32)
    halves = (_in_order(each).view(np.uint16) for each in (keys, values))
    _attend(_in_order(queries), *halves, _F(1.0 / np.sqrt(dim)), out)
    return out


def rms_norm(x: Floats, weight: Floats, eps: float) -> Floats:
    """Return `x / sqrt(mean(x * x) + eps) * weight`, float32 (tokens, n).

    Raises:
        BadInputError: wrong dtype or shape.
    """
    require_array("x", x, np.float32, (None, None))
    require_array("weight", weight, np.float32, x.shape[1:])
    out = np.empty(x.shape, np.float32)
    _rms_norm(_in_order(x), _in_order(weight), _F(eps), out)
    return out


def turned(heads: Floats, cosine: Floats, sine: Floats, pairing: Pairing) -> Floats:
    """Turn the pairs of heads, (t, heads, dim), by angles whose cosines are (t, 1, dim / 2).

    Raises:
        BadInputError: wrong dtype or shape.
    """
    tokens, _, dim = heads.shape
    require_array("heads", heads, np.float32, (None, None, dim))
    for name, each in (("cosine", cosine), ("sine", sine)):
        require_array(name, each, np.float32, (tokens, 1, dim // 2))
    out = np.empty(heads.shape, np.float32)
    apart, step = (1, 2) if pairing is Pairing.NORM else (dim // 2, 1)
    _turned(_in_order(heads), _in_order(cosine), _in_order(sine), apart, step, out)
    return out


def swiglu(gate: Floats, up: Floats) -> Floats:
    """Return `gate / (1 + exp(-gate)) * up`, float32 of one shape.

    Raises:
        BadInputError: wrong dtype, or two shapes.
    """
    require_array("gate", gate, np.float32, gate.shape)
    require_array("up", up, np.float32, gate.shape)
    out = np.empty(gate.shape, np.float32)
    _swiglu(_in_order(gate).reshape(-1), _in_order(up).reshape(-1), out.reshape(-1))
    return out


def _in_order(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array as compiled code takes it, the same one where it can be."""
    flags = array.flags
    if flags.c_contiguous and flags.aligned:
        return array
    return np.require(array, requirements=["C", "A"])


@compiled(
    types.void(_read(1), _read(1), types.float32[::1]),
    error_model="numpy",
    nogil=True,
)
def _swiglu(gate: Any, up: Any, out: Any) -> None:
    for i in range(gate.shape[0]):
        out[i] = gate[i] / (_F(1) + exponential(-gate[i])) * up[i]


@compiled(
    types.void(_read(2), _read(1), types.float32, types.float32[:, ::1]),
    error_model="numpy",
    nogil=True,
)
def _rms_norm(x: Any, weight: Any, eps: Any, out: Any) -> None:
    width = x.shape[1]
    for token in range(x.shape[0]):
        squares = 0.0
        for i in range(width):
            squares += np.float64(x[token, i] * x[token, i])
        factor = _F(1) / np.sqrt(_F(squares / width) + eps)
        for i in range(width):
            out[token, i] = x[token, i] * factor * weight[i]


@compiled(
    types.void(_read(3), _read(3), _read(3), types.intp, types.intp, types.float32[:, :, ::1]),
    error_model="numpy",
    nogil=True,
)
def _turned(heads: Any, cosine: Any, sine: Any, apart: int, step: int, out: Any) -> None:
    for token in range(heads.shape[0]):
        for head in range(heads.shape[1]):
            for pair in range(cosine.shape[2]):
                c, s = cosine[token, 0, pair], sine[token, 0, pair]
                first = pair * step
                a, b = heads[token, head, first], heads[token, head, first + apart]
                out[token, head, first] = fma(a, c, -(b * s))
                out[token, head, first + apart] = fma(a, s, b * c)


@intrinsic
def _dot_of_rounds(_context: Any, _query: Any, _key: Any, _rounds: Any, _sums: Any) -> Any:
    """Multiply so many rounds of float32 at `query` with float16 at `key`: 32 sums at `sums`."""
    signature = types.void(types.intp, types.intp, types.intp, types.intp)

    def generate(_target: Any, builder: Any, _signature: Any, operands: Any) -> Any:
        query, key, rounds, sums = operands
        emit = Emitter(builder)
        eight = vector(F16, 8)
        with emit.repeat(rounds, *[F32X8] * 4) as (index, places):
            base = builder.mul(index, ir.Constant(index.type, _LANES))
            q, k = (
                builder.add(at, builder.mul(base, ir.Constant(base.type, size)))
                for at, size in ((query, 4), (key, 2))
            )
            for register, place in enumerate(places):
                halves = builder.fpext(emit.load(k, 16 * register, eight), F32X8)
                floats = emit.load(q, 32 * register, F32X8)
                builder.store(emit.fma(floats, halves, builder.load(place)), place)
        for register, place in enumerate(places):
            emit.store(sums, 32 * register, builder.load(place))

    return signature, generate


@njit
def _column(sums: Any, lane: int, at: int) -> Any:
    """Return the sum of the four registers in a lane."""
    return (sums[lane, at] + sums[16 + lane, at]) + (sums[8 + lane, at] + sums[24 + lane, at])


@njit
def _folded(sums: Any, at: int) -> Any:
    """Return the sum of 32 lanes at `at`: registers first, then lanes in halves."""
    first = (_column(sums, 0, at) + _column(sums, 4, at)) + (
        _column(sums, 1, at) + _column(sums, 5, at)
    )
    return first + (
        (_column(sums, 2, at) + _column(sums, 6, at))
        + (_column(sums, 3, at) + _column(sums, 7, at))
    )


@njit
def _weigh(scores: Any, seen: int) -> None:
    """Turn scores into attention weights, as float16 holds them; up to 7 behind them are 0."""
    largest = scores[0]
    for p in range(1, seen):
        largest = max(largest, scores[p])
    for p in range(seen):
        scores[p] = exponential(scores[p] - largest)
    scores[seen : (seen + 7) // 8 * 8] = 0
    total = 0.0
    for p in range(0, seen, 8):
        low = (scores[p + 4] + scores[p]) + (scores[p + 6] + scores[p + 2])
        high = (scores[p + 5] + scores[p + 1]) + (scores[p + 7] + scores[p + 3])
        total += np.float64(low + high)
    factor = _F(1.0 / total)
    for p in range(seen):
        scores[p] = as_half(scores[p] * factor)


@compiled(
    types.void(
        _read(3),
        _read(3, types.uint16),
        _read(3, types.uint16),
        types.float32,
        types.float32[:, ::1],
    ),
    error_model="numpy",
    nogil=True,
)
def _attend(queries: Any, keys: Any, values: Any, scale: Any, out: Any) -> None:
    tokens, heads, dim = queries.shape
    positions, shared = keys.shape[0], keys.shape[1]
    rounds = dim // _LANES
    query, scores = np.empty(dim, np.float32), np.empty(positions + 7, np.float32)
    single, sums = np.empty((_LANES, 1), np.float32), np.empty((_LANES, dim), np.float32)
    first_key = np.intp(keys.ctypes.data)
    query_at, single_at = np.intp(query.ctypes.data), np.intp(single.ctypes.data)
    for token in range(tokens):
        seen = positions - tokens + token + 1
        for head in range(heads):
            group = head // (heads // shared)
            for i in range(dim):
                query[i] = as_half(queries[token, head, i])
            for p in range(seen):
                key = first_key + p * keys.strides[0] + group * keys.strides[1]
                _dot_of_rounds(query_at, key, rounds, single_at)
                for i in range(rounds * _LANES, dim):
                    lane = i % _LANES
                    single[lane, 0] = fma(query[i], from_half(keys[p, group, i]), single[lane, 0])
                scores[p] = _folded(single, 0) * scale
            _weigh(scores, seen)
            sums[:] = 0
            for p in range(seen):
                row, weight = sums[p % _LANES], scores[p]
                for i in range(dim):
                    row[i] = fma(from_half(values[p, group, i]), weight, row[i])
            for i in range(dim):
                out[token, head * dim + i] = _folded(sums, i)
