"""GGUF files for tests: one by the independent writer, a draft, and the independent reader."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from pv.tensors.gguf_header import open_model
from tests.unit.tensors.gguf_drafts import Draft

# The gguf package's reader may hang or eat memory: always in a child, always with limits.
READER = """
import json, resource, sys
resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
import gguf
for path in sys.stdin.read().splitlines():
    try:
        reader = gguf.GGUFReader(path)
        found = [[t.name, int(t.tensor_type), [int(d) for d in t.shape], int(t.data_offset),
                  int(t.n_bytes)] for t in reader.tensors]
    except Exception as fault:
        found = type(fault).__name__
    print(json.dumps(found), flush=True)
"""


@pytest.fixture
def draft() -> Draft:
    """A fresh draft of a sound file: packed, it is 2 tensors and 8 key-values."""
    return Draft()


@pytest.fixture
def written_model(tmp_path: Path) -> Path:
    """A sound file by the `gguf` package: 2 tensors, 8 key-values, nothing after the last."""
    import gguf
    import numpy as np

    path = tmp_path / "written.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(1)
    writer.add_rope_freq_base(10000.0)
    writer.add_name("a small one" + "." * 224)
    writer.add_token_list(["a", "é", "\u202e", ""])
    writer.add_token_scores([0.5, -1.0, 2.0, 0.0])
    writer.add_bool("a.flag", val=True)
    writer.add_int64("a.number", -5)
    blocks = (np.arange(4 * 4 * 144) % 251).astype(np.uint8).reshape(4, 4 * 144)
    writer.add_tensor("blk.0.ffn_down.weight", blocks, raw_dtype=gguf.GGMLQuantizationType.Q4_K)
    writer.add_tensor("output_norm.weight", np.linspace(-1, 1, 264, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


@pytest.fixture
def differential() -> Callable[[list[Path]], int]:
    """Compare with the independent reader; return how many files both accept."""

    def compare(paths: list[Path]) -> int:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", READER],
            input="\n".join(map(str, paths)),
            capture_output=True,
            text=True,
            timeout=90,
            check=True,
        )
        found = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(found) == len(paths)
        both = [(path, one) for path, one in zip(paths, found, strict=True) if type(one) is list]
        for path, one in both:
            with open_model(path) as model:
                ours = [
                    [t.name, int(t.type), list(t.gguf_dims), t.offset, t.nbytes]
                    for t in model.tensors.values()
                ]
            assert ours == one, path
        return len(both)

    return compare
