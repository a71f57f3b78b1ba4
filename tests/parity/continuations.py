"""Greedy continuations of prompts by the real model: ours, llama.cpp's, and where they part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pv.forward.decoding import Decoder
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of

GOLDENS = Path(__file__).parent / "goldens" / "continuations.json"
TOKENS = 16
LEAST_EQUAL = 30
NEAR_TIE = 0.05
"""A lead in standard deviations of the logits that rounding may turn."""

PROMPTS = (
    "The capital of France is",
    "def fib(n):",
    "Once upon a time, there was a little",
    "Water boils at a temperature of",
    "import numpy as np\n\n",
    "The three primary colors are",
    "Q: What is 12 times 12?\nA:",
    "To make a cup of tea, first",
    "In 1969, humans landed on",
    "SELECT name, age FROM",
    "The quick brown fox",
    "La capitale de l'Italie est",
    "for i in range(10):\n    ",
    "A triangle has three",
    "My favourite season is autumn because",
    "<html>\n<head>\n<title>",
    "The opposite of hot is",
    "1, 2, 3, 4, 5,",
    "Photosynthesis is the process by which",
    "Dear Sir or Madam,\n\nI am writing to",
    "Newton's second law states that",
    "The largest planet in the solar system is",
    "if __name__ == ",
    "Roses are red, violets are",
    "A healthy breakfast could include",
    "The mitochondria is",
    "Monday, Tuesday, Wednesday,",
    "<|im_start|>user\nWhat is gravity?<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nName three animals.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nSay hello in French.<|im_end|>\n<|im_start|>assistant\n",
    "<|im_start|>user\nWhy is the sky blue?<|im_end|>\n<|im_start|>assistant\n",
    "Die Hauptstadt von Deutschland ist",
)


class Continuation(NamedTuple):
    """Likeliest tokens one after the other, and by how much each led, in standard deviations."""

    ids: list[int]
    leads: list[float]


def lead(found: np.ndarray) -> float:
    """Return by how much the likeliest token leads the second, in standard deviations."""
    second, first = np.partition(found, -2)[-2:]
    return float((first - second) / found.std())


def ours(path: Path, prompts: tuple[str, ...] = PROMPTS) -> list[Continuation]:
    """Return what the production engine goes on with."""
    found = []
    with open_model(path) as model:
        tokenizer, trunk = tokenizer_of(model), Trunk(model)
        engine = ENGINES["production"](trunk)
        for prompt in prompts:
            decoder, following = Decoder(trunk, engine), tokenizer.encode(prompt)
            ids: list[int] = []
            leads: list[float] = []
            for _ in range(TOKENS):
                last = decoder.feed(following)
                ids.append(int(last.argmax()))
                leads.append(lead(last))
                following = ids[-1:]
            found.append(Continuation(ids, leads))
    return found


def parting(one: Continuation, other: Continuation) -> int | None:
    """Return where two continuations first differ, None where they are the same."""
    pairs = zip(one.ids, other.ids, strict=True)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), None)


def golden() -> list[Continuation]:
    """Return what llama.cpp goes on with, as committed."""
    found: list[dict[str, Any]] = json.loads(GOLDENS.read_text("utf-8"))["continuations"]
    return [Continuation(one["ids"], one["leads"]) for one in found]
