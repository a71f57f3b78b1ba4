"""Our token ids beside the digests of those that llama.cpp gave for the same lines."""

import json

import pytest

from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from tests.parity.token_goldens import (
    AT_ONCE,
    GOLDENS,
    NAMES,
    digests,
    text_digest,
    texts_of,
    vocabulary,
)

# Lines compared here; `make parity` compares all of them with llama.cpp itself.
QUICK = {"smollm2": 10_000, "spm-plain": 10_000, "spm-no-prefix": 2_000, "spm-across-words": 2_000}


def test_the_goldens_are_of_this_text():
    golden = json.loads(GOLDENS.read_text("utf-8"))
    assert golden["text"] == text_digest()
    assert set(golden["vocabularies"]) == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_ids_are_those_that_llama_cpp_gave(tmp_path, real_model, name):
    with open_model(vocabulary(name, tmp_path, real_model)) as model:
        tokenizer = tokenizer_of(model)

    def encode(text: str, specials: bool, whole: bool) -> list[int]:
        return tokenizer.encode(text, specials=specials, begin=None if whole else False)

    golden = json.loads(GOLDENS.read_text("utf-8"))["vocabularies"][name]
    texts = texts_of(name)[: QUICK.get(name, 500)]
    assert digests(encode, texts) == golden[: len(texts) // AT_ONCE]
