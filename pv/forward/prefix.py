"""What passes have in common that differ in one operation: everything before it, computed once.

Passes over the same tokens on engines that differ in one matrix alone are the same, bit by bit, up
to their first product with it. One pass leaves its results here, the others take them.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from pv.forward.interface import Engine, Floats, Positions
from pv.forward.rotation import Rotation


class Prefix:
    """The results of one pass, in order, up to its first product with a matrix of this name."""

    def __init__(self, stem: str) -> None:
        self.stem = stem
        self.results: list[tuple[str, Floats]] = []
        self.complete = False

    def recorded(self, engine: Engine) -> Engine:
        """Return the engine; what it computes before the matrix is kept."""
        return _Recording(self, engine)

    def replayed(self, engine: Engine) -> Engine:
        """Return the engine for one pass; before the matrix it answers with what was kept.

        Raises ValueError where nothing was recorded up to the matrix.
        """
        if not self.complete:
            raise ValueError(f"no pass was recorded up to {self.stem}")
        return _Replaying(self, engine)


class _Recording:
    """An engine whose results are kept up to the first product with the matrix."""

    def __init__(self, prefix: Prefix, engine: Engine) -> None:
        self.prefix = prefix
        self.engine = engine
        self.name = engine.name

    def _kept(self, operation: str, result: Floats) -> Floats:
        if not self.prefix.complete:
            self.prefix.results.append((operation, result))
        return result

    def product(self, tensor: str, activations: Floats) -> Floats:
        """As the engine does."""
        if tensor.split(".")[-2] == self.prefix.stem:
            self.prefix.complete = True
        return self._kept(tensor, self.engine.product(tensor, activations))

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """As the engine does."""
        return self._kept("rms_norm", self.engine.rms_norm(stream, weight, eps))

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """As the engine does."""
        return self._kept("rope", self.engine.rope(heads, positions, rotation))

    def stored(self, values: Floats) -> NDArray[Any]:
        """As the engine does."""
        return self._kept("stored", self.engine.stored(values))

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """As the engine does."""
        return self._kept("attend", self.engine.attend(queries, keys, values))

    def add(self, values: Floats, more: Floats) -> Floats:
        """As the engine does."""
        return self._kept("add", self.engine.add(values, more))

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """As the engine does."""
        return self._kept("swiglu", self.engine.swiglu(gate, up))


class _Replaying:
    """An engine that answers with what was kept, as long as there is something."""

    def __init__(self, prefix: Prefix, engine: Engine) -> None:
        self.engine = engine
        self.name = engine.name
        self._left = list(reversed(prefix.results))

    def _known(self, operation: str) -> Floats | None:
        if not self._left:
            return None
        kept, result = self._left.pop()
        if kept != operation:
            raise ValueError(f"pass asks for {operation}, the recorded one asked for {kept}")
        return result

    def product(self, tensor: str, activations: Floats) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known(tensor)
        return self.engine.product(tensor, activations) if known is None else known

    def rms_norm(self, stream: Floats, weight: Floats, eps: float) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known("rms_norm")
        return self.engine.rms_norm(stream, weight, eps) if known is None else known

    def rope(self, heads: Floats, positions: Positions, rotation: Rotation) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known("rope")
        return self.engine.rope(heads, positions, rotation) if known is None else known

    def stored(self, values: Floats) -> NDArray[Any]:
        """Return what was kept, else what the engine computes."""
        known = self._known("stored")
        return self.engine.stored(values) if known is None else known

    def attend(self, queries: Floats, keys: NDArray[Any], values: NDArray[Any]) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known("attend")
        return self.engine.attend(queries, keys, values) if known is None else known

    def add(self, values: Floats, more: Floats) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known("add")
        return self.engine.add(values, more) if known is None else known

    def swiglu(self, gate: Floats, up: Floats) -> Floats:
        """Return what was kept, else what the engine computes."""
        known = self._known("swiglu")
        return self.engine.swiglu(gate, up) if known is None else known
