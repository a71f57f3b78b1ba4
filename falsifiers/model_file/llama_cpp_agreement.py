"""Whether a model file loads in llama.cpp, and continues there as it does here.

llama.cpp runs in a child process, in this interpreter or in the one that the environment variable
`PV_LLAMA_CPP_PYTHON` names. Where neither has it the question is not asked.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pv.errors import MissingError
from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, known_fault, metric, sample
from pv.falsifiers.ffn_gguf.sentences import SENTENCES
from pv.falsifiers.interface import Run
from pv.forward import transformer
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements
from pv.tensors.gguf_header import ModelFile
from pv.tokens import tokenizer_of

Floats = NDArray[np.float32]
Prompts = Sequence[Sequence[int]]

CONTROLS: dict[str, str] = {
    "cut_file": "the file ends after its first 64 kilobytes",
    "other_prompts": "llama.cpp is asked every prompt without its last token",
}

VARIABLE = "PV_LLAMA_CPP_PYTHON"
_CHILD = Path(__file__).with_name("llama_cpp_child.py")
_SECONDS = 100
_CUT = 1 << 16
_SHOWN = 300


def agrees(run: Run) -> Measurements:
    """Compare the logits behind the first `sentences` sentences, without their last two tokens."""
    model, python = opened(run), interpreter()
    tokenizer = tokenizer_of(model)
    texts = [each.text for each in SENTENCES[: int(run.parameter("sentences"))]]
    prompts = [tokenizer.encode(each)[:-2] for each in texts]
    trunk = run.once("trunk", lambda: Trunk(model))
    ours = run.once("ours", partial(_ours, trunk, prompts))
    return of_model(model, (prompts, ours), python, run)


def interpreter() -> str:
    """Return a Python that has llama.cpp; raises `MissingError` where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    if importlib.util.find_spec("llama_cpp") is None:
        raise MissingError(
            "llama_cpp is not installed",
            advice=f"pip install llama-cpp-python, or set {VARIABLE} to a Python that has it",
        )
    return sys.executable


def of_model(model: ModelFile, ours: tuple[Prompts, Floats], python: str, run: Run) -> Measurements:
    """Measure as `agrees` does, beside our own logits (prompts, vocabulary)."""
    fault = known_fault(run, CONTROLS)
    prompts, own = ours
    asked = [one[:-1] for one in prompts] if fault == "other_prompts" else prompts
    with tempfile.TemporaryDirectory() as folder:
        path = model.path
        if fault == "cut_file":
            path = Path(folder) / "cut.gguf"
            with model.path.open("rb") as whole:
                path.write_bytes(whole.read(_CUT))
        theirs, said = _asked(python, path, asked, Path(folder) / "answers.npy")
    loaded = theirs is not None and theirs.shape == own.shape
    cosines = np.full(len(prompts), -1.0)
    differing = len(prompts)
    if theirs is not None and loaded:
        cosines = _cosines(own, theirs)
        differing = int((own.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    over = sample("logits", own.shape, "cosine", tokens="last", dtype="float64")
    count = sample("prompts", (len(prompts),), "none", tokens="last", dtype="int64")
    return Measurements(
        metrics=(
            metric("loaded", int(loaded), COUNT, count),
            metric("logit_cosine", cosines, RATIO, over),
            metric("words_differing", differing, COUNT, count),
        ),
        notes=(f"{len(prompts)} prompts; llama.cpp said: {said or 'nothing'}",),
    )


def _ours(trunk: Trunk, prompts: Prompts) -> Floats:
    engine = ENGINES[PRODUCTION](trunk)
    stream = transformer.run(trunk, prompts, engine).residual[-1]
    last = np.cumsum([len(one) for one in prompts]) - 1
    return transformer.logits(trunk, stream[last], engine)


def _asked(python: str, path: Path, prompts: Prompts, answers: Path) -> tuple[Floats | None, str]:
    """Return llama.cpp's logits, or None where it gave none, and the end of what it said."""
    request = {
        "model": str(path),
        "prompts": [list(one) for one in prompts],
        "answers": str(answers),
    }
    try:
        ran = subprocess.run(
            [python, str(_CHILD)],
            input=json.dumps(request),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise MissingError(f"{VARIABLE} is {python!r}: no such program") from None
    except subprocess.TimeoutExpired:
        return None, f"nothing within {_SECONDS} s"
    lines = (ran.stdout + ran.stderr).strip().splitlines()
    said = lines[-1][:_SHOWN] if lines else ""
    if "No module named 'llama_cpp'" in said:
        raise MissingError(f"{python!r} has no llama_cpp", advice="pip install llama-cpp-python")
    return (np.load(answers) if ran.returncode == 0 else None), said


def _cosines(one: Floats, other: Floats) -> NDArray[np.float64]:
    a, b = one.astype(np.float64), other.astype(np.float64)
    return np.asarray((a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)))
