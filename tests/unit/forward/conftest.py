"""Small llama-architecture files for tests of the forward pass, and the installed real one."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from pv.tensors.package_model import find_package_model


def write_small_llama(path: Path, *, seed: int, down: str, untied: bool = False, **keys) -> Path:
    """Write 3 layers, width 64, ffn 512, 4 heads on 2 key-value heads, 40 tokens."""
    import gguf

    from pv.kernels.q4k_quantize.reference import quantize

    random = np.random.default_rng(seed)
    layers, width, ffn, heads, shared, vocabulary = 3, 64, 512, 4, 2, 40
    writer = gguf.GGUFWriter(path, keys.pop("architecture", "llama"))
    writer.add_block_count(layers)
    writer.add_embedding_length(width)
    writer.add_feed_forward_length(ffn)
    writer.add_head_count(heads)
    writer.add_head_count_kv(shared)
    writer.add_rope_dimension_count(width // heads)
    writer.add_rope_freq_base(10000.0)
    writer.add_layer_norm_rms_eps(1e-5)
    for key, value in keys.items():
        writer.add_uint32(f"llama.{key}", value)

    def matrix(rows: int, columns: int) -> np.ndarray:
        return (random.standard_normal((rows, columns)) / np.sqrt(columns)).astype(np.float32)

    writer.add_tensor("token_embd.weight", matrix(vocabulary, width) * 8)
    for layer in range(layers):
        shapes = {
            "attn_q": (width, width),
            "attn_k": (width // heads * shared, width),
            "attn_v": (width // heads * shared, width),
            "attn_output": (width, width),
            "ffn_gate": (ffn, width),
            "ffn_up": (ffn, width),
        }
        for name, shape in shapes.items():
            writer.add_tensor(f"blk.{layer}.{name}.weight", matrix(*shape) * 2)
        for name in ("attn_norm", "ffn_norm"):
            norm = 1 + random.standard_normal(width).astype(np.float32) / 4
            writer.add_tensor(f"blk.{layer}.{name}.weight", norm)
        weights = matrix(width, ffn)
        name = f"blk.{layer}.ffn_down.weight"
        if down == "Q4_K":
            blocks = quantize(weights.reshape(-1, 256)).reshape(width, -1)
            writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_K)
        elif down == "Q4_1":
            blocks = gguf.quants.quantize(weights, gguf.GGMLQuantizationType.Q4_1)
            writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_1)
        else:
            writer.add_tensor(name, weights)
    writer.add_tensor("output_norm.weight", np.linspace(0.5, 1.5, width, dtype=np.float32))
    if untied:
        writer.add_tensor("output.weight", matrix(vocabulary, width))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture(scope="session")
def small_llama(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Write a small model, or return the one written before with the same arguments."""
    written: dict[str, Path] = {}

    def make(*, seed: int = 5, down: str = "Q4_K", **rest) -> Path:
        key = repr((seed, down, sorted(rest.items())))
        if key not in written:
            path = tmp_path_factory.mktemp("small") / "small.gguf"
            written[key] = write_small_llama(path, seed=seed, down=down, **rest)
        return written[key]

    return make


@pytest.fixture(scope="session")
def real_model() -> Path:
    """The SmolLM2-135M file of the model package, which `make test` installs.

    Where it is absent these tests fail: a model that is missing is not a model that passed.
    """
    return find_package_model()
