"""Vocabularies as GGUF files for comparisons: SentencePiece ones, and byte-level ones of a name."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import gguf

from pv.tensors.gguf_header import open_model
from tests.parity.varied_text import CODE, SENTENCES

NORMAL, UNKNOWN, CONTROL, USER, BYTE = 1, 2, 3, 4, 6
SPM_KINDS = ("plain", "no-prefix", "across-words")


def write_spm(path: Path, kind: str) -> Path:
    """Write a SentencePiece vocabulary of about 3,000 tokens.

    Its pieces are the beginnings, ends and pairs of the words of the samples, so that most joins
    have rivals, and many score the same. `across-words` has tokens that go on after a space.
    """
    tokens = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    tokens += [("<tool>", 0.0, USER), ("▁▁▁▁", -1.0, USER), ("<|user|>", 0.0, CONTROL)]
    pieces = list(_pieces([*SENTENCES, *CODE]))
    if kind == "across-words":
        pieces += ["e▁", "n▁", "the▁", "▁=▁", "e▁q", "▁▁", "▁▁▁"]
    known = {text for text, _, _ in tokens}
    fresh = [one for one in dict.fromkeys(pieces) if one not in known]
    tokens += [(text, -float(place // 3), NORMAL) for place, text in enumerate(fresh)]
    writer = gguf.GGUFWriter(path, "llama")
    _add_shape(writer)
    writer.add_tokenizer_model("llama")
    writer.add_token_list([text for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    if kind == "no-prefix":
        writer.add_add_space_prefix(value=False)
        writer.add_add_bos_token(value=False)
        writer.add_add_eos_token(value=True)
    return _written(writer, path)


def write_named(path: Path, source: Path, pre: str) -> Path:
    """Write the byte-level vocabulary of a model file once more under another `pre`."""
    with open_model(source) as model:
        arrays = {
            name: model.metadata[f"tokenizer.ggml.{name}"]
            for name in ("tokens", "merges", "token_type")
        }
        writer = gguf.GGUFWriter(path, "llama")
        _add_shape(writer)
        writer.add_tokenizer_model("gpt2")
        writer.add_tokenizer_pre(pre)
        writer.add_token_list(list(arrays["tokens"].strings()))
        writer.add_token_types(list(arrays["token_type"].values()))
        writer.add_token_merges(list(arrays["merges"].strings()))
        writer.add_bos_token_id(1)
        writer.add_eos_token_id(2)
        return _written(writer, path)


def _add_shape(writer: gguf.GGUFWriter) -> None:
    """What llama.cpp reads even of a file that holds a vocabulary alone."""
    writer.add_block_count(1)
    writer.add_context_length(512)
    writer.add_embedding_length(64)
    writer.add_feed_forward_length(64)
    writer.add_head_count(1)
    writer.add_layer_norm_rms_eps(1e-5)


def _written(writer: gguf.GGUFWriter, path: Path) -> Path:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _pieces(texts: Iterable[str]) -> Iterable[str]:
    words = [word for text in texts for word in text.replace("\n", " ").split(" ") if word]
    letters = sorted({letter for word in words for letter in word if ord(letter) < 0x500})
    yield from ("▁", "▁▁")
    for word in words:
        for size in range(2, min(len(word), 9) + 1):
            yield word[:size]
            yield word[-size:]
            yield "▁" + word[: size - 1]
        for at in range(len(word) - 1):
            yield word[at : at + 2]
    yield from letters
