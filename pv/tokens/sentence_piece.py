"""SentencePiece vocabularies: letters are joined into the token with the highest score.

Spaces are written as `▁`. A letter that is no token is spelled in bytes, `<0x00>` to `<0xFF>`, or
is the unknown token where the vocabulary has no such bytes.
"""

from __future__ import annotations

import re

from pv.tokens.merging import merged
from pv.tokens.vocabulary import Vocabulary

SPACE = "▁"

_WORD = re.compile(f"{SPACE}+[^{SPACE}]*|[^{SPACE}]+")
_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 64


class SentencePiece:
    """Encodes stretches of text without special tokens; remembers words, a bounded number."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self._ids = vocabulary.ids
        self._unknown = [] if vocabulary.unknown is None else [vocabulary.unknown]
        best_first = sorted(set(vocabulary.scores), reverse=True)
        places = {score: place for place, score in enumerate(best_first)}
        self._order = {text: places[vocabulary.scores[id_]] for text, id_ in self._ids.items()}
        # Where no token goes on after a word with the next one's space, no join crosses there.
        self._by_words = not any(SPACE in text.lstrip(SPACE) for text in self._ids)
        self._kept: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text."""
        spaced = text.replace(" ", SPACE)
        if not self._by_words:
            return self._word(spaced)
        ids: list[int] = []
        for word in _WORD.findall(spaced):
            found = self._kept.get(word)
            if found is None:
                found = self._word(word)
                if len(word) <= _LONGEST_KEPT:
                    if len(self._kept) >= _MOST_KEPT:
                        self._kept.clear()
                    self._kept[word] = found
            ids += found
        return ids

    @staticmethod
    def piece(text: str) -> bytes:
        """Return the bytes of an ordinary token."""
        return text.replace(SPACE, " ").encode()

    def _word(self, word: str) -> list[int]:
        ids: list[int] = []
        for part in merged(word, self._rank):
            id_ = self._ids.get(part)
            ids += self._spelled(part) if id_ is None else [id_]
        return ids

    def _rank(self, left: str, right: str) -> int | None:
        return self._order.get(left + right)

    def _spelled(self, letter: str) -> list[int]:
        found = [self._ids.get(f"<0x{byte:02X}>") for byte in letter.encode()]
        ids = [one for one in found if one is not None]
        return ids if len(ids) == len(found) else self._unknown
