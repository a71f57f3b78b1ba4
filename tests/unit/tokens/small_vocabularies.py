"""Small vocabularies as GGUF files, free to be wrong in any field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf

from tests.unit.forward.random_model import MERGES, SPECIALS, byte_letters

NORMAL, UNKNOWN, CONTROL, USER, UNUSED, BYTE = 1, 2, 3, 4, 5, 6

BPE_TOKENS = [*SPECIALS, *byte_letters(), *(merge.replace(" ", "") for merge in MERGES)]
BPE: dict[str, Any] = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "smollm",
    "tokenizer.ggml.tokens": BPE_TOKENS,
    "tokenizer.ggml.token_type": [CONTROL] * 3 + [NORMAL] * (len(BPE_TOKENS) - 3),
    "tokenizer.ggml.merges": list(MERGES),
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
}

SPM_PIECES = {"▁": -9.0, "a": -5.0, "b": -5.0, "ab": -3.0, "▁a": -2.0, "▁ab": -4.0, "bb": -3.0}
SPM_TOKENS = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), *SPM_PIECES]
SPM: dict[str, Any] = {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": SPM_TOKENS,
    "tokenizer.ggml.scores": [0.0] * 259 + list(SPM_PIECES.values()),
    "tokenizer.ggml.token_type": [UNKNOWN, CONTROL, CONTROL] + [BYTE] * 256 + [NORMAL] * 7,
}


def write(path: Path, keys: dict[str, Any], **changes: Any) -> Path:
    """Write a file that holds a vocabulary alone; a change to None takes a key out.

    Names in `changes` are those below `tokenizer.ggml.`.
    """
    found = {**keys, **{f"tokenizer.ggml.{name}": value for name, value in changes.items()}}
    writer = gguf.GGUFWriter(path, "llama")
    for key, value in found.items():
        if isinstance(value, bool):
            writer.add_bool(key, value)
        elif isinstance(value, int):
            writer.add_int32(key, value)
        elif isinstance(value, float):
            writer.add_float32(key, value)
        elif isinstance(value, str):
            writer.add_string(key, value)
        elif value is not None:
            writer.add_array(key, value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
