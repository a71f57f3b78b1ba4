"""Vocabularies that are wrong in one field: refused with the name of the key, in time."""

import time

import pytest

from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import open_model
from pv.tokens import Tokenizer, tokenizer_of
from pv.tokens.vocabulary import LONGEST_TOKEN
from tests.unit.forward.random_model import Recipe, write_model
from tests.unit.tokens.small_vocabularies import BPE, BPE_TOKENS, SPM, SPM_TOKENS, write

PIECES = ["x" * size for size in range(1, 300)]

CASES = {
    "no model": (BPE, {"model": None}, "'tokenizer.ggml.model': is absent"),
    "model is a number": (BPE, {"model": 7}, "'tokenizer.ggml.model': expected string, found i32"),
    "another model": (BPE, {"model": "bert"}, "is 'bert', known are gpt2 (BPE) and llama"),
    "another pre": (BPE, {"pre": "gpt-9"}, "'gpt-9' is not known, known are default, gpt-2"),
    "pre is a number": (BPE, {"pre": 1.5}, "'tokenizer.ggml.pre': expected string, found f32"),
    "no tokens": (BPE, {"tokens": None}, "'tokenizer.ggml.tokens': is absent"),
    "tokens are numbers": (BPE, {"tokens": [1, 2]}, "expected an array of string, found an array"),
    "a token": (BPE, {"tokens": "a"}, "expected an array of string, found string"),
    "token twice": (
        BPE,
        {"tokens": [*BPE_TOKENS[:-1], "a"]},
        "'tokenizer.ggml.tokens'[270]: 'a' is also token 100",
    ),
    "huge token": (
        SPM,
        {"tokens": [*SPM_TOKENS[:-1], "y" * 5000]},
        f"'tokenizer.ggml.tokens'[265]: is 5000 characters, the limit is {LONGEST_TOKEN}",
    ),
    "fewer kinds": (BPE, {"token_type": [1] * 5}, "has 5 elements, the vocabulary has 271 tokens"),
    "kinds are texts": (BPE, {"token_type": ["1"] * 271}, "'tokenizer.ggml.token_type': expected"),
    "kind 7": (BPE, {"token_type": [7] * 271}, "'tokenizer.ggml.token_type'[0]: is 7, known are 0"),
    "kind -1": (BPE, {"token_type": [-1] * 271}, "'tokenizer.ggml.token_type'[0]: is -1"),
    "byte that is none": (
        SPM,
        {"token_type": [6] * 266},
        "'tokenizer.ggml.token_type'[0]: says a byte, but the token is '<unk>'",
    ),
    "more scores": (SPM, {"scores": [0.0] * 300}, "has 300 elements, the vocabulary has 266"),
    "no scores": (SPM, {"scores": None}, "'tokenizer.ggml.scores': is absent"),
    "scores are integers": (SPM, {"scores": [1] * 266}, "'tokenizer.ggml.scores': expected an arr"),
    "score NaN": (SPM, {"scores": [float("nan")] * 266}, "'tokenizer.ggml.scores'[0]: is nan"),
    "no merges": (BPE, {"merges": None}, "'tokenizer.ggml.merges': is absent"),
    "merges are numbers": (BPE, {"merges": [1]}, "'tokenizer.ggml.merges': expected an array of"),
    "merge without right": (BPE, {"merges": ["t"]}, "'tokenizer.ggml.merges'[0]: 't': its right"),
    "merge of absent left": (BPE, {"merges": ["t h", "zz a"]}, "[1]: 'zz a': its left part is no"),
    "merge to nothing known": (BPE, {"merges": ["q q"]}, "'q q': its joined part is no token"),
    "begin outside": (BPE, {"bos_token_id": 271}, "_token_id': is 271, the vocabulary has 271"),
    "end negative": (BPE, {"eos_token_id": -1}, "'tokenizer.ggml.eos_token_id': is -1"),
    "begin is a text": (BPE, {"bos_token_id": "1"}, "'tokenizer.ggml.bos_token_id': expected"),
    "unknown outside": (SPM, {"unknown_token_id": 2**31 - 1}, "unknown_token_id': is 2147483647"),
    "flag is a number": (BPE, {"add_bos_token": 1}, "add_bos_token': expected bool, found i32"),
    "prefix is a text": (SPM, {"add_space_prefix": "yes"}, "add_space_prefix': expected bool"),
    "many lengths": (
        SPM,
        {
            "tokens": [*SPM_TOKENS, *PIECES],
            "scores": [0.0] * 565,
            "token_type": [2, 3, 3] + [6] * 256 + [1] * 7 + [4] * 299,
        },
        "special tokens have 299 different lengths, the limit is 256",
    ),
}


@pytest.mark.parametrize(("keys", "changes", "message"), CASES.values(), ids=CASES)
def test_each_is_refused_with_the_name_of_its_key(tmp_path, keys, changes, message):
    path = write(tmp_path / "v.gguf", keys, **changes)
    with pytest.raises(GgufError) as caught, open_model(path) as model:
        tokenizer_of(model)
    assert message in str(caught.value)
    assert "tokenizer.ggml." in str(caught.value)
    assert caught.value.advice


def test_a_vocabulary_and_an_embedding_of_different_size_are_refused(tmp_path):
    path = write_model(tmp_path / "m.gguf", Recipe(layers=1))
    content = path.read_bytes()
    at = content.index(b"tokenizer.ggml.tokens") + len(b"tokenizer.ggml.tokens") + 4 + 4
    assert int.from_bytes(content[at : at + 8], "little") == 320
    with open_model(write_model(path, Recipe(layers=1, vocabulary=321))) as model:
        assert tokenizer_of(model).size == 321
    short = write_model(path, Recipe(layers=1)).read_bytes()
    name = b"token_embd.weight" + (2).to_bytes(4, "little") + (256).to_bytes(8, "little")
    smaller = short.replace(name + (320).to_bytes(8, "little"), name + (319).to_bytes(8, "little"))
    assert smaller != short
    path.write_bytes(smaller)
    with open_model(path) as model, pytest.raises(GgufError, match="has 320 elements, the embed"):
        tokenizer_of(model)


def seconds(tokenizer: Tokenizer, text: str) -> float:
    start = time.process_time()
    ids = tokenizer.encode(text)
    assert ids
    return time.process_time() - start


LONG = {
    "one word": lambda size: "a" * size,
    "two letters": lambda size: "ab" * (size // 2),
    "spaces": lambda size: " " * size + "x",
    "spaces and lines": lambda size: " \n" * (size // 2) + "x",
    "no spaces": lambda size: "字" * size,
    "specials": lambda size: "<|im_end|>" * (size // 10),
    "almost specials": lambda size: "<|im_en" * (size // 7),
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
@pytest.mark.parametrize("keys", [BPE, SPM], ids=["bpe", "spm"])
def test_long_texts_take_time_in_proportion(tmp_path, keys, text):
    # Eight times the text in less than 24 times the time; a quadratic way would take 64 times.
    with open_model(write(tmp_path / "v.gguf", keys)) as model:
        tokenizer = tokenizer_of(model)
    seconds(tokenizer, text(1000))
    short = min(seconds(tokenizer, text(10_000)) for _ in range(3))
    assert seconds(tokenizer, text(80_000)) < 24 * short + 0.05
