"""Our compiled kernels on this processor, one thread, beside the memory's rate and ggml."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.bench.record import Report, Timing, timing
from pv.bench.workloads import Workload
from pv.errors import MissingError
from pv.falsifiers.q4k_q8k import ggml_oracle
from pv.kernels import Backend, find
from pv.kernels.layout import Order
from pv.kernels.processor.numba_foreign import dots

Call = Callable[[NDArray[np.uint8]], Any]


def measure(chosen: Sequence[Workload], rounds: int, copies: int) -> Report:
    """Time every workload, and ggml on the same bytes by turns with it.

    Raises:
        MissingError: a kernel cannot run here.
    """
    peer, absence = _peer()
    timings: list[Timing] = []
    ceiling = 0.0
    for work in chosen:
        matrices = [work.blocks, *(work.blocks.copy() for _ in range(copies - 1))]
        calls = _calls(work)
        theirs = _theirs(work) if peer else None
        asked = [_read, *calls.values(), *([theirs] if theirs else [])]
        read, *seconds = _by_turns(asked, matrices, rounds)
        ceiling = max(ceiling, work.blocks.nbytes / min(read))
        best = min(seconds.pop()) if theirs else None
        for (variant, order), taken in zip(_variants(calls), seconds, strict=True):
            same = theirs is not None and order == work.peer_order
            timings.append(
                timing(
                    work.operation, variant, taken, work.blocks.nbytes,
                    peer=best if same else None, note="" if same else absence or _NO_PEER,
                )
            )  # fmt: skip
    rows, columns = len(chosen[0].blocks), chosen[0].columns
    machine = {"name": _processor_name(), "threads": 1, "ggml": peer or absence}
    ceiling_name = "memory read (sum of 64-bit words)"
    return Report(
        "cpu",
        machine,
        ceiling_name,
        ceiling,
        rows,
        columns,
        rounds,
        copies,
        tuple(timings),
        ("times are the processor time of one thread: what other processes take is not in them",),
    )


_NO_PEER = "ggml has no routine for this work, or does it in another float order"


def _variants(calls: dict[Order | None, Call]) -> list[tuple[str, Order | None]]:
    return [("" if order is None else str(order), order) for order in calls]


def _read(matrix: NDArray[np.uint8]) -> Any:
    flat = matrix.reshape(-1)
    return flat[: len(flat) // 8 * 8].view(np.uint64).sum()


def _calls(work: Workload) -> dict[Order | None, Call]:
    """Return the call of our kernel for every float order; the output buffer is made once."""
    kernel = find(work.operation, Backend.NUMBA)
    if kernel is None:
        raise MissingError(f"no compiled kernel of {work.operation}")
    run = kernel.load()
    if not work.orders:
        if work.operation.endswith("dequantize"):
            out = np.empty((*work.blocks.shape[:-1], work.block_values), np.float32)
            return {None: lambda matrix: run(matrix, out)}
        return {None: lambda matrix: run(matrix, *work.others)}

    def in_order(order: Order) -> Call:
        return lambda matrix: run(matrix, *work.others, order)

    return {order: in_order(order) for order in work.orders}


def _peer() -> tuple[str, str]:
    """Return what ggml is here, or why it is not."""
    try:
        return ggml_oracle.version(), ""
    except MissingError as fault:
        return "", fault.message


def _theirs(work: Workload) -> Call | None:
    """Return ggml's call for the same work, None where it has none."""
    packed = work.packed
    if packed is not None:
        routine = ggml_oracle.dot_routine(work.kinds)
        out = np.zeros(len(work.blocks), np.float32)
        return lambda matrix: dots(routine, work.columns, matrix, packed, out)
    if work.kinds:
        weights = np.empty(
            (work.blocks.shape[0] * work.blocks.shape[1], work.block_values), np.float32
        )
        return lambda matrix: ggml_oracle.dequantize(
            work.kinds, matrix.reshape(-1, matrix.shape[-1]), weights
        )
    return None


def _by_turns(
    calls: Sequence[Call], matrices: Sequence[NDArray[np.uint8]], rounds: int
) -> list[list[float]]:
    """Return the processor time of each call: by turns, so that a neighbour's load meets all."""
    for call in calls:
        call(matrices[0])  # compiles, and touches what it writes
    times: list[list[float]] = [[] for _ in calls]
    turn = 0
    for _ in range(rounds):
        for place, call in enumerate(calls):
            matrix = matrices[turn % len(matrices)]
            turn += 1
            start = time.thread_time()
            call(matrix)
            times[place].append(time.thread_time() - start)
    return times


def _processor_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
