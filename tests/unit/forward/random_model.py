"""Small random models as GGUF files: any architecture, weight types, head, scaling of rotation.

`write_model(path, Recipe(...))` writes whole files that other programs load too: a byte-level BPE
vocabulary with its merges, special tokens and a chat template are part of each. The same recipe
gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import gguf
import numpy as np
from numpy.typing import NDArray

from pv.kernels.q4k_quantize.reference import quantize as quantize_q4k

Floats = NDArray[np.float32]

MERGES = ("t h", "th e", "i n", "e r", "a n", "Ġ the", "o n", "an d", "Ġ a", "in g", "1 2", "Ġ Ġ")
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content']"
    " + '<|im_end|>' + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
NO_SCALING: Mapping[str, str | float | int] = MappingProxyType({})

# One seat for a tensor in the mixes of types: the stem of its name, without layer and suffix.
MATRICES = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")


class Recipe(NamedTuple):
    """What to write. Widths are multiples of 256 where a K-quant is among the types.

    `types` is one name for all matrices, or a mapping from the stem of a tensor's name
    (`ffn_down`, `token_embd`, `output`) to a name, with `*` for the rest. `scaling` holds keys
    below `ARCHITECTURE.rope.scaling.` (`type`, `factor`, `original_context_length` …); `factors`
    writes a `rope_freqs.weight`, as models of the third Llama generation have it.
    """

    architecture: str = "llama"
    seed: int = 1
    types: str | Mapping[str, str] = "F32"
    layers: int = 2
    width: int = 256
    ffn: int = 512
    heads: int = 4
    kv_heads: int = 2
    vocabulary: int = 320
    tied: bool = False
    context: int = 512
    rope_base: float = 10000.0
    eps: float = 1e-5
    scaling: Mapping[str, str | float | int] = NO_SCALING
    factors: bool = False
    head_dim: int = 0
    """Size of a head where it is not an even share of the width."""
    all_biases: bool = False
    """Whether every projection carries a bias, as the architecture llama allows."""

    @property
    def dim(self) -> int:
        """Size of a head."""
        return self.head_dim or self.width // self.heads

    gain: float = 2.0
    """How much each matrix of a layer amplifies; above 1 a layer outweighs what it adds to."""

    def type_of(self, stem: str) -> str:
        """Return the weight type of a matrix by the stem of its name."""
        if isinstance(self.types, str):
            return self.types
        return self.types.get(stem, self.types.get("*", "F32"))


def write_model(path: Path, recipe: Recipe) -> Path:
    """Write the model of a recipe and return its path."""
    writer = gguf.GGUFWriter(path, recipe.architecture)
    _add_keys(writer, recipe)
    _add_vocabulary(writer, recipe.vocabulary)
    for name, values in tensors_of(recipe):
        stem = name.removesuffix(".weight").split(".")[-1]
        kind = recipe.type_of(stem) if values.ndim == 2 else "F32"
        number = gguf.GGMLQuantizationType[kind]
        plain = values.astype(np.float16) if kind == "F16" else values
        blocks = plain if kind in {"F32", "F16"} else packed(values, kind)
        writer.add_tensor(name, blocks, raw_dtype=number)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def tensors_of(recipe: Recipe) -> Iterator[tuple[str, Floats]]:
    """Yield every tensor of a recipe as float32, before it is stored in its type."""
    random = np.random.default_rng([recipe.seed, *recipe.architecture.encode()])

    def matrix(rows: int, columns: int, gain: float) -> Floats:
        return (random.standard_normal((rows, columns)) * gain / columns**0.5).astype(np.float32)

    def vector(count: int, mean: float, spread: float) -> Floats:
        return (mean + random.standard_normal(count) * spread).astype(np.float32)

    dim = recipe.dim
    queries, shared = dim * recipe.heads, dim * recipe.kv_heads
    rows = (queries, shared, shared, recipe.width, recipe.ffn, recipe.ffn, recipe.width)
    inputs = {"ffn_down": recipe.ffn, "attn_output": queries}
    biased = {"attn_q", "attn_k", "attn_v"} if recipe.architecture == "qwen2" else set()
    biased |= set(MATRICES if recipe.all_biases else ())
    yield "token_embd.weight", matrix(recipe.vocabulary, recipe.width, 8.0)
    if recipe.factors:
        yield "rope_freqs.weight", np.geomspace(1, 8, dim // 2, dtype=np.float32)
    for layer in range(recipe.layers):
        block = f"blk.{layer}."
        yield f"{block}attn_norm.weight", vector(recipe.width, 1.0, 0.25)
        yield f"{block}ffn_norm.weight", vector(recipe.width, 1.0, 0.25)
        for name, height in zip(MATRICES, rows, strict=True):
            columns = inputs.get(name, recipe.width)
            yield f"{block}{name}.weight", matrix(height, columns, recipe.gain)
            if name in biased:
                yield f"{block}{name}.bias", vector(height, 0.0, 0.5)
    yield "output_norm.weight", vector(recipe.width, 1.0, 0.25)
    if not recipe.tied:
        yield "output.weight", matrix(recipe.vocabulary, recipe.width, 2.0)


def packed(values: Floats, kind: str) -> NDArray[np.uint8]:
    """Return rows of weights as the blocks of a type."""
    if kind == "Q4_K":
        return quantize_q4k(values.reshape(-1, 256)).reshape(len(values), -1)
    if kind == "Q6_K":
        return _q6k(values.reshape(-1, 256)).reshape(len(values), -1)
    return gguf.quants.quantize(values, gguf.GGMLQuantizationType[kind])


def _q6k(blocks: Floats) -> NDArray[np.uint8]:
    """Q6_K of blocks (n, 256): 16 scales from the largest weight of each 16, plainly rounded.

    Layout: 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales, f16 super-scale.
    """
    groups = blocks.reshape(-1, 16, 16)
    ideal = np.abs(groups).max(axis=2) / 31
    d = np.maximum(ideal.max(axis=1, keepdims=True) / 127, 1e-7).astype(np.float16)
    scales = np.clip(np.rint(ideal / d.astype(np.float32)), 1, 127)
    steps = (d.astype(np.float32) * scales)[:, :, None]
    quants = np.clip(np.rint(groups / steps), -32, 31).astype(np.int8).reshape(-1, 2, 4, 32) + 32
    low, high = quants & 15, quants >> 4
    nibbles = low[:, :, :2] | low[:, :, 2:] << 4
    pairs = high[:, :, 0] | high[:, :, 1] << 2 | high[:, :, 2] << 4 | high[:, :, 3] << 6
    parts = (nibbles.reshape(-1, 128), pairs.reshape(-1, 64), scales.astype(np.int8), d)
    return np.concatenate([one.view(np.uint8) for one in parts], axis=1)


def _add_keys(writer: gguf.GGUFWriter, recipe: Recipe) -> None:
    writer.add_block_count(recipe.layers)
    writer.add_context_length(recipe.context)
    writer.add_embedding_length(recipe.width)
    writer.add_feed_forward_length(recipe.ffn)
    writer.add_head_count(recipe.heads)
    writer.add_head_count_kv(recipe.kv_heads)
    writer.add_rope_freq_base(recipe.rope_base)
    writer.add_layer_norm_rms_eps(recipe.eps)
    writer.add_vocab_size(recipe.vocabulary)
    if recipe.architecture == "llama":
        writer.add_rope_dimension_count(recipe.dim)
    if recipe.head_dim:
        writer.add_key_length(recipe.head_dim)
        writer.add_value_length(recipe.head_dim)
    for name, value in recipe.scaling.items():
        key = f"{recipe.architecture}.rope.scaling.{name}"
        if isinstance(value, str):
            writer.add_string(key, value)
        elif isinstance(value, int):
            writer.add_uint32(key, value)
        else:
            writer.add_float32(key, value)


def byte_letters() -> list[str]:
    """Return the letter that stands for each byte in a byte-level vocabulary."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in plain]
    letters = {byte: chr(byte) for byte in plain}
    letters.update({byte: chr(256 + index) for index, byte in enumerate(rest)})
    return [letters[byte] for byte in range(256)]


def tokens_of(vocabulary: int) -> list[str]:
    """Return the tokens: specials, 256 bytes, what the merges make, and unused ones."""
    found = [*SPECIALS, *byte_letters(), *(merge.replace(" ", "") for merge in MERGES)]
    return [*found, *(f"<|unused_{n}|>" for n in range(vocabulary - len(found)))]


def _add_vocabulary(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    tokens = tokens_of(vocabulary)
    control, normal = int(gguf.TokenType.CONTROL), int(gguf.TokenType.NORMAL)
    kinds = [control if one.startswith("<|") else normal for one in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(list(MERGES))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(TEMPLATE)
