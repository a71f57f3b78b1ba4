"""Rates of the forward pass beside llama.cpp's in the same run, and a 7B-sized pass in its memory.

`make bench` prints them. llama.cpp takes part where the extra `parity` is installed.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pv.forward.decoding import Decoder, greedy
from pv.forward.engine import production
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tensors.package_model import find_package_model
from tests.bench.large_model import write_large_model

pytestmark = pytest.mark.bench

ROOT = Path(__file__).parents[2]
PROMPT, DECODED, ROUNDS = 128, 48, 3


def show(capsys, text: str) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")


def rate(count: int, work) -> float:
    """Tokens a second, the best of a few rounds."""
    took = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return count / min(took)


def rates_of_llama_cpp(path: Path, ids: list[int]) -> tuple[float, float]:
    """Return prompt and decode rate of llama.cpp with two threads."""
    import llama_cpp

    model = llama_cpp.Llama(
        str(path), n_ctx=512, n_threads=2, n_threads_batch=2, verbose=False, logits_all=False
    )

    def prompt():
        model.reset()
        model.eval(ids)

    def decode():
        model.reset()
        model.eval(ids[:8])
        for _ in range(DECODED - 1):
            model.eval([model.sample(temp=0.0)])

    found = rate(len(ids), prompt), rate(DECODED, decode)
    model.close()
    return found


@pytest.mark.model
def test_rates_on_the_real_model_beside_llama_cpp(capsys):
    """Two threads on both sides; decoding at more than 30 tokens a second on a quiet machine."""
    path = find_package_model()
    ids = np.random.default_rng(1).integers(0, 49000, PROMPT).tolist()
    with open_model(path) as model:
        trunk = Trunk(model)
        engine = production(trunk)
        Decoder(trunk, engine).feed(ids[:8])  # compiled, mapped
        prompt = rate(PROMPT, lambda: Decoder(trunk, engine).feed(ids))
        decode = rate(DECODED, lambda: greedy(Decoder(trunk, engine), ids[:8], DECODED))
    show(capsys, f"SmolLM2-135M, 2 threads: prompt {prompt:.0f}, decode {decode:.1f} tokens/s")
    if importlib.util.find_spec("llama_cpp"):
        theirs = rates_of_llama_cpp(path, ids)
        show(
            capsys,
            f"llama.cpp: prompt {theirs[0]:.0f}, decode {theirs[1]:.1f} tokens/s;"
            f" ratios {prompt / theirs[0]:.2f} and {decode / theirs[1]:.2f}",
        )
    assert decode > 30


BOTH = """
import sys, threading, time
from pathlib import Path
import numpy as np
from pv.forward import transformer
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model

peak = [0]
def anonymous():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) * 1024
def watch():
    while True:
        peak[0] = max(peak[0], anonymous())
        time.sleep(0.01)
threading.Thread(target=watch, daemon=True).start()
ids, found, start = [1, 22, 333, 4444, 55555, 66666, 7], [], time.perf_counter()
with open_model(Path(sys.argv[1])) as model:
    trunk = Trunk(model)
    for name, make in ENGINES.items():
        engine, began = make(trunk), time.perf_counter()
        seen = lambda layer, point, array: float(np.square(array, dtype=np.float64).mean())
        stream = transformer.run(trunk, [ids], engine, seen).residual[-1]
        found.append(transformer.logits(trunk, stream, engine, seen).astype(np.float64))
        print(f"{name} {time.perf_counter() - began:.1f} s")
a, b = found
cosine = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
print(f"smallest cosine {cosine.min():.5f}")
print(time.perf_counter() - start, peak[0])
"""


def test_a_7b_sized_model_passes_both_engines_within_a_minute_and_3_gb(tmp_path, capsys):
    """Seven tokens, observed at every point; anonymous memory of a process of its own."""
    path = write_large_model(tmp_path / "large.gguf")
    command = [sys.executable, "-c", BOTH, str(path)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, timeout=600
    )
    assert done.returncode == 0, done.stderr
    *lines, last = done.stdout.splitlines()
    seconds, peak = (float(word) for word in last.split())
    size = path.stat().st_size / 1e9
    path.unlink()
    words = f"{size:.2f} GB, 7 tokens, both engines: {seconds:.1f} s, {peak / 1e9:.2f} GB anonymous"
    show(capsys, "\n".join([*lines, words]))
    assert seconds < 60
    assert peak < 3e9
