"""Times of kernels and copies on a CUDA device, taken by its own events.

The host takes longer to queue a kernel than the device to run it. Everything to be timed is
therefore queued behind a kernel that waits, and runs without a gap once that one ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numba import config, cuda, int32, types, uint32

from pv.kernels.device.numba_cuda import Launch, empty

_HOLD_MILLISECONDS_A_TURN = 0.2
"""What the host needs to queue a kernel, generously."""
_HOLD_MILLISECONDS = 5.0


@cuda.jit
def _hold(turns: Any) -> None:
    done = int32(0)
    while done < turns:
        cuda.nanosleep(uint32(100_000))
        done = int32(done + 1)


def seconds_of_launches(launches: Sequence[Launch], rounds: int) -> list[float]:
    """Return what a start took on average in each round over all launches, seconds.

    Every launch runs once before, which compiles it. Launches over different buffers keep one
    round from reading what the round before left in a cache.
    """
    for launch in launches:
        launch.start()
    return _seconds([launch.start for launch in launches], rounds)


def seconds_of_copies(size: int, rounds: int) -> list[float]:
    """Return what each copy of `size` bytes from one place of the device to another took.

    A copy reads and writes: it moves twice its size.
    """
    source, target = (empty(size, np.uint8) for _ in range(2))
    target.copy_to_device(source)
    return _seconds([lambda: target.copy_to_device(source)], rounds)


def _seconds(starts: Sequence[Callable[[], Any]], rounds: int) -> list[float]:
    events = [cuda.event() for _ in range(rounds + 1)]
    cuda.synchronize()
    if not config.ENABLE_CUDASIM:  # where nothing waits, and no time is worth its name
        hold = _HOLD_MILLISECONDS + _HOLD_MILLISECONDS_A_TURN * len(starts) * rounds
        _hold[1, 1](np.int32(10 * hold))
    events[0].record()
    for event in events[1:]:
        for start in starts:
            start()
        event.record()
    events[-1].synchronize()
    pairs = pairwise(events)
    return [before.elapsed_time(after) / 1e3 / len(starts) for before, after in pairs]


def facts() -> dict[str, int | str]:
    """Return name, capability, multiprocessors, clock (kHz) and cache (bytes) of the device."""
    device = cuda.get_current_device()
    name = device.name
    major, minor = device.compute_capability
    return {
        "name": name.decode() if isinstance(name, bytes) else str(name),
        "compute_capability": f"{major}.{minor}",
        "multiprocessors": int(device.MULTIPROCESSOR_COUNT),
        "clock_khz": int(device.CLOCK_RATE),
        "l2_bytes": int(device.L2_CACHE_SIZE),
    }


COMPILED = ((_hold, types.void(types.int32)),)
"""Kernels with their argument types, for compilation without a device."""
