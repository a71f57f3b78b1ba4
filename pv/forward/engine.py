"""The engines there are, by name, and an engine that has one operation of another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from pv.forward.interface import Engine, Floats, Positions, Product
from pv.forward.production import Production
from pv.forward.quantized import Device
from pv.forward.reference import Reference
from pv.forward.rotation import Rotation
from pv.forward.trunk import Trunk

__all__ = ["ENGINES", "Engine", "Product", "Replaced", "production", "reference", "replaced"]


def reference(trunk: Trunk) -> Engine:
    """Return the engine with float32 weights and nothing quantised on the way."""
    return Reference(trunk)


def production(trunk: Trunk, device: Device | str = Device.CPU) -> Engine:
    """Return the engine that computes as llama.cpp's CPU back-end does.

    Raises `MissingError` where the device is `cuda` and there is none.
    """
    return Production(trunk, device)


ENGINES: dict[str, Callable[[Trunk], Engine]] = {"reference": reference, "production": production}


class Replaced:
    """An engine whose products with one matrix of each layer are somebody else's."""

    def __init__(self, engine: Engine, stem: str, product: Product) -> None:
        self.engine = engine
        self.stem = stem
        self.name = f"{engine.name}, another {stem}"
        self._product = product

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Multiply as the other does where the matrix is the replaced one."""
        parts = tensor.split(".")
        if len(parts) == 4 and parts[2] == self.stem:
            return self._product(int(parts[1]), activations)
        return self.engine.product(tensor, activations)

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """As the engine does."""
        return self.engine.rms_norm(stream, weight, eps)

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """As the engine does."""
        return self.engine.rope(heads, positions, rotation)

    def stored(self, values: Floats) -> NDArray[Any]:
        """As the engine does."""
        return self.engine.stored(values)

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """As the engine does."""
        return self.engine.attend(queries, keys, values)

    def add(self, values: Floats, more: Floats) -> Floats:
        """As the engine does."""
        return self.engine.add(values, more)

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """As the engine does."""
        return self.engine.swiglu(gate, up)


def replaced(engine: Engine, stem: str, product: Product) -> Engine:
    """Return the engine with another product for `stem` (such as `ffn_down`) of every layer."""
    return Replaced(engine, stem, product)
