"""English sentences that live falsifiers run on, with their token ids in SmolLM2's vocabulary.

The ids are those of byte-level BPE with the vocabulary and merges that stand in the model file,
digits split one by one. They mean something to models with that vocabulary alone, so
`sentences_for` compares it by its digest first.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from pv.errors import BadInputError
from pv.tensors.gguf_header import ModelFile
from pv.tensors.gguf_metadata import MetaArray

VOCABULARY_SHA256 = "e3f79317b457a91937391f6e0ee99d97ba2a3adae02bc26db8f59710ddb27ffe"
"""Of `tokenizer.ggml.tokens` as the file encodes it: 49,152 strings with their lengths."""


class Sentence(NamedTuple):
    """A text and its token ids; no token is added before or after."""

    text: str
    ids: tuple[int, ...]


CAPITAL_OF_FRANCE = Sentence("The capital of France is", (504, 3575, 282, 4649, 314))
"""A prompt whose continuation everyone can judge."""

SENTENCES: tuple[Sentence, ...] = (
    CAPITAL_OF_FRANCE,
    Sentence(
        "Water boils at one hundred degrees Celsius at sea level.",
        (12615, 36411, 418, 582, 3822, 5027, 20590, 418, 3426, 1106, 30),
    ),
    Sentence(
        "She opened the old wooden door and stepped into the garden.",
        (8113, 6572, 260, 1573, 10091, 6644, 284, 19529, 618, 260, 4480, 30),
    ),
    Sentence(
        "He wrote a short function that adds two numbers together.",
        (3681, 4150, 253, 1890, 1517, 338, 7845, 827, 2966, 1592, 30),
    ),
    Sentence(
        "The stock market fell sharply after the announcement on Monday.",
        (504, 6132, 2342, 6641, 22463, 990, 260, 20668, 335, 12397, 30),
    ),
    Sentence(
        "Photosynthesis turns sunlight, water and carbon dioxide into sugar.",
        (33580, 14870, 6497, 8118, 28, 913, 284, 3118, 7600, 618, 3982, 30),
    ),
    Sentence(
        '"Where did you put my keys?" he asked his sister.',
        (18, 9576, 1250, 346, 1830, 957, 8889, 4817, 384, 3413, 650, 10243, 30),
    ),
    Sentence(
        "In 1969 two astronauts walked on the Moon.",
        (788, 216, 33, 41, 38, 41, 827, 17885, 13197, 335, 260, 8872, 30),
    ),
    Sentence(
        "The quick brown fox jumps over the lazy dog near the river.",
        (504, 2365, 6354, 16438, 27003, 690, 260, 23790, 2767, 2141, 260, 4626, 30),
    ),
    Sentence(
        "A triangle has three sides and its angles sum to half a turn.",
        (49, 14973, 553, 1296, 5882, 284, 624, 11495, 2028, 288, 2745, 253, 1607, 30),
    ),
    Sentence(
        "Please send me the report before the meeting starts tomorrow morning.",
        (10180, 5091, 549, 260, 1378, 1092, 260, 4751, 5909, 13759, 5738, 30),
    ),
    Sentence(
        "Snow covered the mountains while the village below slept quietly.",
        (38763, 4993, 260, 8718, 979, 260, 6560, 2441, 31633, 20151, 30),
    ),
    Sentence(
        "Bread needs flour, water, salt, yeast and a little patience.",
        (50, 1040, 1923, 7367, 28, 913, 28, 5420, 28, 12827, 284, 253, 1838, 9369, 30),
    ),
    Sentence(
        "The orchestra played the final movement slower than anyone expected.",
        (504, 30172, 4944, 260, 3403, 2891, 14020, 670, 4325, 3393, 30),
    ),
    Sentence(
        "If it rains tomorrow, we will visit the museum instead.",
        (1937, 357, 19685, 13759, 28, 392, 523, 3048, 260, 6508, 2489, 30),
    ),
    Sentence(
        "Every even number greater than two seems to be a sum of two primes.",
        (8600, 908, 1230, 2852, 670, 827, 3419, 288, 325, 253, 2028, 282, 827, 694, 1014, 30),
    ),
)


def sentences_for(model: ModelFile) -> tuple[Sentence, ...]:
    """Return the sentences for a model of their vocabulary; any other is a `BadInputError`."""
    tokens = model.metadata.get("tokenizer.ggml.tokens")
    found = hashlib.sha256(tokens.raw).hexdigest() if isinstance(tokens, MetaArray) else "none"
    if found != VOCABULARY_SHA256:
        raise BadInputError(
            f"{model.path.name!r}: vocabulary: expected sha256 {VOCABULARY_SHA256}, found {found}",
            advice="use a model with the vocabulary that the sentences were tokenised for",
        )
    return SENTENCES
