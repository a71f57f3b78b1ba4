"""Encoding and decoding with small vocabularies whose answers can be worked out by hand."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pv.errors import UsageError
from pv.tensors.gguf_header import open_model
from pv.tokens import Tokenizer, tokenizer, tokenizer_of
from pv.tokens.pretokenizers import PRE_TOKENIZERS, cut, cutter
from pv.tokens.sentence_piece import SentencePiece
from pv.tokens.vocabulary import read_vocabulary
from tests.unit.tokens.small_vocabularies import BPE, BPE_TOKENS, CONTROL, NORMAL, SPM, USER, write


@pytest.fixture
def made(tmp_path):
    """A tokenizer of a small vocabulary with some fields changed."""

    def make(keys, **changes) -> Tokenizer:
        with open_model(write(tmp_path / "v.gguf", keys, **changes)) as model:
            return tokenizer_of(model)

    return make


def pieces(tokenizer: Tokenizer, text: str, **how) -> list[str]:
    return [tokenizer.piece(id_).decode("latin-1") for id_ in tokenizer.encode(text, **how)]


# Joined by rank: `an` before `Ġa`, so ` and` begins with a space of its own; ` a` does not.
BPE_CASES = {
    "the thing and": ["the", " ", "th", "ing", " ", "and"],
    " the 12  a": [" the", " ", "1", "2", " ", " a"],
    "": [],
    "é": ["Ã", "©"],
}


@pytest.mark.parametrize(("text", "expected"), BPE_CASES.items())
def test_bytes_are_joined_in_the_order_of_the_merges(made, text, expected):
    bpe = made(BPE)
    assert pieces(bpe, text) == expected
    assert bpe.decode(bpe.encode(text)) == text


# `▁a` scores best; then `bb` before `▁ab`, and of equal scores the leftmost.
SPM_CASES = {
    "ab abb": ["<s>", " ab", " a", "bb"],
    "bab": ["<s>", " ", "b", "ab"],
    "bbb": ["<s>", " ", "bb", "b"],
    "abb": ["<s>", " a", "bb"],
    "é": ["<s>", " ", "Ã", "©"],
    "": ["<s>"],
    "</s>a b": ["<s>", "</s>", " a", " ", "b"],
    "  a": ["<s>", " ", " ", " a"],
}


@pytest.mark.parametrize(("text", "expected"), SPM_CASES.items())
def test_the_pair_with_the_highest_score_comes_first(made, text, expected):
    assert pieces(made(SPM), text) == expected


def test_special_tokens_are_read_where_asked(made):
    bpe = made(BPE)
    assert bpe.encode("<|im_start|>") == [1]
    assert len(bpe.encode("<|im_start|>", specials=False)) == 12
    assert bpe.decode([1, *bpe.encode("the"), 2]) == "the"
    assert bpe.decode([1, *bpe.encode("the"), 2], specials=True) == "<|im_start|>the<|im_end|>"
    assert bpe.ends == {0, 2}


def test_a_longer_special_token_takes_its_place_before_a_shorter_one_to_its_left(made):
    changes = {
        "tokens": [*BPE_TOKENS, "xy", "yzz", "<own>"],
        "token_type": [CONTROL] * 3 + [NORMAL] * (len(BPE_TOKENS) - 3) + [CONTROL, CONTROL, USER],
    }
    bpe = made(BPE, **changes)
    assert pieces(bpe, "xyzz xy") == ["x", "yzz", " ", "xy"]
    assert bpe.encode("xy<own>", specials=False)[-1] == bpe.size - 1
    assert bpe.decode(bpe.encode("<own>")) == "<own>"


@pytest.mark.parametrize(
    ("keys", "changes", "begin", "expected"),
    [
        (BPE, {}, None, ["a"]),
        (BPE, {}, True, ["<|im_start|>", "a"]),
        (BPE, {"add_bos_token": True}, None, ["<|im_start|>", "a"]),
        (BPE, {"add_bos_token": True, "add_eos_token": True}, False, ["a"]),
        (BPE, {"pre": "llama-bpe"}, None, ["<|im_start|>", "a"]),
        (BPE, {"add_eos_token": True}, None, ["a", "<|im_end|>"]),
        (SPM, {}, None, ["<s>", " a"]),
        (SPM, {}, False, [" a"]),
        (SPM, {"add_bos_token": False}, None, [" a"]),
        (SPM, {"add_space_prefix": False, "bos_token_id": 2}, None, ["</s>", "a"]),
    ],
)  # fmt: skip
def test_what_stands_around_a_text(made, keys, changes, begin, expected):
    assert pieces(made(keys, **changes), "a", begin=begin) == expected


def test_a_whole_word_that_is_a_token_needs_no_merges(made):
    tokens = [*BPE_TOKENS, "qqq"]
    kinds = [CONTROL] * 3 + [NORMAL] * (len(tokens) - 3)
    assert pieces(made(BPE, tokens=tokens, token_type=kinds), "qqq") == ["q", "q", "q"]
    whole = made(BPE, tokens=tokens, token_type=kinds, pre="llama-bpe", add_bos_token=False)
    assert pieces(whole, "qqq") == ["qqq"]


def test_what_is_no_token_and_has_no_bytes_is_unknown_or_leaves_nothing(made):
    tokens = [one for one in SPM["tokenizer.ggml.tokens"] if not one.startswith("<0x")]
    spm = made(SPM, tokens=tokens, scores=[0.0] * 10, token_type=[2, 3, 3] + [1] * 7)
    assert pieces(spm, "é") == ["<s>", " ", "<unk>"]
    fewer = [one for one in BPE_TOKENS if one != "Ã"]
    bpe = made(BPE, tokens=fewer, token_type=[3, 3, 3] + [1] * (len(fewer) - 3))
    assert pieces(bpe, "é") == ["©"]


def test_half_a_surrogate_pair_counts_as_a_replacement(made):
    bpe = made(BPE)
    assert bpe.encode("a\ud800b") == bpe.encode("a\ufffdb")
    assert bpe.encode("\ud83d\ude00") == bpe.encode("😀")


def test_ids_that_are_none_and_texts_that_are_too_long_are_refused(made, monkeypatch):
    bpe = made(BPE)
    for bad in (-1, bpe.size):
        with pytest.raises(UsageError, match=f"token id {bad}, the vocabulary has 271 tokens"):
            bpe.decode([5, bad])
    monkeypatch.setattr(tokenizer, "LONGEST_TEXT", 10)
    with pytest.raises(UsageError, match="text of 11 characters, the limit is 10"):
        bpe.encode("x" * 11)
    with pytest.raises(UsageError, match="names no begin token"):
        made(BPE, bos_token_id=None).encode("a", begin=True)


def test_the_memory_for_words_is_bounded(made, monkeypatch):
    monkeypatch.setattr("pv.tokens.byte_level._MOST_KEPT", 4)
    bpe = made(BPE)
    words = [f"w{chr(97 + one)}" for one in range(20)]
    first = [bpe.encode(word) for word in words]
    assert len(bpe._scheme._kept) <= 4
    assert [bpe.encode(word) for word in words] == first


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=80)


@given(text=texts)
@pytest.mark.parametrize("name", ["default", "gpt-2", "smollm", "qwen2", "llama-bpe"])
def test_words_joined_again_are_the_text(name, text):
    assert "".join(cut(cutter(PRE_TOKENIZERS[name]), text)) == text


@given(text=texts)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_byte_level_vocabulary_gives_the_text_back(made, text):
    bpe = made(BPE)
    assert bpe.decode(bpe.encode(text, specials=False), specials=True) == text


@given(text=st.text("ab ▁</s>é\n", max_size=60))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cutting_into_words_changes_no_join(tmp_path, text):
    with open_model(write(tmp_path / "v.gguf", SPM)) as model:
        by_words = SentencePiece(read_vocabulary(model))
    whole = SentencePiece(by_words.vocabulary)
    assert by_words._by_words
    whole._by_words = False
    assert by_words.encode(text) == whole.encode(text)


def test_real_words_end_where_those_of_the_real_vocabulary_do(real_model):
    with open_model(real_model) as model:
        found = tokenizer_of(model)
    text = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)"
    ids = found.encode(text)
    assert len(ids) < len(text) / 2
    assert found.decode(ids) == text
    assert found.encode("<|im_start|>user\nHi<|im_end|>") == [1, 4093, 198, 26843, 2]
    assert found.begin == 1
    assert found.ends == {0, 2}
