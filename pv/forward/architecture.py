"""The model architectures that the forward pass knows: one description each, no code of their own.

All are stacks of the same layer: RMS norm, rotated grouped-query attention, RMS norm, gated unit.
What differs is listed: which projections carry biases, how rotation pairs elements, which tensors
may be there. Facts are those of llama.cpp's loaders.
"""

from __future__ import annotations

from typing import NamedTuple

from pv.kernels.layout import Pairing


class Architecture(NamedTuple):
    """How the models of one name in `general.architecture` differ from the others."""

    name: str
    pairing: Pairing
    """Which two elements of a head are rotated together."""
    biases: tuple[str, ...] = ()
    """Projections that must carry a bias, by the stems of their names."""
    optional_biases: tuple[str, ...] = ()
    """Projections that may carry one."""
    factors: bool = False
    """Whether `rope_freqs.weight` may divide the rotation frequencies."""


_ATTENTION_INPUTS = ("attn_q", "attn_k", "attn_v")

LLAMA = Architecture(
    "llama",
    Pairing.NORM,
    optional_biases=(*_ATTENTION_INPUTS, "attn_output", "ffn_gate", "ffn_up", "ffn_down"),
    factors=True,
)
QWEN2 = Architecture("qwen2", Pairing.NEOX, biases=_ATTENTION_INPUTS)

ARCHITECTURES: dict[str, Architecture] = {each.name: each for each in (LLAMA, QWEN2)}
"""By the name that stands in the file."""

KEYS = frozenset(
    {
        "block_count",
        "embedding_length",
        "feed_forward_length",
        "context_length",
        "vocab_size",
        "attention.head_count",
        "attention.head_count_kv",
        "attention.key_length",
        "attention.value_length",
        "attention.layer_norm_rms_epsilon",
        "rope.dimension_count",
        "rope.freq_base",
        "rope.scaling.type",
        "rope.scaling.factor",
        "rope.scaling.attn_factor",
        "rope.scaling.original_context_length",
        "rope.scaling.finetuned",
        "rope.scaling.yarn_ext_factor",
        "rope.scaling.yarn_beta_fast",
        "rope.scaling.yarn_beta_slow",
    }
)
"""Keys below the architecture's name that are understood; any other could change the arithmetic."""
