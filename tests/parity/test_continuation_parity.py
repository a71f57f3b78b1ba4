"""Greedy continuations of the real model beside those of llama.cpp, as it comes."""

import json
import os
import sys
from importlib.metadata import version

from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of
from tests.parity.continuations import (
    GOLDENS,
    LEAST_EQUAL,
    NEAR_TIE,
    PROMPTS,
    TOKENS,
    Continuation,
    golden,
    lead,
    ours,
    parting,
)
from tests.parity.llama_cpp_side import Rival


def theirs(path, batch: int) -> list[Continuation]:
    with open_model(path) as model:
        tokenizer = tokenizer_of(model)
    rival = Rival(path, batch=batch, context=128)
    found = []
    for prompt in PROMPTS:
        ids, rows = rival.greedy(tokenizer.encode(prompt), TOKENS)
        found.append(Continuation(ids, [round(lead(row), 4) for row in rows]))
    rival.close()
    return found


def agreed(ones: list[Continuation], others: list[Continuation]) -> int:
    return sum(parting(a, b) is None for a, b in zip(ones, others, strict=True))


def test_continuations_are_those_of_llama_cpp(real_model):
    """Token by token: taken in batches, llama.cpp does not have the same bits as taken singly."""
    assert len(PROMPTS) == 32
    alone, together = theirs(real_model, batch=1), theirs(real_model, batch=128)
    mine = ours(real_model)
    equal = agreed(mine, alone)
    figures = {
        "equal": equal,
        "equal to batches": agreed(mine, together),
        "llama.cpp with itself": agreed(alone, together),
    }
    sys.stdout.write(f"\ncontinuations of {len(PROMPTS)}: {figures}\n")
    leads = []
    for at, where in enumerate(parting(a, b) for a, b in zip(mine, alone, strict=True)):
        if where is not None:
            here, there = mine[at].leads[where], alone[at].leads[where]
            leads.append(max(here, there))
            sys.stdout.write(
                f"{PROMPTS[at]!r} parts at token {where}: led by {here:.4f} standard deviations"
                f" here, {there:.4f} in llama.cpp\n"
            )
    if os.environ.get("REWRITE_GOLDEN"):
        continuations = [one._asdict() for one in alone]
        named = {"llama-cpp-python": version("llama-cpp-python")}
        text = json.dumps(
            {**named, **figures, "continuations": continuations}, separators=(",", ":")
        )
        GOLDENS.write_text(text.replace('{"ids"', '\n{"ids"') + "\n", "utf-8")
    assert equal >= LEAST_EQUAL
    assert all(one < NEAR_TIE for one in leads)
    assert [one.ids for one in golden()] == [one.ids for one in alone]
