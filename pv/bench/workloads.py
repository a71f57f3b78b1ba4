"""What is measured: for each operation a matrix, its other arguments, and ggml's routine for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.kernels.layout import (
    BLOCK_VALUES,
    Q4_1_BYTES,
    Q4K_BYTES,
    Q6K_BYTES,
    Q8_0_BYTES,
    SHORT_BLOCK_VALUES,
    Order,
)
from pv.kernels.q4_1_q8_1_matvec import case as q4_1_case
from pv.kernels.q4k_q8k_matvec import case as q8k_case
from pv.kernels.q8_0_q8_0_matvec import case as q8_0_case
from pv.kernels.q8k_quantize.reference import to_bytes

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Workload:
    """One operation at one size."""

    operation: str
    blocks: Bytes
    """uint8 (rows, blocks a row, bytes)."""
    others: tuple[Any, ...]
    """Further arguments of the kernel."""
    kinds: str
    """Formats as ggml names them: of weights and activation for a product, of weights else."""
    packed: Bytes | None = None
    """The activation as ggml's bytes; None where ggml has no such product."""
    orders: tuple[Order, ...] = ()
    """Float orders to be timed; empty where the operation has one."""
    peer_order: Order | None = Order.GGML_AVX2
    """The order that does the work of ggml's routine."""

    @property
    def block_values(self) -> int:
        """Return the values of a block: 256 of a K type, 32 of the others."""
        return BLOCK_VALUES if self.operation[:3] in ("q4k", "q6k") else SHORT_BLOCK_VALUES

    @property
    def columns(self) -> int:
        """Return the values of a row."""
        return self.block_values * int(self.blocks.shape[1])


def operations() -> tuple[str, ...]:
    """Return the names of everything that can be timed."""
    return tuple(_MAKERS)


def workloads(rows: int, columns: int, names: Sequence[str] = ()) -> tuple[Workload, ...]:
    """Return the named operations, or all, on a matrix of that size.

    Raises:
        UsageError: no row, or columns that do not fill blocks of 256.
    """
    if rows < 1 or columns < BLOCK_VALUES or columns % BLOCK_VALUES:
        raise UsageError(
            f"matrix {rows} x {columns}: expected at least one row and a multiple of "
            f"{BLOCK_VALUES} columns"
        )
    per_row = columns // BLOCK_VALUES
    return tuple(_MAKERS[name](rows, per_row) for name in names or _MAKERS)


_ORDERS: Final = (Order.GGML_AVX2, Order.GGML_GENERIC, Order.SEQUENTIAL)


def _four_bit_product(rows: int, per_row: int) -> Workload:
    activation = q8k_case.activation("bench", per_row)
    packed = to_bytes(activation)
    blocks = _blocks("q4k_dequantize", rows, per_row, Q4K_BYTES)
    return Workload("q4k_q8k_matvec", blocks, (activation,), "q4_K_q8_K", packed, _ORDERS)


def _six_bit_product(rows: int, per_row: int) -> Workload:
    activation = q8k_case.activation("bench", per_row)
    packed = to_bytes(activation)
    blocks = _blocks("q6k_dequantize", rows, per_row, Q6K_BYTES)
    return Workload("q6k_q8k_matvec", blocks, (activation,), "q6_K_q8_K", packed, _ORDERS[:2])


def _float_product(rows: int, per_row: int) -> Workload:
    x = np.random.default_rng(7).normal(size=256 * per_row).astype(np.float32)
    blocks = _blocks("q4k_dequantize", rows, per_row, Q4K_BYTES)
    return Workload("q4k_f32_matvec", blocks, (x,), "", peer_order=None)


def _four_bit_weights(rows: int, per_row: int) -> Workload:
    blocks = _blocks("q4k_dequantize", rows, per_row, Q4K_BYTES)
    return Workload("q4k_dequantize", blocks, (), "q4_K", peer_order=None)


def _six_bit_weights(rows: int, per_row: int) -> Workload:
    blocks = _blocks("q6k_dequantize", rows, per_row, Q6K_BYTES)
    return Workload("q6k_dequantize", blocks, (), "q6_K", peer_order=None)


def _eight_bit_product(rows: int, per_row: int) -> Workload:
    activation = q8_0_case.activation("bench", 8 * per_row)
    blocks = _blocks("q8_0_dequantize", rows, 8 * per_row, Q8_0_BYTES)
    kinds, orders = "q8_0_q8_0", _ORDERS[:2]
    return Workload("q8_0_q8_0_matvec", blocks, (activation,), kinds, activation, orders)


def _old_four_bit_product(rows: int, per_row: int) -> Workload:
    activation = q4_1_case.activation("bench", 8 * per_row)
    blocks = _blocks("q4_1_dequantize", rows, 8 * per_row, Q4_1_BYTES)
    kinds, orders = "q4_1_q8_1", _ORDERS[:2]
    return Workload("q4_1_q8_1_matvec", blocks, (activation,), kinds, activation, orders)


_MAKERS: Final[dict[str, Callable[[int, int], Workload]]] = {
    "q4k_q8k_matvec": _four_bit_product,
    "q4k_f32_matvec": _float_product,
    "q4k_dequantize": _four_bit_weights,
    "q6k_q8k_matvec": _six_bit_product,
    "q6k_dequantize": _six_bit_weights,
    "q8_0_q8_0_matvec": _eight_bit_product,
    "q4_1_q8_1_matvec": _old_four_bit_product,
}


@cache
def _blocks(folder: str, rows: int, per_row: int, size: int) -> Bytes:
    make: Callable[[str, int], Bytes] = import_module(f"pv.kernels.{folder}.case").random_blocks
    return make("bench", rows * per_row).reshape(rows, per_row, size)
