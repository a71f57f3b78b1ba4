"""An independent forward pass of the llama architecture, to compare ours with."""

import gguf
import numpy as np


def oracle_logits(path, ids):
    """A forward pass of one sentence in float64, written apart: einsum and complex RoPE.

    Reads everything through the gguf package; shares nothing with the code under test.
    """
    reader = gguf.GGUFReader(path)

    def key(name):
        return reader.fields[f"llama.{name}"].contents()

    def weight(name):
        one = next(t for t in reader.tensors if t.name == name)
        return gguf.quants.dequantize(one.data, one.tensor_type).astype(np.float64)

    def norm(x, name):
        scale = np.einsum("td,td->t", x, x) / x.shape[1] + key("attention.layer_norm_rms_epsilon")
        return np.einsum("td,t,d->td", x, scale**-0.5, weight(name))

    heads, shared = key("attention.head_count"), key("attention.head_count_kv")
    tokens, dim = len(ids), key("embedding_length") // heads
    turns = key("rope.freq_base") ** (-2.0 * np.arange(dim // 2) / dim)
    phase = np.exp(1j * np.arange(tokens)[:, None, None] * turns)

    def rotated(x):
        pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * phase
        return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)

    x = weight("token_embd.weight")[ids]
    for layer in range(key("block_count")):
        w = f"blk.{layer}."
        h = norm(x, w + "attn_norm.weight")
        q, k, v = (
            np.einsum("td,od->to", h, weight(f"{w}attn_{one}.weight")).reshape(tokens, -1, dim)
            for one in "qkv"
        )
        q, k = rotated(q), rotated(k)
        k, v = (np.repeat(one, heads // shared, axis=1) for one in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / dim**0.5
        powers = np.exp(scores - scores.max()) * np.tril(np.ones((tokens, tokens)))
        share = powers / powers.sum(axis=2, keepdims=True)
        mixed = np.einsum("hqk,khd->qhd", share, v).reshape(tokens, -1)
        x = x + np.einsum("ti,oi->to", mixed, weight(w + "attn_output.weight"))
        h = norm(x, w + "ffn_norm.weight")
        gate, up = (np.einsum("td,od->to", h, weight(f"{w}ffn_{o}.weight")) for o in ("gate", "up"))
        inner = gate / (1 + np.exp(-gate)) * up
        x = x + np.einsum("ti,oi->to", inner, weight(w + "ffn_down.weight"))
    names = {t.name for t in reader.tensors}
    head = "output.weight" if "output.weight" in names else "token_embd.weight"
    return np.einsum("td,vd->tv", norm(x, "output_norm.weight"), weight(head))
