"""The vocabulary of a model file: tokens, kinds, scores, merges, special ids, each checked.

Nothing is trusted: counts must agree, ids must lie inside, texts must differ, and what a merge
names must be there. Whatever is wrong is a `GgufError` that names the key.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum
from typing import NamedTuple, NoReturn

from pv.tensors.gguf_errors import GgufError, quoted
from pv.tensors.gguf_header import ModelFile
from pv.tensors.gguf_metadata import INTEGERS, MetaArray, ValueType, type_names
from pv.tokens.pretokenizers import PRE_TOKENIZERS
from pv.tokens.special_tokens import MOST_LENGTHS, lengths_of

MOST_TOKENS = 1 << 20
"""Four times the largest vocabulary in use; the same bound holds for merges."""

LONGEST_TOKEN = 1024
"""Characters of one token: real ones end near 250 (runs of spaces)."""

BPE, SPM = "gpt2", "llama"
"""Values of `tokenizer.ggml.model`: byte-level pairs, and SentencePiece with scores."""

_PREFIX = "tokenizer.ggml."
_BYTE = re.compile("<0x[0-9A-F]{2}>")

_SPECIAL = ("bos", "eos", "eot", "eom", "unknown")

# Texts that end a generation whatever the file's special ids say; such a token is a control token.
_ENDS = frozenset(
    {
        "<|eot_id|>",
        "<|im_end|>",
        "<|end|>",
        "<|return|>",
        "<|call|>",
        "<end_of_turn>",
        "<|endoftext|>",
        "</s>",
        "<|eom_id|>",
        "<EOT>",
        "_<EOT>",
        "<|end_of_text|>",
        "<end_of_utterance>",
        "<eos>",
        "<｜end▁of▁sentence｜>",
    }
)


class Kind(IntEnum):
    """What a token is, by the number that stands in the file."""

    UNDEFINED = 0
    NORMAL = 1
    UNKNOWN = 2
    CONTROL = 3
    USER_DEFINED = 4
    UNUSED = 5
    BYTE = 6


HIDDEN = frozenset({Kind.CONTROL, Kind.UNKNOWN})
"""Kinds that a text names only where it may, and that a decoded text does not show."""


class Vocabulary(NamedTuple):
    """All that a file says about its tokens. `begin`, `end`, `unknown` are ids, or None."""

    model: str
    pre: str
    tokens: tuple[str, ...]
    kinds: tuple[int, ...]
    ids: Mapping[str, int]
    scores: tuple[float, ...]
    """One a token for SPM, empty for BPE."""
    ranks: Mapping[str, int]
    """`left right` with a space between to the place in the list of merges; empty for SPM."""
    begin: int | None
    end: int | None
    unknown: int | None
    ends: frozenset[int]
    """Tokens after which a generation is over."""
    flags: Mapping[str, bool]
    """The file's own word on `add_bos_token`, `add_eos_token`, `add_space_prefix`, where given."""

    def texts_of(self, kinds: Collection[int]) -> list[tuple[str, int]]:
        """Return text and id of the tokens of some kinds; one without a text is left out."""
        tokens = enumerate(zip(self.tokens, self.kinds, strict=True))
        return [(text, id_) for id_, (text, kind) in tokens if text and kind in kinds]


def read_vocabulary(model: ModelFile) -> Vocabulary:
    """Read and check the vocabulary of a model file; raises `GgufError`."""
    keys = _Keys(model)
    kind = keys.text("model")
    advice = "use a model file with a vocabulary of a kind that is known"
    if kind not in {BPE, SPM}:
        problem = f"is {quoted(kind)}, known are {BPE} (BPE) and {SPM} (SentencePiece)"
        keys.fail("model", problem, advice=advice)
    pre = keys.text("pre", "default")
    if kind == BPE and pre not in PRE_TOKENIZERS:
        problem = f"{quoted(pre)} is not known, known are {', '.join(PRE_TOKENIZERS)}"
        keys.fail("pre", problem, advice=advice)
    tokens = keys.strings("tokens", MOST_TOKENS)
    ids = _ids_of(keys, tokens)
    _require_rows(keys, tokens)
    default = {"bos": 1, "eos": 2, "unknown": 0} if kind == SPM else {}
    special = {name: keys.token_id(name, default, len(tokens)) for name in _SPECIAL}
    ends = {ids[text] for text in _ENDS if text in ids}
    final = {special[name] for name in ("eos", "eot", "eom")} | ends
    names = ("add_bos_token", "add_eos_token", "add_space_prefix")
    vocabulary = Vocabulary(
        model=kind,
        pre=pre,
        tokens=tokens,
        kinds=_kinds_of(keys, tokens, ends),
        ids=ids,
        scores=_scores_of(keys, tokens) if kind == SPM else (),
        ranks=_ranks_of(keys, ids) if kind == BPE else {},
        begin=special["bos"],
        end=special["eos"],
        unknown=special["unknown"],
        ends=frozenset(one for one in final if one is not None),
        flags={name: flag for name in names if (flag := keys.flag(name)) is not None},
    )
    lengths = lengths_of(text for text, _ in vocabulary.texts_of(HIDDEN | {Kind.USER_DEFINED}))
    if lengths > MOST_LENGTHS:
        problem = f"special tokens have {lengths} different lengths, the limit is {MOST_LENGTHS}"
        keys.fail("tokens", problem)
    return vocabulary


class _Keys:
    """Reads keys below `tokenizer.ggml.` and says which one is wrong."""

    def __init__(self, model: ModelFile) -> None:
        self._model = model

    def fail(self, name: str, problem: str, at: int | None = None, *, advice: str = "") -> NoReturn:
        """Raise the error for a key, or for one element of its array."""
        key = _PREFIX + name
        entry = self._model.metadata.entry(key)
        where = f"key {quoted(key)}" + ("" if at is None else f"[{at}]")
        offset = entry.offset if entry else 0
        raise GgufError(self._model.path, offset, where, problem, advice=advice)

    def has(self, name: str) -> bool:
        """Whether the file has such a key."""
        return _PREFIX + name in self._model.metadata

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string; an absent one is an error where there is no default."""
        value = self._model.metadata.get(_PREFIX + name, default)
        if value is None:
            self.fail(name, "is absent: the file says nothing about its tokens")
        if not isinstance(value, str):
            self._mistyped(name, "string")
        return value

    def flag(self, name: str) -> bool | None:
        """Return a flag, None where it is absent."""
        value = self._model.metadata.get(_PREFIX + name)
        if value is not None and not isinstance(value, bool):
            self._mistyped(name, "bool")
        return value

    def token_id(self, name: str, default: Mapping[str, int], count: int) -> int | None:
        """Return a special id that lies inside the vocabulary, None where there is none."""
        key = f"{name}_token_id"
        value = self._model.metadata.get(_PREFIX + key)
        if value is None:
            found = default.get(name)
            return found if found is not None and found < count else None
        if not isinstance(value, int) or isinstance(value, bool):
            self._mistyped(key, "an integer")
        if not 0 <= value < count:
            self.fail(key, f"is {value}, the vocabulary has {count} tokens")
        return value

    def strings(self, name: str, most: int) -> tuple[str, ...]:
        """Return an array of strings of at most `most` elements."""
        array = self._array(name, frozenset({ValueType.STRING}), "string")
        if not 1 <= len(array) <= most:
            self.fail(name, f"has {len(array)} elements, expected 1 to {most}")
        return array.strings()

    def numbers(self, name: str, kinds: frozenset[ValueType], count: int) -> Sequence[float]:
        """Return an array of `count` numbers, one a token."""
        array = self._array(name, kinds, "/".join(sorted(type_names[one] for one in kinds)))
        if len(array) != count:
            self.fail(name, f"has {len(array)} elements, the vocabulary has {count} tokens")
        return [float(one) for one in array.values()]

    def rows(self) -> int | None:
        """Return the rows of the embedding, None where the file holds no tensors of a model."""
        info = self._model.tensors.get("token_embd.weight")
        return info.shape[0] if info is not None and len(info.shape) == 2 else None

    def _array(self, name: str, kinds: frozenset[ValueType], said: str) -> MetaArray:
        value = self._model.metadata.get(_PREFIX + name)
        if value is None:
            self.fail(name, "is absent")
        if not isinstance(value, MetaArray) or value.element not in kinds:
            self._mistyped(name, f"an array of {said}")
        return value

    def _mistyped(self, name: str, expected: str) -> NoReturn:
        value = self._model.metadata[_PREFIX + name]
        found = type_names[self._model.metadata.kind(_PREFIX + name)]
        if isinstance(value, MetaArray):
            found = f"an array of {type_names[value.element]}"
        self.fail(name, f"expected {expected}, found {found}")


def _ids_of(keys: _Keys, tokens: tuple[str, ...]) -> dict[str, int]:
    """Return the id of each text; an empty one stands for nothing and is left out."""
    ids: dict[str, int] = {}
    for index, text in enumerate(tokens):
        if len(text) > LONGEST_TOKEN:
            keys.fail("tokens", f"is {len(text)} characters, the limit is {LONGEST_TOKEN}", index)
        if text and ids.setdefault(text, index) != index:
            keys.fail("tokens", f"{quoted(text)} is also token {ids[text]}", index)
    return ids


def _require_rows(keys: _Keys, tokens: tuple[str, ...]) -> None:
    rows = keys.rows()
    if rows is not None and rows != len(tokens):
        keys.fail("tokens", f"has {len(tokens)} elements, the embedding has {rows} rows")


def _kinds_of(keys: _Keys, tokens: tuple[str, ...], ends: Collection[int]) -> tuple[int, ...]:
    kinds = [int(Kind.NORMAL)] * len(tokens)
    if keys.has("token_type"):
        kinds = [int(one) for one in keys.numbers("token_type", INTEGERS, len(tokens))]
    for index, kind in enumerate(kinds):
        if not 0 <= kind <= Kind.BYTE:
            keys.fail("token_type", f"is {kind}, known are 0 to {int(Kind.BYTE)}", index)
        if kind == Kind.BYTE and not _BYTE.fullmatch(tokens[index]):
            problem = f"says a byte, but the token is {quoted(tokens[index])}, expected <0x00>"
            keys.fail("token_type", problem, index)
    for id_ in ends:
        kinds[id_] = int(Kind.CONTROL)
    return tuple(kinds)


def _scores_of(keys: _Keys, tokens: tuple[str, ...]) -> tuple[float, ...]:
    scores = tuple(keys.numbers("scores", frozenset({ValueType.F32}), len(tokens)))
    bad = next((index for index, one in enumerate(scores) if not math.isfinite(one)), None)
    if bad is not None:
        keys.fail("scores", f"is {scores[bad]}, expected a finite number", bad)
    return scores


def _ranks_of(keys: _Keys, ids: Mapping[str, int]) -> dict[str, int]:
    """Return the merges by what they join; the first of equal ones counts."""
    merges = keys.strings("merges", MOST_TOKENS)
    ranks: dict[str, int] = {}
    for index, merge in enumerate(merges):
        left, _, right = merge.partition(" ")
        if left not in ids or right not in ids or left + right not in ids:
            parts = (("left", left), ("right", right), ("joined", left + right))
            which = next(name for name, text in parts if text not in ids)
            keys.fail("merges", f"{quoted(merge)}: its {which} part is no token", index)
        ranks.setdefault(merge, index)
    return ranks
