"""Planted faults: an engine with one operation of one layer changed, and everything else as it is.

They are the controls of a bisection: each has to be found, by layer and by name.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from pv.errors import UsageError
from pv.forward.interface import Engine, Floats
from pv.forward.located import Located, Operation
from pv.forward.trunk import Trunk
from pv.kernels.layout import BLOCK_VALUES, SHORT_BLOCK_VALUES, Pairing

Change = Callable[[Engine, Operation], Floats]
"""An engine and an operation, to what a faulty engine makes of it."""

SCALE: Final = np.float32(1.05)
_LARGEST_QUANT: Final = np.float32(127)


class Fault(NamedTuple):
    """One fault: where it can be planted, what it changes."""

    places: tuple[str, ...]
    """Operations that it can be planted into; the first one unless another is asked for."""
    changes: str
    change: Change


_PRODUCTS: Final = (
    "ffn_down",
    "ffn_up",
    "ffn_gate",
    "attn_q",
    "attn_k",
    "attn_v",
    "attn_output",
)
_NORMS: Final = ("attn_norm", "ffn_norm")
_ROTATIONS: Final = ("rope_q", "rope_k")
_SUMS: Final = ("attention_residual", "residual")
_BIASES: Final = tuple(f"{stem}.bias" for stem in ("attn_k", "attn_q", "attn_v", "attn_output"))


def _scaled(engine: Engine, at: Operation) -> Floats:
    return at.on(engine) * SCALE


def _floored(engine: Engine, at: Operation) -> Floats:
    """Hand on what flooring leaves: multiples of the step, which rounding then keeps."""
    tensor, x = at.inputs
    block = BLOCK_VALUES if x.shape[1] % BLOCK_VALUES == 0 else SHORT_BLOCK_VALUES
    blocks = x.reshape(len(x), -1, block)
    step = np.abs(blocks).max(axis=-1, keepdims=True) / _LARGEST_QUANT
    divisor = np.where(step > 0, step, np.float32(1))
    floored = np.floor(blocks / divisor) * step
    return engine.product(tensor, np.asarray(floored.reshape(x.shape), np.float32))


def _swapped(engine: Engine, at: Operation) -> Floats:
    tensor, x = at.inputs
    pairs = x.reshape(len(x), -1, 2, SHORT_BLOCK_VALUES)
    return engine.product(tensor, np.ascontiguousarray(pairs[:, :, ::-1]).reshape(x.shape))


def _half(engine: Engine, at: Operation) -> Floats:
    with np.errstate(over="ignore"):
        units = (at.on(engine) * np.float32(2.0**16)).astype(np.float16)
    return units.astype(np.float32) * np.float32(2.0**-16)


def _half_squares(_engine: Engine, at: Operation) -> Floats:
    stream, weight, eps = at.inputs
    with np.errstate(over="ignore"):
        squares = np.square(stream.astype(np.float16)).sum(axis=-1, dtype=np.float16, keepdims=True)
    mean = squares.astype(np.float32) / np.float32(stream.shape[-1])
    return np.asarray(stream * weight / np.sqrt(mean + np.float32(eps)), np.float32)


def _unweighted(engine: Engine, at: Operation) -> Floats:
    stream, weight, eps = at.inputs
    return engine.rms_norm(stream, np.ones_like(weight), eps)


def _lost_update(_engine: Engine, at: Operation) -> Floats:
    return np.array(at.inputs[0])


def _lost_stream(_engine: Engine, at: Operation) -> Floats:
    return np.array(at.inputs[1])


def _other_pairing(engine: Engine, at: Operation) -> Floats:
    heads, positions, rotation = at.inputs
    other = Pairing.NEOX if rotation.pairing is Pairing.NORM else Pairing.NORM
    return engine.rope(heads, positions, rotation._replace(pairing=other))


def _next_position(engine: Engine, at: Operation) -> Floats:
    heads, positions, rotation = at.inputs
    return engine.rope(heads, positions + 1, rotation)


def _other_heads(engine: Engine, at: Operation) -> Floats:
    """Let query heads take turns at the key-value heads instead of sharing them in groups."""
    queries, keys, values = at.inputs
    turns = np.arange(queries.shape[1]) % keys.shape[1]
    return engine.attend(
        queries, np.ascontiguousarray(keys[:, turns]), np.ascontiguousarray(values[:, turns])
    )


def _exchanged(engine: Engine, at: Operation) -> Floats:
    gate, up = at.inputs
    return engine.swiglu(up, gate)


def _first(place: str, places: tuple[str, ...]) -> tuple[str, ...]:
    return (place, *(each for each in places if each != place))


FAULTS: Final[dict[str, Fault]] = {
    "scale": Fault(_PRODUCTS, "the product is 1.05 times too large", _scaled),
    "floor": Fault(
        _first("ffn_up", _PRODUCTS),
        "activations are rounded down instead of to the nearest",
        _floored,
    ),
    "swapped-sub-blocks": Fault(
        _first("ffn_gate", _PRODUCTS),
        "neighbouring groups of 32 activations change places",
        _swapped,
    ),
    "half-sums": Fault(
        _first("attn_output", _PRODUCTS),
        "sums stand in float16 before a scale of 2^-16: large ones overflow",
        _half,
    ),
    "half-squares": Fault(
        _first("ffn_norm", _NORMS), "squares are summed in float16 and may overflow", _half_squares
    ),
    "norm-weight": Fault(_NORMS, "the norm's weights are left out", _unweighted),
    "missing-bias": Fault(_BIASES, "the bias is not added", _lost_update),
    "rope-pairing": Fault(
        _ROTATIONS, "the other two elements are rotated together", _other_pairing
    ),
    "rope-position": Fault(
        _first("rope_k", _ROTATIONS), "one side stands one position later", _next_position
    ),
    "kv-heads": Fault(
        ("attention",), "query heads take turns at the key-value heads", _other_heads
    ),
    "gate-up": Fault(("swiglu",), "gate and up are exchanged", _exchanged),
    "lost-residual": Fault(_SUMS, "the stream is not added", _lost_stream),
    "lost-update": Fault(_first("residual", _SUMS), "the update is not added", _lost_update),
}
"""Every fault there is, by name."""


class Planted(Located):
    """An engine with one fault in one operation of one layer."""

    def __init__(
        self, engine: Engine, trunk: Trunk, layer: int, name: str, place: str | None = None
    ) -> None:
        if name not in FAULTS:
            raise UsageError(f"fault {name!r}: expected one of {', '.join(FAULTS)}")
        if not 0 <= layer < trunk.layers:
            raise UsageError(f"layer {layer}: expected 0 to {trunk.layers - 1}")
        self.fault = FAULTS[name]
        self.place = place or self.fault.places[0]
        self._require(trunk, name)
        other = "" if place is None else f" at {place}"
        super().__init__(f"{engine.name} with {name}{other} in layer {layer}", trunk.layers)
        self.engine = engine
        self.layer = layer

    def _require(self, trunk: Trunk, name: str) -> None:
        """Refuse what would change nothing, or cannot be done there."""
        if self.place not in self.fault.places:
            raise UsageError(
                f"fault {name!r} at {self.place!r}: expected {', '.join(self.fault.places)}"
            )
        stem, _, bias = self.place.partition(".")
        if bias and stem not in trunk.shape.biased:
            raise UsageError(
                f"fault {name!r}: {stem} of this model has no bias",
                advice="plant it into a model with biases, such as one of the qwen2 architecture",
            )
        if name == "kv-heads" and trunk.shape.kv_heads in {1, trunk.shape.heads}:
            raise UsageError(f"fault {name!r}: this model's query heads do not share in groups")

    def operate(self, operation: Operation) -> Floats:
        """Carry the operation out, with the fault where it is planted."""
        if operation.place == (self.layer, self.place):
            return self.fault.change(self.engine, operation)
        return operation.on(self.engine)
