"""What llama.cpp gave for the small random models, and how near our engine came."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pv.forward.engine import ENGINES
from pv.forward.interface import Engine
from pv.forward.transformer import logits, run
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model

Floats = NDArray[np.float32]

GOLDENS = Path(__file__).parent / "goldens" / "logits.json"
LIMIT = 0.9999
"""Cosine of every token's logits to those of llama.cpp."""

NEAR_TIE = 0.02
"""A lead of the likeliest token, in standard deviations of the logits, that rounding may turn."""


def our_logits(path: Path, ids: list[int], name: str = "production") -> Floats:
    """Return an engine's logits after each of the ids, (tokens, vocabulary)."""
    with open_model(path) as model:
        trunk = Trunk(model)
        return logits_of(trunk, ids, ENGINES[name](trunk))


def logits_of(trunk: Trunk, ids: list[int], engine: Engine) -> Floats:
    """Return the logits of one sentence on an engine."""
    return logits(trunk, run(trunk, [ids], engine).residual[-1], engine)


def leads(found: Floats) -> Floats:
    """Return by how much the likeliest token of each row leads, in standard deviations of all."""
    pair = np.partition(found, -2, axis=1)[:, -2:]
    return (pair[:, 1] - pair[:, 0]) / found.std()


def near_ties(found: Floats) -> list[int]:
    """Return the tokens after which the two likeliest are as good as tied."""
    return [int(at) for at in np.flatnonzero(leads(found) < NEAR_TIE)]


def digest(path: Path) -> str:
    """Return the sha256 of a model file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def golden() -> dict[str, Any]:
    """Return the committed figures, by case."""
    found: dict[str, Any] = json.loads(GOLDENS.read_text("utf-8"))
    return found


def put(case: str, entry: dict[str, Any]) -> None:
    """Write the figures of one case among the others."""
    cases = golden() if GOLDENS.exists() else {}
    text = json.dumps(dict(sorted({**cases, case: entry}.items())), separators=(",", ":"))
    GOLDENS.write_text(text.replace('},"', '},\n"') + "\n", "utf-8")
