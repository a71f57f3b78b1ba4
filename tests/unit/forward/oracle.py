"""An independent forward pass of both architectures, to compare ours with."""

import gguf
import numpy as np


def oracle_logits(path, ids):
    """A forward pass of one sentence in float64, written apart: einsum and complex RoPE.

    Reads everything through the gguf package; shares nothing with the code under test.
    """
    reader = gguf.GGUFReader(path)
    architecture = reader.fields["general.architecture"].contents()
    names = {t.name for t in reader.tensors}

    def key(name, default=None):
        field = reader.fields.get(f"{architecture}.{name}")
        assert field is not None or default is not None, name
        return default if field is None else field.contents()

    def weight(name):
        one = next(t for t in reader.tensors if t.name == name)
        return gguf.quants.dequantize(one.data, one.tensor_type).astype(np.float64)

    def norm(x, name):
        scale = np.einsum("td,td->t", x, x) / x.shape[1] + key("attention.layer_norm_rms_epsilon")
        return np.einsum("td,t,d->td", x, scale**-0.5, weight(name))

    heads, shared = key("attention.head_count"), key("attention.head_count_kv")
    tokens = len(ids)
    dim = key("attention.key_length", key("embedding_length") // heads)
    turns = key("rope.freq_base") ** (-2.0 * np.arange(dim // 2) / dim)
    if key("rope.scaling.type", "none") == "linear":
        turns = turns / key("rope.scaling.factor")
    if "rope_freqs.weight" in names:
        turns = turns / weight("rope_freqs.weight")
    phase = np.exp(1j * np.arange(tokens)[:, None, None] * turns)

    def rotated(x):
        if architecture == "llama":
            pairs = (x[..., 0::2] + 1j * x[..., 1::2]) * phase
            return np.stack([pairs.real, pairs.imag], axis=-1).reshape(x.shape)
        pairs = (x[..., : dim // 2] + 1j * x[..., dim // 2 :]) * phase
        return np.concatenate([pairs.real, pairs.imag], axis=-1)

    def projected(x, name):
        out = np.einsum("ti,oi->to", x, weight(f"{name}.weight"))
        return out + weight(f"{name}.bias") if f"{name}.bias" in names else out

    x = weight("token_embd.weight")[ids]
    for layer in range(key("block_count")):
        w = f"blk.{layer}."
        h = norm(x, w + "attn_norm.weight")
        q, k, v = (projected(h, f"{w}attn_{one}").reshape(tokens, -1, dim) for one in "qkv")
        q, k = rotated(q), rotated(k)
        k, v = (np.repeat(one, heads // shared, axis=1) for one in (k, v))
        scores = np.einsum("qhd,khd->hqk", q, k) / dim**0.5
        powers = np.exp(scores - scores.max()) * np.tril(np.ones((tokens, tokens)))
        share = powers / powers.sum(axis=2, keepdims=True)
        mixed = np.einsum("hqk,khd->qhd", share, v).reshape(tokens, -1)
        x = x + projected(mixed, w + "attn_output")
        h = norm(x, w + "ffn_norm.weight")
        gate, up = (projected(h, f"{w}ffn_{o}") for o in ("gate", "up"))
        inner = gate / (1 + np.exp(-gate)) * up
        x = x + projected(inner, w + "ffn_down")
    head = "output.weight" if "output.weight" in names else "token_embd.weight"
    return np.einsum("td,vd->tv", norm(x, "output_norm.weight"), weight(head))
