"""How many tokens a second a model decodes here, and whether they are the right ones.

The rate is that of the slowest of several runs, so that no luck is in it. The tokens are those that
a pass over the whole text chooses, place by place: a decoder that forgets is fast.
"""

from __future__ import annotations

import os
import platform
import time
from functools import partial
from typing import NamedTuple

import numpy as np

from pv.falsifiers.apr_gguf_parity.sides import PRODUCTION
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward import transformer
from pv.forward.decoding import Decoder
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements
from pv.tokens import tokenizer_of

CONTROLS: dict[str, str] = {
    "pause_after_each_token": "decoding waits a tenth of a second after every token",
    "forgotten_prompt": "keys and values of all tokens but the last are forgotten",
}

ALONE = True

_PAUSE = 0.1
_RATE = "tokens/s"


class Decoded(NamedTuple):
    """One run: the tokens after the prompt, and the seconds that they took."""

    ids: tuple[int, ...]
    seconds: float


def rate(run: Run) -> Measurements:
    """Decode `tokens` tokens after `prompt` in each of `runs` runs, after one that warms up."""
    model, prompt = opened(run), str(run.parameter("prompt"))
    ids = run.once("ids", lambda: tokenizer_of(model).encode(prompt))
    return of_trunk(run.once("trunk", lambda: Trunk(model)), ids, run)


def of_trunk(trunk: Trunk, ids: list[int], run: Run) -> Measurements:
    """Measure as `rate` does, on an open trunk and a prompt's ids."""
    fault = known_fault(run, CONTROLS)
    count, runs = int(run.parameter("tokens")), int(run.parameter("runs"))
    run.once("warm", partial(decoded, trunk, ids, 1, None))
    found = [decoded(trunk, ids, count, fault) for _ in range(1 if fault else runs)]
    rates = sorted(count / each.seconds for each in found)
    wrong = [_differing(trunk, ids, each.ids) for each in found]
    timed = sample(
        "greedy tokens",
        (len(found), count),
        "minimum",
        tokens=f"{count} after the prompt",
        dtype="float64",
    )
    chosen = sample("greedy tokens", (len(found), count), "none", dtype="int64")
    return Measurements(
        metrics=(
            metric("slowest_rate", rates[0], _RATE, timed),
            metric("middle_rate", rates[len(rates) // 2], _RATE, timed),
            metric("tokens_differing", max(wrong), COUNT, chosen),
        ),
        notes=(f"{len(ids)} tokens of prompt; {platform.machine()}, {os.cpu_count()} processors",),
    )


def decoded(trunk: Trunk, ids: list[int], count: int, fault: str | None) -> Decoded:
    """Return the likeliest next tokens, timed from the prompt's logits on."""
    decoder = Decoder(trunk, ENGINES[PRODUCTION](trunk))
    found = [int(np.argmax(decoder.feed(ids)))]
    begin = time.perf_counter()
    for _ in range(count):
        if fault == "forgotten_prompt":
            decoder = Decoder(trunk, ENGINES[PRODUCTION](trunk))
        found.append(int(np.argmax(decoder.feed(found[-1:]))))
        if fault == "pause_after_each_token":
            time.sleep(_PAUSE)
    return Decoded(tuple(found), time.perf_counter() - begin)


def _differing(trunk: Trunk, ids: list[int], found: tuple[int, ...]) -> int:
    """Count the tokens that one pass over prompt and tokens does not choose."""
    engine = ENGINES[PRODUCTION](trunk)
    whole = [*ids, *found]
    stream = transformer.run(trunk, [whole], engine).residual[-1]
    chosen = transformer.logits(trunk, stream[len(ids) - 1 : -1], engine).argmax(axis=1)
    return int((chosen != np.array(found)).sum())
