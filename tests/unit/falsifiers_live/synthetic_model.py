"""Synthetic llama-architecture models with Q4_K ffn_down, for falsifiers that ask for a model."""

from pathlib import Path

import gguf
import numpy as np

from pv.falsifiers.ffn_gguf.two_paths import Paths
from pv.forward.trunk import Trunk
from pv.kernels.q4k_quantize.reference import quantize
from pv.tensors.gguf_header import open_model

VOCABULARY = 60


def write_model(
    path: Path, *, seed: int, layers: int, loud: bool = False, down_type: str = "Q4_K"
) -> Path:
    """Write random weights: width 64, ffn 512, 4 heads on 2 key-value heads, 60 tokens.

    Layer l writes 1 / sqrt(l + 1) of what layer 0 writes, so the truth about the drift lies
    below the random walk; with equal layers a random network is that walk or worse. In a `loud`
    model every layer writes four times what it reads, and the drift is amplified.
    """
    random = np.random.default_rng(seed)
    width, ffn, heads, shared = 64, 512, 4, 2
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(layers)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)

    def matrix(rows: int, columns: int, gain: float = 1.0) -> np.ndarray:
        normal = random.standard_normal((rows, columns))
        return (gain * normal / np.sqrt(columns)).astype(np.float32)

    writer.add_tensor("token_embd.weight", matrix(VOCABULARY, width) * np.float32(np.sqrt(width)))
    shapes = {
        "attn_q": (width, width),
        "attn_k": (width // heads * shared, width),
        "attn_v": (width // heads * shared, width),
        "attn_output": (width, width),
        "ffn_gate": (ffn, width),
        "ffn_up": (ffn, width),
    }
    for layer in range(layers):
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix(*shape))
        for name in ("attn_norm", "ffn_norm"):
            writer.add_tensor(f"blk.{layer}.{name}.weight", np.ones(width, np.float32))
        down = matrix(width, ffn, 4.0 if loud else 1 / np.sqrt(layer + 1))
        kind = gguf.GGMLQuantizationType[down_type]
        if down_type == "Q4_K":
            stored = quantize(down.reshape(-1, 256)).reshape(width, -1)
        else:
            stored = gguf.quants.quantize(down, kind)
        writer.add_tensor(f"blk.{layer}.ffn_down.weight", stored, raw_dtype=kind)
    writer.add_tensor("output_norm.weight", np.ones(width, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def write_sentences(seed: int, count: int = 14, length: int = 12) -> list[list[int]]:
    """Return `count` sentences of `length` random token ids."""
    return np.random.default_rng(seed).integers(0, VOCABULARY, size=(count, length)).tolist()


def random_blocks(seed: int, count: int, scale: float = 0.05) -> np.ndarray:
    """Return Q4_K blocks of normal weights, uint8 (count, 144)."""
    weights = np.random.default_rng(seed).standard_normal((count, 256)) * scale
    return np.asarray(quantize(weights.astype(np.float32))).reshape(count, 144)


def open_synthetic(path: Path, *, seed: int, layers: int, loud: bool = False) -> Paths:
    """Write a model and return both paths over it, with 14 random sentences."""
    trunk = Trunk(open_model(write_model(path, seed=seed, layers=layers, loud=loud)), keep=True)
    return Paths(trunk, write_sentences(seed))
