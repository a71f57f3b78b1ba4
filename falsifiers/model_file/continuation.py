"""Whether a model still says what everybody knows: its next word after a prompt.

The rank of the expected word is asked on both paths: with float32 activations and, as runtimes
compute it, with Q8_K activations into ffn_down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf import faults
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.ffn_gguf.sentences import CAPITAL_OF_FRANCE, sentences_for
from pv.falsifiers.interface import Run
from pv.forward.engine import Product
from pv.forward.paths import engine_of, path_a, path_b
from pv.forward.transformer import logits
from pv.forward.transformer import run as run_layers
from pv.forward.trunk import Trunk
from pv.kernels.q4k_dequantize.reference import dequantize
from pv.model.measurement import Measurements
from pv.tensors.gguf_header import ModelFile
from pv.tensors.gguf_metadata import MetaArray

Floats = NDArray[np.float32]

_DECODER = ("missing_minimum", "scale_min_swapped")
_SWAPPED = {"ffn_gate": "ffn_up", "ffn_up": "ffn_gate"}

CONTROLS: dict[str, str] = {
    **{name: faults.DECODER[name] for name in _DECODER},
    "swapped_gate_and_up": "the other factor goes through the gate",
    "other_subject": "another word stands in the place of the prompt's subject",
}

_PATHS: dict[str, Callable[[Trunk], Product]] = {"f32": path_a, "q8k": path_b}


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, and the token expected after it."""

    prompt: tuple[int, ...]
    expected: int
    subject: int
    """Token of the prompt that the answer hangs on."""
    other_subject: int
    """Token that stands in its place under the control."""


class FaultyTrunk(Trunk):
    """A trunk whose weights reach the pass as a reader with the fault would give them."""

    def __init__(self, sound: Trunk, fault: str | None) -> None:
        super().__init__(sound.model, keep=True)
        self._sound = sound
        self._fault = fault

    def weights(self, name: str) -> Floats:
        """Return a matrix, gate and up exchanged under that fault."""
        stem = name.split(".")[-2]
        if self._fault == "swapped_gate_and_up":
            name = name.replace(stem, _SWAPPED.get(stem, stem))
        return self._sound.weights(name)

    def ffn_down(self, index: int) -> Floats:
        """Return ffn_down as float32, from blocks as the fault reads them."""
        if self._fault not in _DECODER:
            return self._sound.ffn_down(index)
        blocks = self.ffn_down_blocks(index)
        return dequantize(blocks).reshape(self.shape.width, self.shape.ffn)

    def ffn_down_blocks(self, index: int) -> NDArray[np.uint8]:
        """Return ffn_down's blocks as the fault reads them."""
        return faults.blocks_as_read(self._sound.ffn_down_blocks(index), self._fault)


def next_word(run: Run) -> Measurements:
    """Measure rank and margin of `token` after "The capital of France is", on both paths.

    Raises:
        BadInputError: a token of the question is not the word that the contract says it is.
    """
    model = opened(run)
    question = run.once("question", lambda: _question(model, run))
    return of_trunk(run.once("trunk", lambda: Trunk(model, keep=True)), question, run)


def of_trunk(trunk: Trunk, question: Question, run: Run) -> Measurements:
    """Measure as `next_word` does, for a given question."""
    fault = known_fault(run, CONTROLS)
    faulty = FaultyTrunk(trunk, fault)
    prompt = question.prompt
    if fault == "other_subject":
        prompt = tuple(question.other_subject if i == question.subject else i for i in prompt)
    metrics = []
    for name, path in _PATHS.items():
        engine = engine_of(faulty, path(faulty))
        stream = run_layers(faulty, [prompt], engine).residual[-1]
        found = logits(faulty, stream[-1:], engine)[0]
        others = np.delete(found, question.expected)
        own = found[question.expected]
        over = sample("logits after the prompt", found.shape, "none", tokens="last")
        metrics += [
            metric(f"rank_{name}", 1 + (others >= own).sum(), COUNT, over),
            metric(f"margin_{name}", own - others.max(), "logits", over),
        ]
    return Measurements(
        metrics=tuple(metrics),
        notes=(f"expected token {question.expected} after {len(prompt)} tokens",),
    )


def _question(model: ModelFile, run: Run) -> Question:
    """Return the question of the contract; each of its words is `[id, text]`, looked up here."""
    sentences_for(model)  # the ids mean something in this vocabulary alone
    tokens = model.metadata["tokenizer.ggml.tokens"]
    texts = tokens.strings() if isinstance(tokens, MetaArray) else []

    def token(name: str) -> int:
        match run.parameter(name):
            case [int(number), str(text)] if number in range(len(texts)) and texts[number] == text:
                return number
            case given:
                raise BadInputError(
                    f"{model.path.name!r}: parameter {name!r} is {given!r},"
                    " expected [id, text] of a token in the file's vocabulary",
                    advice="correct the falsifier's parameters",
                )

    return Question(CAPITAL_OF_FRANCE.ids, token("expected"), token("subject"), token("other"))
