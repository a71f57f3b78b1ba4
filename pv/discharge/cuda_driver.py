"""Whether a CUDA device is here, asked of the driver itself.

No toolkit and no Numba is needed to find out, so an absent device is known before a harness
imports anything.
"""

from __future__ import annotations

import ctypes
from typing import Any, Final

from pv.errors import MissingError

_LIBRARY: Final = "libcuda.so.1"
_MAJOR: Final = 75  # CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR
_MINOR: Final = 76


def first_device() -> dict[str, str]:
    """Return name, compute capability and driver version of device 0.

    Raises MissingError with the reason where there is none.
    """
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError:
        raise MissingError(f"no cuda device: {_LIBRARY} is not installed") from None
    _call(driver, "cuInit", 0)
    count = ctypes.c_int()
    _call(driver, "cuDeviceGetCount", ctypes.byref(count))
    if not count.value:
        raise MissingError("no cuda device: the driver counts 0")
    device, version = ctypes.c_int(), ctypes.c_int()
    major, minor = ctypes.c_int(), ctypes.c_int()
    name = ctypes.create_string_buffer(256)
    _call(driver, "cuDeviceGet", ctypes.byref(device), 0)
    _call(driver, "cuDeviceGetName", name, len(name), device)
    _call(driver, "cuDeviceGetAttribute", ctypes.byref(major), _MAJOR, device)
    _call(driver, "cuDeviceGetAttribute", ctypes.byref(minor), _MINOR, device)
    _call(driver, "cuDriverGetVersion", ctypes.byref(version))
    return {
        "name": name.value.decode(errors="replace"),
        "compute_capability": f"{major.value}.{minor.value}",
        "driver_cuda": f"{version.value // 1000}.{version.value % 1000 // 10}",
    }


def _call(driver: ctypes.CDLL, function: str, *arguments: Any) -> None:
    code = getattr(driver, function)(*arguments)
    if code:
        raise MissingError(f"no cuda device: {function} answered with error {code}")
