"""Our CUDA products on a device, timed by its events, beside its copy bandwidth and the roofline.

The simulator is no device: nothing is timed in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from pv.bench.record import Report, Timing, timing
from pv.bench.workloads import Workload
from pv.discharge.cuda_driver import first_device
from pv.errors import MissingError
from pv.kernels import Backend, availability, find, simulated
from pv.kernels.roofline import Device, product_of, roof

_COPY_BYTES = 1 << 30
_CACHES = 4
"""The buffers of a round hold so many times what the device's cache does."""


def measure(chosen: Sequence[Workload], rounds: int) -> Report:
    """Time every product that has a launch on the device.

    Raises:
        MissingError: no device, or a simulator in its place.
    """
    require_device()
    clocks = import_module("pv.kernels.device.numba_timing")
    facts = {**clocks.facts(), **first_device()}
    bandwidth = 2 * _COPY_BYTES / min(clocks.seconds_of_copies(_COPY_BYTES, rounds))
    device = Device(
        str(facts["name"]), "", int(facts["multiprocessors"]), 1e3 * int(facts["clock_khz"]),
        bandwidth,
    )  # fmt: skip
    copies = 2 + _CACHES * int(facts["l2_bytes"]) // chosen[0].blocks.nbytes
    timings = tuple(
        _timing(work, copies, rounds, device, clocks)
        for work in chosen
        if product_of(work.operation)
    )
    if not timings:
        raise MissingError("no CUDA product was asked for: nothing was timed")
    rows, columns = len(chosen[0].blocks), chosen[0].columns
    ceiling = "device copy, bytes read and written"
    return Report("cuda", facts, ceiling, bandwidth, rows, columns, rounds, copies, timings, _NOTES)


_NOTES = (
    "each time is the average of a round over all copies, between two events of the device",
    "the roofline is that of docs/cuda.md with this device's copy bandwidth and clock in it",
)


def require_device() -> None:
    """Require a device that kernels can run on.

    Raises:
        MissingError: none is here, with the reason, or a simulator stands in its place.
    """
    if simulated():
        raise MissingError(
            "NUMBA_ENABLE_CUDASIM is set: the CUDA simulator is no device, nothing is timed in it",
            advice="unset NUMBA_ENABLE_CUDASIM on a machine with a CUDA device",
        )
    kernel = find("q4k_q8k_matvec", Backend.CUDA)
    if kernel is None or not (state := availability(kernel)).available:
        reason = "no CUDA kernel" if kernel is None else state.reason
        raise MissingError(
            f"nothing was timed: {reason}",
            advice="run it on a machine with a CUDA device and the extra cuda; "
            "--device cpu measures this processor",
        )


def _timing(work: Workload, copies: int, rounds: int, device: Device, clocks: Any) -> Timing:
    """Return the timing of one product over `copies` buffers in turn."""
    module = import_module(f"pv.kernels.{work.operation}.numba_cuda")
    launches = [module.launch_of(work.blocks, *work.others) for _ in range(copies)]
    seconds = clocks.seconds_of_launches(launches, rounds)
    counts = product_of(work.operation)
    weights = len(work.blocks) * work.columns
    expected = roof(counts, device, weights).share if counts else None
    return timing(work.operation, "", seconds, work.blocks.nbytes, expected=expected)
