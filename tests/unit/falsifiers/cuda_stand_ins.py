"""The question about CUDA kernels with NumPy in their place: sizes of a device, without one."""

from functools import partial
from typing import Any

from pv.falsifiers.interface import Run
from pv.falsifiers.q4k_q8k import cuda_parity
from pv.kernels import Backend, find
from pv.model.measurement import Measurements
from tests.unit.falsifiers.own_registry import bound

ENTRY = bound()["Q4K-Q8K-010"]


def without_grid(kernel: Any, *arguments: Any, grid: int) -> Any:
    """Run a kernel that knows no grid."""
    assert grid > 0
    return kernel(*arguments)


def stand_ins(asked: Any, _device: str) -> dict[str, Any]:
    """Return the NumPy kernel of every operation asked for."""
    loaded = {each.operation: find(each.operation, Backend.NUMPY) for each in asked}
    return {name: partial(without_grid, kernel.load()) for name, kernel in loaded.items() if kernel}


def measure(
    device: str,
    *,
    fault: str | None = None,
    shared: dict[str, Any] | None = None,
    **changes: Any,
) -> Measurements:
    """Run the entry's harness with its sizes for `device`, where kernels are stand-ins."""
    parameters = {**ENTRY.parameters, **changes}
    return cuda_parity.agreement(
        Run(parameters, device=device, fault=fault, shared={} if shared is None else shared)
    )
