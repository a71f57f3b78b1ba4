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
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import MissingError
from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION, REFERENCE, trunk_of
from pv.falsifiers.bootstrap import interval
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, RATIO, baseline, known_fault, metric, sample
from pv.falsifiers.ffn_gguf.sentences import SENTENCES
from pv.falsifiers.interface import Run
from pv.forward import transformer
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements
from pv.tensors.gguf_header import ModelFile
from pv.tokens import tokenizer_of

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]
Prompts = Sequence[Sequence[int]]

CONTROLS: dict[str, str] = {
    "cut_file": "the file ends after its first 64 kilobytes",
    "other_prompts": "llama.cpp is asked every prompt without its last token",
}

OUTSIDE = {"PV_LLAMA_CPP_PYTHON": "a Python with llama_cpp"}
(VARIABLE,) = OUTSIDE
_PROGRAM = "llama_cpp"
_CHILD = Path(__file__).with_name("llama_cpp_child.py")
_SECONDS = 100
_CUT = 1 << 16
_SHOWN = 300
_NO_ANSWER = 1e9
"""Stands for the distance of logits that are not there."""


class Ours(NamedTuple):
    """What both engines make of the prompts: logits behind each, float32 (prompts, vocabulary)."""

    prompts: Prompts
    production: Floats
    reference: Floats


def loads(run: Run) -> Measurements:
    """Ask whether llama.cpp answers the first `sentences` sentences at all."""
    model, python = opened(run), interpreter()
    prompts = _prompts(model, run)
    theirs, said = _asked(python, model, prompts, run)
    over = sample("prompts", (len(prompts),), "none", tokens="last", dtype="int64")
    return Measurements(
        metrics=(metric("loaded", int(_whole(theirs, prompts, model)), COUNT, over),),
        notes=(said,),
    )


def agrees(run: Run) -> Measurements:
    """Compare the logits behind the first `sentences` sentences, without their last two tokens."""
    model, python = opened(run), interpreter()
    prompts = _prompts(model, run)
    ours = run.once("ours", lambda: of_ours(trunk_of(model), prompts))
    return of_model(model, ours, python, run)


def interpreter() -> str:
    """Return a Python that has llama.cpp; raises `MissingError` where there is none."""
    named = os.environ.get(VARIABLE)
    if named:
        return named
    if importlib.util.find_spec(_PROGRAM) is None:
        raise MissingError(
            f"{_PROGRAM} is not installed",
            advice=f"pip install llama-cpp-python, or set {VARIABLE} to a Python that has it",
        )
    return sys.executable


def of_ours(trunk: Trunk, prompts: Prompts) -> Ours:
    """Return the logits of both engines behind each prompt."""
    last = np.cumsum([len(one) for one in prompts]) - 1

    def behind(name: str) -> Floats:
        engine = ENGINES[name](trunk)
        stream = transformer.run(trunk, prompts, engine).residual[-1]
        return transformer.logits(trunk, stream[last], engine)

    return Ours(prompts, behind(PRODUCTION), behind(REFERENCE))


def of_model(model: ModelFile, ours: Ours, python: str, run: Run) -> Measurements:
    """Measure as `agrees` does, beside our own logits."""
    count = len(ours.prompts)
    theirs, said = _asked(python, model, ours.prompts, run)
    loaded = _whole(theirs, ours.prompts, model)
    distances, differing = np.full(count, _NO_ANSWER), count
    if theirs is not None and loaded:
        distances = _apart(theirs, ours.reference) / _apart(ours.production, ours.reference)
        differing = int((ours.production.argmax(axis=1) != theirs.argmax(axis=1)).sum())
    over = sample("prompts", (count,), "none", tokens="last", dtype="int64")
    shape = ours.production.shape
    middle = sample("logits", shape, "geometric mean", tokens="last", dtype="float64")
    upper = sample("logits", shape, "97.5th percentile", tokens="last", dtype="float64")
    drawn = interval("distance_ratio_upper", "prompts", np.log(distances), _middle)
    sides = tuple(
        (f"L2 distance of logits from {REFERENCE}", one) for one in ("llama.cpp", PRODUCTION)
    )
    return Measurements(
        metrics=(
            metric("loaded", int(loaded), COUNT, over),
            metric("words_differing", differing, COUNT, over),
            metric("distance_ratio", float(_middle(np.log(distances)[None])[0]), RATIO, middle),
            metric("distance_ratio_upper", drawn.high, RATIO, upper),
        ),
        intervals=(drawn,),
        baselines=tuple(
            baseline(name, *sides) for name in ("distance_ratio", "distance_ratio_upper")
        ),
        notes=(f"{count} prompts", said),
    )


def _prompts(model: ModelFile, run: Run) -> Prompts:
    tokenizer = tokenizer_of(model)
    texts = [each.text for each in SENTENCES[: int(run.parameter("sentences"))]]
    return [tokenizer.encode(each)[:-2] for each in texts]


def _whole(theirs: Floats | None, prompts: Prompts, model: ModelFile) -> bool:
    """Whether there is a finite logit for every prompt and token of the vocabulary."""
    shape = len(prompts), model.tensor("token_embd.weight").shape[0]
    return theirs is not None and theirs.shape == shape and bool(np.isfinite(theirs).all())


def _asked(python: str, model: ModelFile, prompts: Prompts, run: Run) -> tuple[Floats | None, str]:
    """Return llama.cpp's logits, or None where it gave none, and the end of what it said."""
    fault = known_fault(run, CONTROLS)
    given = [list(one[:-1] if fault == "other_prompts" else one) for one in prompts]
    with tempfile.TemporaryDirectory() as folder:
        path, answers = model.path, Path(folder) / "answers.npy"
        if fault == "cut_file":
            path = Path(folder) / "cut.gguf"
            with model.path.open("rb") as whole:
                path.write_bytes(whole.read(_CUT))
        request = Path(folder) / "request.json"
        asked = {"model": str(path), "prompts": given, "answers": str(answers)}
        request.write_text(json.dumps(asked), encoding="utf-8")
        code, lines = _ran(python, request)
        program, _, version = lines[0].partition(" ")
        if program != _PROGRAM:
            raise MissingError(
                f"{python!r} has no {_PROGRAM}, it said: {lines[-1][:_SHOWN]}",
                advice=f"pip install llama-cpp-python numpy there, or set {VARIABLE} to another",
            )
        run.answered_by(program, version)
        return (np.load(answers) if code == 0 else None), f"llama.cpp said: {lines[-1][:_SHOWN]}"


def _ran(python: str, request: Path) -> tuple[int | None, list[str]]:
    """Return the child's exit code, None where it took too long, and what it printed.

    Its text is read here, so that it counts among the sources of the run. The request is a file: a
    pipe that a program does not read would end this process.
    """
    try:
        with request.open("rb") as given:
            ran = subprocess.run(
                [python, "-c", _CHILD.read_text(encoding="utf-8")],
                stdin=given,
                capture_output=True,
                timeout=_SECONDS,
                check=False,
            )
    except subprocess.TimeoutExpired as late:
        return None, [*_lines(late.stdout or b""), f"nothing within {_SECONDS} s"]
    except OSError as fault:
        raise MissingError(
            f"{python!r} cannot be run: {fault.strerror}",
            advice=f"set {VARIABLE} to a Python that has {_PROGRAM}",
        ) from None
    return ran.returncode, _lines(ran.stdout + ran.stderr) or ["nothing"]


def _lines(printed: bytes) -> list[str]:
    return printed.decode("utf-8", "replace").strip().splitlines()


def _apart(one: Floats, other: Floats) -> Wide:
    """Return the L2 distance of logits, prompt by prompt."""
    return np.asarray(np.linalg.norm(one.astype(np.float64) - other, axis=1))


def _middle(logarithms: Wide) -> Wide:
    """Return the geometric mean of each draw, (draws, prompts) to (draws,)."""
    return np.asarray(np.exp(logarithms.mean(axis=1)))
