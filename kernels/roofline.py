"""What share of a device's copy bandwidth a matrix product can reach, and what holds it back.

Pure arithmetic over counts: bytes of the format, instructions and cache accesses of the compiled
loop (a test counts them in the PTX), and the figures that a vendor states for a device. Nothing
here was measured on a device.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pv.kernels.layout import (
    BLOCK_VALUES,
    Q4_1_BYTES,
    Q4K_BYTES,
    Q6K_BYTES,
    Q8_0_BYTES,
    SHORT_BLOCK_VALUES,
)

LANES_A_CLOCK: Final = 128
"""Lanes for which a multiprocessor issues an instruction in a clock: four schedulers, 32 lanes."""
START_SECONDS: Final = 2e-6
"""Assumed: from the start of a kernel until all multiprocessors stream, and the tail at its end."""
LATENCY_SECONDS: Final = 8e-7
"""Assumed: from a load to its data under full load."""
REGISTERS: Final = 65536
"""Registers of a multiprocessor; a thread gets them by eights."""
FLOPS_A_WEIGHT: Final = 2
"""A product and an addition, whatever unit does them."""


@dataclass(frozen=True)
class Device:
    """Figures of a device, as its vendor states them or the driver reports them."""

    name: str
    target: str
    multiprocessors: int
    clock: float
    """Boost clock, Hz."""
    bandwidth: float
    """Memory bandwidth, bytes a second."""
    warps: int = 48
    """Warps that a multiprocessor keeps at most."""


DEVICES: Final = (
    Device("RTX 4090", "sm_89", 128, 2.52e9, 1.008e12, 48),
    Device("L40S", "sm_89", 142, 2.52e9, 0.864e12, 48),
    Device("H100 PCIe", "sm_90", 114, 1.755e9, 2.0e12, 64),
    Device("H100 SXM", "sm_90", 132, 1.98e9, 3.35e12, 64),
)


@dataclass(frozen=True)
class Product:
    """What one turn of a product's inner loop costs a warp."""

    operation: str
    block_bytes: int
    block_values: int
    blocks: int
    """Blocks of weights that a warp takes in a turn, over all its rows."""
    instructions: int
    """PTX instructions of a turn, for every lane; moves between registers cost nothing."""
    accesses: int
    """Accesses to the first cache in a turn: eight lanes of a 16-byte load are one where they read
    128 bytes in different banks, or the same 16."""
    registers: int
    """Registers of a thread, at most."""

    @property
    def bytes_a_weight(self) -> float:
        """Return how many bytes of memory a weight takes."""
        return self.block_bytes / self.block_values

    @property
    def intensity(self) -> float:
        """Return operations for each byte of weights."""
        return FLOPS_A_WEIGHT / self.bytes_a_weight

    @property
    def turn_bytes(self) -> int:
        """Return the bytes of weights that a warp reads in a turn."""
        return self.blocks * self.block_bytes

    @property
    def instructions_a_weight(self) -> float:
        """Return how many instructions of a lane a weight takes."""
        return 32 * self.instructions / (self.blocks * self.block_values)


PRODUCTS: Final = (
    # Head and nibbles of two rows, 4 + 4 accesses each; quants 2 x 4, twice, for lanes of one half
    # meet in the same banks; the scale.
    Product("q4k_q8k_matvec", Q4K_BYTES, BLOCK_VALUES, 8, 157, 33, 40),
    # Head and nibbles 4 + 4; eight loads of the vector, 4 each: no two lanes share a bank.
    Product("q4k_f32_matvec", Q4K_BYTES, BLOCK_VALUES, 4, 217, 40, 47),
    # Nibbles, bit pairs and scales of two rows, 4 each, and their d; quants 2 x 8; the scale.
    Product("q6k_q8k_matvec", Q6K_BYTES, BLOCK_VALUES, 8, 242, 43, 48),
    # Quants 4 and scales 1 of two rows and of the vector.
    Product("q8_0_q8_0_matvec", Q8_0_BYTES, SHORT_BLOCK_VALUES, 32, 56, 15, 40),
    # Nibbles 4 and fields 1 of two rows; quants 2 x 8, for every second 16 bytes; fields 1.
    Product("q4_1_q8_1_matvec", Q4_1_BYTES, SHORT_BLOCK_VALUES, 64, 90, 27, 40),
)


@dataclass(frozen=True)
class Roof:
    """The three rates that bound a product, bytes of weights a second, and the share."""

    memory: float
    issue: float
    cache: float
    share: float
    """Of the copy bandwidth, for a matrix of the asked-for size."""

    @property
    def bound(self) -> str:
        """Return what the lowest rate belongs to."""
        rates = {"memory": self.memory, "issue": self.issue, "cache": self.cache}
        return min(rates, key=lambda name: rates[name])


def roof(product: Product, device: Device, weights: int) -> Roof:
    """Return what bounds a product over so many weights on a device."""
    a_second = device.multiprocessors * device.clock
    turns = a_second * LANES_A_CLOCK / 32 / product.instructions
    issue = turns * product.turn_bytes
    cache = a_second / product.accesses * product.turn_bytes
    size = weights * product.bytes_a_weight
    seconds = size / min(device.bandwidth, issue, cache) + START_SECONDS
    return Roof(device.bandwidth, issue, cache, size / device.bandwidth / seconds)


def in_flight(product: Product, device: Device) -> tuple[float, float]:
    """Return the bytes of weights that a multiprocessor can have under way, and what it needs.

    Each resident warp has the loads of one turn under way; thread blocks have up to four warps. To
    keep the memory busy, what it delivers in the time of a load has to be under way.
    """
    by_registers = REGISTERS // (32 * -(-product.registers // 8) * 8)
    resident = min(device.warps, by_registers // 4 * 4)
    needed = device.bandwidth * LATENCY_SECONDS / device.multiprocessors
    return resident * product.turn_bytes, needed


def product_of(operation: str) -> Product | None:
    """Return the counts of an operation, None where nobody counted."""
    return next((each for each in PRODUCTS if each.operation == operation), None)


def table(weights: int) -> str:
    """Return the roofline of every product on every device as a Markdown table."""
    head = (
        "| product | device | bytes a weight | flops a byte | memory GB/s | issue GB/s "
        "| cache GB/s | bound | under way kB | needed kB | share of copy |\n"
        "|---|---|---|---|---|---|---|---|---|---|---|\n"
    )
    pairs = ((product, device) for product in PRODUCTS for device in DEVICES)
    return head + "".join(_row(product, device, weights) for product, device in pairs)


def _row(product: Product, device: Device, weights: int) -> str:
    found = roof(product, device, weights)
    rates = (found.memory, found.issue, found.cache)
    cells = (
        product.operation,
        f"{device.name} ({device.target})",
        f"{product.bytes_a_weight:.4f}",
        f"{product.intensity:.2f}",
        *(f"{rate / 1e9:.0f}" for rate in rates),
        found.bound,
        *(f"{size / 1e3:.1f}" for size in in_flight(product, device)),
        f"{found.share:.2f}",
    )
    return "| " + " | ".join(cells) + " |\n"
