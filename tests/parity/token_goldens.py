"""Digests of the token ids that llama.cpp gives for the varied text, one for each hundred lines."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path

from pv.tokens.pretokenizers import PRE_TOKENIZERS
from tests.parity.varied_text import lines
from tests.parity.vocabularies import SPM_KINDS, write_named, write_spm

GOLDENS = Path(__file__).parent / "goldens" / "tokens.json"
AT_ONCE = 100

Encode = Callable[[str, bool, bool], list[int]]
"""Text, whether special tokens are read in it, whether begin and end are put around it, to ids."""

# Every way of cutting under one of its names; the real file's own is compared on all lines.
WAYS = {way: name for name, way in PRE_TOKENIZERS.items()}
NAMES = ("smollm2", *(f"spm-{kind}" for kind in SPM_KINDS), *sorted(WAYS.values()))


def vocabulary(name: str, folder: Path, real: Path) -> Path:
    """Return the file of a vocabulary; those that are not the real one are written."""
    if name == "smollm2":
        return real
    path = folder / f"{name}.gguf"
    if name.startswith("spm-"):
        return write_spm(path, name.removeprefix("spm-"))
    return write_named(path, real, name)


def texts_of(name: str) -> list[str]:
    """Return the lines for a vocabulary: all of them, or each tenth for a mere way of cutting."""
    return lines() if name == "smollm2" or name.startswith("spm-") else lines()[::10]


def ids_of(encode: Encode, text: str) -> list[list[int]]:
    """Return what stands for one line: with special tokens and all around, and as plain text."""
    return [encode(text, True, True), encode(text, False, False)]


def digests(encode: Encode, texts: Sequence[str]) -> list[str]:
    """Return a digest of the ids of each hundred lines."""
    return [
        hashlib.sha256(
            json.dumps([ids_of(encode, text) for text in texts[start : start + AT_ONCE]]).encode()
        ).hexdigest()[:16]
        for start in range(0, len(texts), AT_ONCE)
    ]


def text_digest() -> str:
    """Return the digest of the text itself: another text needs other goldens."""
    return hashlib.sha256("\0".join(lines()).encode("utf-8", "surrogatepass")).hexdigest()
