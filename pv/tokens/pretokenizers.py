"""How byte-level vocabularies cut a text into words before they join letters.

`tokenizer.ggml.pre` names the way. Each way is a list of patterns, used one after the other: what a
pattern finds and what lies between become words of their own, which the next pattern cuts further.
The patterns are those of the tokenizers themselves; every one of them takes time linear in the text
up to the length of its runs of white space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import regex

_CONTRACTION = r"'s|'t|'re|'ve|'m|'ll|'d"
_ANY_CASE = r"'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]"
_SPACES = r"\s+(?!\S)|\s+"
_WORDS = rf"{_CONTRACTION}| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|{_SPACES}"


def _lines(digits: str) -> str:
    """Return the pattern that keeps line ends together and cuts digits as given."""
    return (
        rf"{_ANY_CASE}|[^\r\n\p{{L}}\p{{N}}]?\p{{L}}+|{digits}"
        rf"| ?[^\s\p{{L}}\p{{N}}]+[\r\n]*|\s*[\r\n]+|{_SPACES}"
    )


class PreTokenizer(NamedTuple):
    """One way of cutting. `whole`: a word that is a token is not built from its letters."""

    patterns: tuple[str, ...]
    whole: bool = False
    begin: bool = False
    """Whether texts begin with the begin token where the file does not say."""


_GPT2 = PreTokenizer((_WORDS,))
_DIGITS = PreTokenizer((r"\p{N}", _WORDS))
_LLAMA3 = PreTokenizer((_lines(r"\p{N}{1,3}"),), whole=True, begin=True)
_QWEN2 = PreTokenizer((_lines(r"\p{N}"),))
_DEFAULT = PreTokenizer((r"[\p{P}$+<=>^~|]+", _WORDS, r"\p{N}+", r"[0-9]{3}"))

PRE_TOKENIZERS: dict[str, PreTokenizer] = {
    "default": _DEFAULT,
    "gpt-2": _GPT2,
    "gpt2": _GPT2,
    "mpt": _GPT2,
    "olmo": _GPT2,
    "phi-2": _GPT2,
    "smollm": _DIGITS,
    "codeshell": _DIGITS,
    "command-r": _DIGITS,
    "exaone": _DIGITS,
    "refact": _DIGITS,
    "starcoder": _DIGITS,
    "qwen2": _QWEN2,
    "deepseek-r1-qwen": _QWEN2,
    "megrez": _QWEN2,
    "stablelm2": _QWEN2,
    "llama-bpe": _LLAMA3,
    "llama3": _LLAMA3,
    "llama-v3": _LLAMA3,
    "falcon3": _LLAMA3,
    "lfm2": _LLAMA3,
    "pixtral": _LLAMA3,
    "dbrx": _LLAMA3._replace(whole=False, begin=False),
    "smaug-bpe": _LLAMA3._replace(whole=False, begin=False),
}


def cutter(way: PreTokenizer) -> list[regex.Pattern[str]]:
    """Return the compiled patterns of a way of cutting."""
    return [regex.compile(one) for one in way.patterns]


def cut(patterns: list[regex.Pattern[str]], text: str) -> list[str]:
    """Cut a text into words; joined again they are the text."""
    words = [text] if text else []
    for pattern in patterns:
        words = [part for word in words for part in _parts(pattern, word)]
    return words


def _parts(pattern: regex.Pattern[str], word: str) -> Iterator[str]:
    """Yield what a pattern finds and what lies between."""
    done = 0
    for found in pattern.finditer(word):
        start, end = found.span()
        if start > done:
            yield word[done:start]
        yield word[start:end]
        done = end
    if done < len(word):
        yield word[done:]
