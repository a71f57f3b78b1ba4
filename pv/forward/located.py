"""An engine that knows where in a model each of its operations stands, around another engine.

A pass calls operations in one order, and every product names its tensor; the others stand between
two products, which says what they are.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from numpy.typing import NDArray

from pv.forward.interface import Engine, Floats, Positions
from pv.forward.rotation import Rotation

SUB_BLOCKS: Final = (
    "attn_norm",
    "attn_q",
    "attn_q.bias",
    "attn_k",
    "attn_k.bias",
    "attn_v",
    "attn_v.bias",
    "rope_q",
    "rope_k",
    "stored_k",
    "stored_v",
    "attention",
    "attn_output",
    "attn_output.bias",
    "attention_residual",
    "ffn_norm",
    "ffn_gate",
    "ffn_gate.bias",
    "ffn_up",
    "ffn_up.bias",
    "swiglu",
    "ffn_down",
    "ffn_down.bias",
    "residual",
)
"""Operations of a layer in the order of the computation; a model without a bias has no such one."""
OUTPUT: Final = ("output_norm", "output")
"""Those behind the last layer."""
_LAST: Final = "ffn_down"
_RESIDUALS: Final = {"attn_output": "attention_residual", _LAST: "residual"}


class Place(NamedTuple):
    """Where an operation stands: its layer (the number of layers behind the last one) and name."""

    layer: int
    name: str

    def __str__(self) -> str:
        """Return layer and name for people."""
        return self.name if self.name in OUTPUT else f"layer {self.layer} {self.name}"


class Operation(NamedTuple):
    """One call of an engine."""

    place: Place
    kind: str
    """The engine's method."""
    inputs: tuple[Any, ...]
    """Its arguments."""

    def on(self, engine: Engine) -> Floats:
        """Carry it out on an engine."""
        method: Callable[..., Floats] = getattr(engine, self.kind)
        return method(*self.inputs)


class Located(ABC):
    """An `Engine` that hands each operation, with its place, to `operate`."""

    def __init__(self, name: str, layers: int) -> None:
        self.name = name
        self._layers = layers
        self._layer = -1
        self._stem = _LAST
        self._turns: dict[str, int] = {}

    @abstractmethod
    def operate(self, operation: Operation) -> Floats:
        """Return what the operation gives, float32 like its method's."""

    def begin(self) -> None:
        """Start again before the first layer."""
        self._layer, self._stem = -1, _LAST

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Multiply with a matrix, whose name says where the pass is."""
        parts = tensor.split(".")
        if len(parts) == 4:
            self._layer, self._stem = int(parts[1]), parts[2]
            return self._at(self._stem, "product", tensor, activations)
        found = self._at("output", "product", tensor, activations)
        self.begin()  # a pass that follows starts with the first layer
        return found

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """Normalise; the first norm behind a layer opens the next."""
        name = "ffn_norm"
        if self._stem == _LAST:
            self._layer += 1
            name = "attn_norm" if self._layer < self._layers else "output_norm"
        self._turns.clear()
        return self._at(name, "rms_norm", stream, weight, eps)

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """Rotate queries, then keys."""
        return self._at(f"rope_{'qk'[self._turn('rope')]}", "rope", heads, positions, rotation)

    def stored(self, values: Floats) -> NDArray[Any]:
        """Store keys, then values."""
        return self._at(f"stored_{'kv'[self._turn('stored')]}", "stored", values)

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """Attend, sentence by sentence."""
        return self._at("attention", "attend", queries, keys, values)

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """Gate."""
        return self._at("swiglu", "swiglu", gate, up)

    def add(self, values: Floats, more: Floats) -> Floats:
        """Add a bias to a product, or an update to the residual stream."""
        name = f"{self._stem}.bias" if more.ndim == 1 else _RESIDUALS[self._stem]
        return self._at(name, "add", values, more)

    def _turn(self, kind: str) -> int:
        turn = self._turns.get(kind, 0)
        self._turns[kind] = turn + 1
        return turn % 2

    def _at(self, name: str, kind: str, *inputs: Any) -> Floats:
        return self.operate(Operation(Place(self._layer, name), kind, inputs))
