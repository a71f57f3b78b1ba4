"""What the CUDA kernels are built on, put to the same questions in the simulator and on a device.

NUMBA_ENABLE_CUDASIM=1 python -m tests.kernels.cuda_primitives
python -m tests.kernels.cuda_primitives
"""

from __future__ import annotations

import json
import sys
import warnings

import numpy as np
from numba import config, cuda, float32, int32, types, uint32

from pv.kernels.device.numba_cuda import Launch, to_device
from pv.kernels.device.numba_intrinsics import (
    dot4,
    exchanged,
    fraction,
    halves,
    load_again,
    load_once,
    max_of_warp,
    sum_of_warp,
)
from pv.kernels.device.numba_timing import seconds_of_copies, seconds_of_launches
from tests.kernels.patient_simulator import wait_patiently


@cuda.jit
def _dots(a, b, start, found):
    i = cuda.grid(1)
    if i < found.shape[0]:
        found[i] = dot4(a[i], b[i], start[i])


@cuda.jit
def _halves(words, found):
    i = cuda.grid(1)
    if i < words.shape[0]:
        low, high = halves(words[i])
        found[2 * i], found[2 * i + 1] = low, high


@cuda.jit
def _fractions(words, masks, found):
    i = cuda.grid(1)
    if i < words.shape[0]:
        found[i] = fraction(words[i], masks[i])


@cuda.jit
def _loads(words, floats, found, copied):
    i = cuda.grid(1)
    if 4 * i < found.shape[0]:
        four, real = load_once(words, 4 * i), load_again(floats, 4 * i)
        for k in range(4):
            found[4 * i + k], copied[4 * i + k] = four[k], real[k]


@cuda.jit
def _exchanges(values, found):
    lane = cuda.threadIdx.x
    for turn, other in enumerate((1, 2, 4, 8, 16, 31)):
        found[turn, lane] = exchanged(values[lane], int32(other))


@cuda.jit
def _reductions(values, sums, tops):
    lane = cuda.threadIdx.x
    for turn in range(values.shape[0]):
        sums[turn, lane] = sum_of_warp(values[turn, lane])
        tops[turn, lane] = max_of_warp(values[turn, lane])


def dots():
    """Products of signed bytes, extremes among them, on sums that start anywhere."""
    rng = np.random.default_rng(4)
    a, b = rng.integers(-128, 128, (2, 60, 4)).astype(np.int8)
    a[:3], b[:3] = -128, [[-128], [127], [1]]
    start = rng.integers(-(2**30), 2**30, 60).astype(np.int32)
    found = cuda.device_array(60, np.int32)
    words = (part.view("<u4").ravel() for part in (a, b))
    _dots[2, 32](*(to_device(w) for w in words), to_device(start), found)
    wanted = start + (a.astype(np.int64) * b.astype(np.int64)).sum(axis=-1)
    return np.array_equal(found.copy_to_host(), wanted)


def every_half(step):
    """Every `step`th of the 65,536 float16, subnormals, infinities and NaN among them."""
    patterns = np.append(np.arange(0, 65536, step), [0x7C00, 0xFC00, 0x7E00, 1]).astype("<u2")
    patterns = patterns[: 2 * (len(patterns) // 2)]
    found = cuda.device_array(len(patterns), np.float32)
    _halves[-(-len(patterns) // 64), 32](to_device(patterns.view("<u4")), found)
    return np.array_equal(
        found.copy_to_host(), patterns.view("<f2").astype(np.float32), equal_nan=True
    )


def fractions():
    """Whole numbers of up to 23 bits under a mask, added to 2**23."""
    rng = np.random.default_rng(6)
    words = rng.integers(0, 2**32, 64, dtype=np.uint32)
    masks = np.tile(np.array([0xF, 0xF0, 0xF00, 0xF000, 0x7FFFFF, 0], np.uint32), 11)[:64]
    found = cuda.device_array(64, np.float32)
    _fractions[2, 32](to_device(words), to_device(masks), found)
    return np.array_equal(found.copy_to_host(), ((words & masks) + 2**23).astype(np.float32))


def loads():
    """Sixteen bytes are the four elements that stand there, words and floats."""
    words = np.arange(128, dtype=np.uint32) * np.uint32(2654435761)
    floats = words.view(np.int32).astype(np.float32)
    found, copied = cuda.device_array(128, np.uint32), cuda.device_array(128, np.float32)
    _loads[1, 32](to_device(words), to_device(floats), found, copied)
    return np.array_equal(found.copy_to_host(), words) and np.array_equal(
        copied.copy_to_host(), floats
    )


def exchanges():
    """A lane sees the value of the lane whose number differs in the asked-for bits."""
    values = np.arange(100, 132, dtype=np.int32)
    found = cuda.device_array((6, 32), np.int32)
    _exchanges[1, 32](to_device(values), found)
    wanted = np.array([[values[lane ^ bit] for lane in range(32)] for bit in (1, 2, 4, 8, 16, 31)])
    return np.array_equal(found.copy_to_host(), wanted)


def reductions():
    """Every lane has the tree sum of float32 and the largest value, turn after turn."""
    values = np.random.default_rng(5).normal(size=(5, 32)).astype(np.float32)
    sums, tops = cuda.device_array((5, 32), np.float32), cuda.device_array((5, 32), np.float32)
    _reductions[1, 32](to_device(values), sums, tops)
    tree = values
    while tree.shape[1] > 1:
        half = tree.shape[1] // 2
        tree = tree[:, :half] + tree[:, half:]
    wanted = np.broadcast_to(tree, (5, 32)), np.broadcast_to(values.max(axis=1)[:, None], (5, 32))
    return all(
        np.array_equal(f.copy_to_host(), w) for f, w in zip((sums, tops), wanted, strict=True)
    )


def rounds():
    """A time for each round and copy: of a device above 0; the simulator has none to give."""
    launch = Launch(
        _exchanges,
        1,
        (32, 1),
        (to_device(np.arange(32, dtype=np.int32)), cuda.device_array((6, 32), np.int32)),
    )
    times = [seconds_of_launches([launch] * 2, 3), seconds_of_copies(1 << 12, 3)]
    real = not config.ENABLE_CUDASIM
    return all(len(each) == 3 and all((t > 0) == real for t in each) for each in times)


COMPILED = (
    (_dots, types.void(*[types.uint32[::1]] * 2, *[types.int32[::1]] * 2)),
    (_halves, types.void(types.uint32[::1], types.float32[::1])),
    (_fractions, types.void(types.uint32[::1], types.uint32[::1], types.float32[::1])),
    (_loads, types.void(uint32[::1], float32[::1], uint32[::1], float32[::1])),
    (_exchanges, types.void(types.int32[::1], types.int32[:, ::1])),
    (_reductions, types.void(*[types.float32[:, ::1]] * 3)),
)
"""Kernels with their argument types, for compilation without a device."""


QUESTIONS = (dots, fractions, loads, exchanges, reductions, rounds)


def main(step):
    wait_patiently()
    warnings.simplefilter("ignore")  # the simulator's scalars overflow, its times are bogus
    answers = {q.__name__: bool(q()) for q in QUESTIONS}
    json.dump({**answers, "every_half": bool(every_half(step))}, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]))
