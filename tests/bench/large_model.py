"""A synthetic model of the size and layout of a 7B model in Q4_K_M, written tensor by tensor.

28 layers of width 3584, ffn 18944, 28 heads on 4 key-value heads of 128, vocabulary 152064; half of
ffn_down and attn_v and the output head are Q6_K, the other matrices Q4_K: 4.7 GB. Blocks are drawn
at random once and laid out again and again from other starts, so that writing costs little more
than the disk. `layers` makes it smaller.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import gguf
import numpy as np
from numpy.typing import NDArray

WIDTH, FFN, VOCABULARY = 3584, 18944, 152064
HEADS, KV_HEADS, HEAD_DIM = 28, 4, 128
FINER = (0, 1, 2, 5, 8, 11, 14, 17, 20, 23, 24, 25, 26, 27)
"""Layers whose ffn_down and attn_v are Q6_K."""
POOL_BLOCKS = 1 << 16

_BYTES = {"Q4_K": 144, "Q6_K": 210}
# Standard deviation of the weights of random blocks whose super-scale is 1.
_SPREAD = {"Q4_K": 230.0, "Q6_K": 1370.0}


class Plan(NamedTuple):
    """One tensor: its name, shape (rows, columns) or (values,), and type."""

    name: str
    shape: tuple[int, ...]
    type: str


def plans(layers: int) -> Iterator[Plan]:
    """Yield every tensor in the order of the file."""
    shared = KV_HEADS * HEAD_DIM
    yield Plan("token_embd.weight", (VOCABULARY, WIDTH), "Q4_K")
    for layer in range(layers):
        block, finer = f"blk.{layer}.", "Q6_K" if layer in FINER else "Q4_K"
        yield Plan(f"{block}attn_norm.weight", (WIDTH,), "F32")
        yield Plan(f"{block}ffn_norm.weight", (WIDTH,), "F32")
        for stem, rows, columns, kind in (
            ("attn_q", WIDTH, WIDTH, "Q4_K"),
            ("attn_k", shared, WIDTH, "Q4_K"),
            ("attn_v", shared, WIDTH, finer),
            ("attn_output", WIDTH, WIDTH, "Q4_K"),
            ("ffn_gate", FFN, WIDTH, "Q4_K"),
            ("ffn_up", FFN, WIDTH, "Q4_K"),
            ("ffn_down", WIDTH, FFN, finer),
        ):
            yield Plan(f"{block}{stem}.weight", (rows, columns), kind)
        for stem, rows in (("attn_q", WIDTH), ("attn_k", shared), ("attn_v", shared)):
            yield Plan(f"{block}{stem}.bias", (rows,), "F32")
    yield Plan("output_norm.weight", (WIDTH,), "F32")
    yield Plan("output.weight", (VOCABULARY, WIDTH), "Q6_K")


def write_large_model(path: Path, *, layers: int = 28, seed: int = 1) -> Path:
    """Write the model and return its path; the same arguments give the same bytes."""
    draw = np.random.default_rng(seed)
    pools: dict[tuple[str, int], NDArray[np.uint8]] = {}
    writer = gguf.GGUFWriter(path, "qwen2")
    _add_keys(writer, layers)
    for plan in plans(layers):
        _announce(writer, plan)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for plan in plans(layers):
        if plan.type == "F32":
            spread = 0.1 if plan.name.endswith("bias") else 0.2
            mean = 0.0 if plan.name.endswith("bias") else 1.0
            values = mean + spread * draw.standard_normal(plan.shape)
            writer.write_tensor_data(values.astype(np.float32))
            continue
        key = (plan.type, plan.shape[1])
        if key not in pools:
            pools[key] = _random_blocks(draw, plan.type, plan.shape[1])
        count = plan.shape[0] * plan.shape[1] // 256
        writer.write_tensor_data(_repeated(pools[key], count, int(draw.integers(POOL_BLOCKS))))
    writer.close()
    return path


def _add_keys(writer: gguf.GGUFWriter, layers: int) -> None:
    writer.add_name("synthetic model of a 7B model's size")
    writer.add_block_count(layers)
    writer.add_context_length(32768)
    writer.add_embedding_length(WIDTH)
    writer.add_feed_forward_length(FFN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(1000000.0)
    writer.add_layer_norm_rms_eps(1e-6)


def _announce(writer: gguf.GGUFWriter, plan: Plan) -> None:
    kind = gguf.GGMLQuantizationType[plan.type]
    if plan.type == "F32":
        size = 4 * plan.shape[0]
        writer.add_tensor_info(plan.name, plan.shape, np.dtype(np.float32), size)
        return
    row = plan.shape[1] // 256 * _BYTES[plan.type]
    shape, size = (plan.shape[0], row), plan.shape[0] * row
    writer.add_tensor_info(plan.name, shape, np.dtype(np.uint8), size, raw_dtype=kind)


def _random_blocks(draw: np.random.Generator, kind: str, columns: int) -> NDArray[np.uint8]:
    """Return blocks whose weights have a standard deviation of about 1 / sqrt(columns)."""
    blocks = draw.integers(0, 256, (POOL_BLOCKS, _BYTES[kind]), dtype=np.uint8)
    scale = draw.uniform(0.5, 1.5, POOL_BLOCKS) / (_SPREAD[kind] * columns**0.5)
    halves = scale.astype("<f2")[:, None].view(np.uint8)
    if kind == "Q6_K":
        blocks[:, 208:] = halves
    else:
        blocks[:, :2] = halves
        # The mean of a nibble, 7.5, is taken off by the minimum.
        blocks[:, 2:4] = (7.5 * scale).astype("<f2")[:, None].view(np.uint8)
    return blocks


def _repeated(pool: NDArray[np.uint8], count: int, start: int) -> NDArray[np.uint8]:
    """Return `count` blocks of the pool, beginning anew where it ends."""
    turned = np.concatenate([pool[start:], pool[:start]])
    whole = np.tile(turned, (count // len(pool), 1))
    return np.concatenate([whole, turned[: count % len(pool)]]).reshape(-1)
