"""Decoding token by token: keys and values of the tokens before are kept, not computed again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.errors import UsageError
from pv.forward.interface import Engine, Floats
from pv.forward.transformer import Batch, batch_of, logits, through_layers
from pv.forward.trunk import Trunk

_FIRST_ROOM = 64


class Cache:
    """Keys and values of every layer, (positions, kv heads, dim), in the dtype they come in."""

    def __init__(self) -> None:
        self._rooms: dict[int, tuple[NDArray[Any], NDArray[Any]]] = {}
        self._filled: dict[int, int] = {}

    def extended(
        self, layer: int, keys: NDArray[Any], values: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Add those of new tokens and return all, oldest first, as views."""
        filled = self._filled.get(layer, 0)
        after = filled + len(keys)
        rooms = self._rooms.get(layer)
        if rooms is None or len(rooms[0]) < after:
            rooms = self._rooms[layer] = _larger(rooms, (keys, values), max(2 * after, _FIRST_ROOM))
        for room, new in zip(rooms, (keys, values), strict=True):
            room[filled:after] = new
        self._filled[layer] = after
        return rooms[0][:after], rooms[1][:after]

    def cut(self, positions: int) -> None:
        """Forget all but the first `positions` tokens."""
        self._filled = {layer: min(at, positions) for layer, at in self._filled.items()}


class Decoder:
    """One growing sentence on an engine."""

    def __init__(self, trunk: Trunk, engine: Engine) -> None:
        if trunk.layers != trunk.shape.layers:
            raise UsageError(
                f"decoding needs all {trunk.shape.layers} layers, this trunk has {trunk.layers}"
            )
        self.trunk = trunk
        self.engine = engine
        self.position = 0
        """Tokens fed so far."""
        self._cache = Cache()

    def feed(self, ids: Sequence[int]) -> Floats:
        """Take the next tokens; return the logits after the last of them, float32 (vocabulary,).

        After an error the decoder stands where it stood before. Raises `UsageError` for no token or
        an unknown one, `BadInputError` where a result is not finite.
        """
        fresh = batch_of([ids], self.trunk.shape.vocabulary)
        batch = Batch(fresh.ids, fresh.sentence, fresh.position + self.position)
        try:
            stream = through_layers(self.trunk, batch, self.engine, memory=self._cache)
            found: Floats = logits(self.trunk, stream[-1:], self.engine)[0]
        except BaseException:
            self._cache.cut(self.position)
            raise
        self.position += len(ids)
        return found


def greedy(decoder: Decoder, ids: Sequence[int], count: int) -> list[int]:
    """Return `count` tokens after `ids`, each the most likely one; of equals the first."""
    found: list[int] = []
    following = list(ids)
    for _ in range(count):
        best = int(np.argmax(decoder.feed(following)))
        found.append(best)
        following = [best]
    return found


def _larger(
    rooms: tuple[NDArray[Any], NDArray[Any]] | None,
    like: tuple[NDArray[Any], NDArray[Any]],
    positions: int,
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return rooms for so many positions, with what the old ones hold."""
    keys, values = (np.empty((positions, *one.shape[1:]), one.dtype) for one in like)
    if rooms is not None:
        keys[: len(rooms[0])], values[: len(rooms[1])] = rooms
    return keys, values
