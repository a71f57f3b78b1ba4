"""llama.cpp as the other side of a comparison: token ids, logits and greedy continuations."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@functools.cache  # llama.cpp may call it as long as the process runs
def _silence() -> object:
    import llama_cpp

    return llama_cpp.llama_log_callback(lambda *_: None)


class Rival:
    """One model or vocabulary in llama.cpp as it comes: one thread, float16 keys and values.

    `batch` is how many tokens it computes together; their bits depend on it.
    """

    def __init__(
        self, path: Path, *, vocabulary_only: bool = False, context: int = 512, batch: int = 512
    ) -> None:
        import llama_cpp

        llama_cpp.llama_log_set(_silence(), None)
        self._llama = llama_cpp.Llama(
            str(path),
            n_ctx=context,
            n_batch=batch,
            n_ubatch=batch,
            n_threads=1,
            n_threads_batch=1,
            vocab_only=vocabulary_only,
            logits_all=not vocabulary_only,
            verbose=False,
        )

    def close(self) -> None:
        """Free what llama.cpp holds."""
        self._llama.close()

    def encode(self, text: str, *, specials: bool, whole: bool) -> list[int]:
        """Return the ids of a text; `whole` with what the file wants around it."""
        return list(self._llama.tokenize(text.encode(), add_bos=whole, special=specials))

    def logits(self, ids: list[int]) -> NDArray[np.float32]:
        """Return the logits after each of the ids, (tokens, vocabulary)."""
        self._llama.reset()
        self._llama.eval(ids)
        return np.array(self._llama.scores[: len(ids)], np.float32)

    def greedy(self, ids: list[int], count: int) -> tuple[list[int], list[NDArray[np.float32]]]:
        """Return the likeliest next tokens one after the other, and the logits of each."""
        self._llama.reset()
        self._llama.eval(ids)
        chosen: list[int] = []
        rows: list[NDArray[np.float32]] = []
        for _ in range(count):
            rows.append(np.array(self._llama.scores[self._llama.n_tokens - 1], np.float32))
            chosen.append(int(np.argmax(rows[-1])))
            self._llama.eval([chosen[-1]])
        return chosen, rows
