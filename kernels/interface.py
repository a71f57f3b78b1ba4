"""What a kernel is to the rest of `pv`: an operation on a back-end, and whether it runs here.

Nothing here imports NumPy or Numba, so that the list can be shown before either is loaded.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.util
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from pv.errors import MissingError


class Backend(StrEnum):
    """What executes a kernel."""

    NUMPY = "numpy"
    NUMBA = "numba"
    CUDA = "cuda"


@dataclass(frozen=True)
class Kernel:
    """One implementation of one operation."""

    operation: str
    """Name of the operation, the same on every back-end."""
    backend: Backend
    """What executes it."""
    module: str
    """Full name of the module that holds it."""
    function: str
    """Name of the function in that module."""
    note: str = ""
    """What a reader should know before choosing it."""
    processor: tuple[str, ...] = ()
    """Features that the processor needs, as the operating system names them."""

    def load(self) -> Callable[..., Any]:
        """Import the module and return the function.

        Raises:
            MissingError: the kernel cannot run here; the message says why.
        """
        state = availability(self)
        if not state.available:
            raise MissingError(f"kernel {self.operation} on {self.backend}: {state.reason}")
        function: Callable[..., Any] = getattr(importlib.import_module(self.module), self.function)
        return function


@dataclass(frozen=True)
class Availability:
    """Whether a kernel runs on this machine, and why or why not."""

    available: bool
    reason: str


def availability(kernel: Kernel) -> Availability:
    """Say whether a kernel runs on this machine, without running or importing it."""
    match kernel.backend:
        case Backend.NUMPY:
            return _packages("numpy") or Availability(True, "runs anywhere")
        case Backend.NUMBA:
            return _packages("numba", "llvmlite") or _processor(kernel.processor)
        case Backend.CUDA:
            return _packages("numba") or _cuda()


def simulated() -> bool:
    """Whether CUDA kernels run in Numba's simulator instead of on a device.

    Numba decides once, when it is imported; before that the environment decides.
    """
    config = sys.modules.get("numba.core.config")
    if config is not None:
        return bool(config.ENABLE_CUDASIM)
    return os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")


def _packages(*names: str) -> Availability | None:
    missing = [name for name in names if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    return Availability(False, f"package {missing[0]} is not installed")


def _processor(needed: tuple[str, ...]) -> Availability:
    if not needed:
        return Availability(True, "compiled for this processor")
    present = _processor_features()
    if present is None:
        return Availability(False, f"cannot tell whether this processor has {', '.join(needed)}")
    missing = [feature for feature in needed if feature not in present]
    if missing:
        return Availability(False, f"processor lacks {', '.join(missing)}")
    return Availability(True, f"compiled for this processor, with {', '.join(needed)}")


@cache
def _processor_features() -> frozenset[str] | None:
    """Return the features Linux reports for the first processor; None where it cannot be read."""
    if platform.machine() in ("aarch64", "arm64"):
        return frozenset({"fma"})  # part of the base instruction set
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    flags = next((line for line in lines if line.startswith("flags")), None)
    return None if flags is None else frozenset(flags.partition(":")[2].split())


def _cuda() -> Availability:
    if simulated():
        return Availability(
            True, "simulator (NUMBA_ENABLE_CUDASIM): not a device, no device results"
        )
    count, fault = _cuda_devices()
    if fault:
        return Availability(False, fault)
    if importlib.util.find_spec("numba_cuda") is None:
        return Availability(
            False, f"{count} CUDA device(s), but package numba-cuda is not installed (extra: cuda)"
        )
    return Availability(True, f"{count} CUDA device(s)")


@cache
def _cuda_devices() -> tuple[int, str]:
    """Ask the driver itself: number of devices, and why there is none."""
    try:
        driver = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0, "no CUDA device: the driver library libcuda.so.1 is not installed"
    if error := driver.cuInit(0):
        return 0, f"no CUDA device: the driver answers error {error}"
    count = ctypes.c_int(0)
    if error := driver.cuDeviceGetCount(ctypes.byref(count)):
        return 0, f"no CUDA device: the driver answers error {error}"
    if count.value == 0:
        return 0, "no CUDA device: the driver sees none"
    return count.value, ""
