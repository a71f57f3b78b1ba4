"""The list of kernels: what is in it exists, loads, and says the truth about this machine."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest

from pv import kernels
from pv.errors import MissingError
from pv.kernels import KERNELS, Backend, Kernel, availability, describe, find, interface

OPERATIONS = {kernel.operation for kernel in KERNELS}


def test_no_kernel_stands_twice_and_every_operation_has_a_reference():
    keys = [(kernel.operation, kernel.backend) for kernel in KERNELS]
    assert len(keys) == len(set(keys))
    assert {k.operation for k in KERNELS if k.backend == Backend.NUMPY} == OPERATIONS


def test_operations_without_a_cuda_kernel_are_known():
    with_cuda = {k.operation for k in KERNELS if k.backend == Backend.CUDA}
    assert OPERATIONS - with_cuda == {
        "q4k_q8k_matmat",  # the batched one is BLAS
        "q8_0_quantize",
        "q4_1_quantize",
        "q8_1_quantize",
        "activations",  # quantised on the processor
        "block_matmat",  # the device takes one vector at a time
        "attention_ggml",  # between the products all stays on the processor, or is the device's own
        "rms_norm_ggml",
        "rope_ggml",
        "swiglu_ggml",
    }


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda k: f"{k.operation}-{k.backend}")
def test_listed_modules_exist(kernel):
    assert importlib.util.find_spec(kernel.module) is not None


@pytest.mark.parametrize(
    "kernel",
    [k for k in KERNELS if k.backend != Backend.CUDA],
    ids=lambda k: f"{k.operation}-{k.backend}",
)
def test_kernels_of_the_processor_load(kernel):
    assert availability(kernel).available, availability(kernel).reason
    assert kernel.load().__name__ == kernel.function


def test_the_list_is_light():
    code = (
        "import sys; from pv.kernels import describe; rows = describe(); "
        "print(len(rows), 'numpy' in sys.modules, 'numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(len(KERNELS)), "False", "False"]


def test_no_device_is_said_and_loading_explains(monkeypatch):
    monkeypatch.setattr(interface, "simulated", lambda: False)
    monkeypatch.setattr(
        interface, "_cuda_devices", lambda: (0, "no CUDA device: the driver sees none")
    )
    kernel = find("softmax", Backend.CUDA)
    assert availability(kernel) == kernels.Availability(
        False, "no CUDA device: the driver sees none"
    )
    with pytest.raises(MissingError, match="kernel softmax on cuda: no CUDA device"):
        kernel.load()


@pytest.mark.parametrize("first", ["", "import numba; "], ids=["before numba", "after numba"])
def test_a_simulator_is_never_called_a_device(first):
    code = (
        f"{first}from pv.kernels import *; s = availability(find('softmax', Backend.CUDA)); "
        "print(s.available, s.reason)"
    )
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("True simulator (NUMBA_ENABLE_CUDASIM): not a device")


def test_the_environment_counts_for_nothing_once_numba_is_imported(monkeypatch):
    importlib.import_module("numba")
    monkeypatch.setenv("NUMBA_ENABLE_CUDASIM", "1")
    assert not interface.simulated()


def test_a_device_without_its_package_is_named(monkeypatch):
    monkeypatch.setattr(interface, "simulated", lambda: False)
    monkeypatch.setattr(interface, "_cuda_devices", lambda: (2, ""))
    missing = lambda name: None if name == "numba_cuda" else object()  # noqa: E731  # one line
    monkeypatch.setattr(interface.importlib.util, "find_spec", missing)
    state = availability(find("rope", Backend.CUDA))
    assert not state.available
    assert "numba-cuda is not installed" in state.reason


def test_missing_features_and_packages_are_named(monkeypatch):
    kernel = find("q4k_q8k_matvec", Backend.NUMBA)
    monkeypatch.setattr(interface, "_processor_features", lambda: frozenset({"sse2"}))
    assert availability(kernel).reason == "processor lacks fma"
    monkeypatch.setattr(interface, "_processor_features", lambda: None)
    assert "cannot tell" in availability(kernel).reason
    monkeypatch.setattr(interface.importlib.util, "find_spec", lambda name: None)
    assert availability(kernel).reason == "package numba is not installed"
    assert not availability(kernel).available


def test_rows_and_lookup():
    assert [(row.operation, row.backend) for row in describe()] == [
        (kernel.operation, kernel.backend) for kernel in KERNELS
    ]
    assert find("q4k_q8k_matmat", Backend.CUDA) is None
    assert isinstance(find("rope", Backend.NUMPY), Kernel)
