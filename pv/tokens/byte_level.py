"""Byte-level pair encoding: every byte is a letter, letters are joined by a list of merges."""

from __future__ import annotations

from pv.tokens.merging import merged
from pv.tokens.pretokenizers import PRE_TOKENIZERS, cut, cutter
from pv.tokens.vocabulary import Vocabulary

_MOST_KEPT = 1 << 16
_LONGEST_KEPT = 64


def _letters() -> str:
    """Return the 256 letters that stand for the bytes, printable ones for themselves."""
    plain = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    rest = iter(range(0x100, 0x200))
    return "".join(chr(byte if byte in plain else next(rest)) for byte in range(256))


LETTERS = _letters()
_BYTES = {letter: bytes([byte]) for byte, letter in enumerate(LETTERS)}


class ByteLevel:
    """Encodes stretches of text without special tokens; remembers words, a bounded number."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        way = PRE_TOKENIZERS[vocabulary.pre]
        self._patterns = cutter(way)
        self._whole = way.whole
        self._ids = vocabulary.ids
        self._ranks = vocabulary.ranks
        self._kept: dict[str, list[int]] = {}

    def encode(self, text: str) -> list[int]:
        """Return the ids of a text; a byte that has no token leaves none."""
        ids: list[int] = []
        for word in cut(self._patterns, text):
            found = self._kept.get(word)
            if found is None:
                found = self._word(word.encode().decode("latin-1").translate(LETTERS))
                if len(word) <= _LONGEST_KEPT:
                    if len(self._kept) >= _MOST_KEPT:
                        self._kept.clear()
                    self._kept[word] = found
            ids += found
        return ids

    @staticmethod
    def piece(text: str) -> bytes:
        """Return the bytes of an ordinary token; a letter that is no byte stays as it is."""
        return b"".join(_BYTES.get(letter) or letter.encode() for letter in text)

    def _word(self, letters: str) -> list[int]:
        if self._whole and letters in self._ids:
            return [self._ids[letters]]
        return [self._ids[part] for part in merged(letters, self._rank) if part in self._ids]

    def _rank(self, left: str, right: str) -> int | None:
        return self._ranks.get(f"{left} {right}")
