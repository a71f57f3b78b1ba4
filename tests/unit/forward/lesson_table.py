"""The table of docs/forward.md: spreads of two engines over all tokens, the last one, or both.

`python -m tests.unit.forward.lesson_table MODEL` prints its rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from pv.forward.engine import production, reference
from pv.forward.trace import trace
from pv.forward.trunk import Trunk
from pv.tensors.gguf_header import open_model
from pv.tokens import tokenizer_of

TEXT = "What is 2+2?"
BAND = (0.5, 2.0)
LAYERS = (1, 2, 3, 9, 11, 20, 28)


def rows(model: Path) -> list[str]:
    """Return the rows, the reference's spread of `swiglu_inner` over the production engine's."""
    with open_model(model) as file:
        trunk = Trunk(file)
        ids = tokenizer_of(file).encode(TEXT)
        spreads = {}
        for make in (reference, production):
            found = trace(trunk, ids, make(trunk), arrays=True)
            arrays = [found.arrays[f"blk.{at}.swiglu_inner"] for at in range(trunk.layers)]
            spreads[make, "all"] = [each.std(dtype=np.float64) for each in arrays]
            spreads[make, "last"] = [each[-1].std(dtype=np.float64) for each in arrays]
    return [
        _row(name, spreads[reference, one], spreads[production, other])
        for name, one, other in (
            ("all tokens of one engine, the last of the other", "all", "last"),
            ("all tokens of both", "all", "all"),
            ("the last token of both", "last", "last"),
        )
    ]


def _row(name: str, ours: list[float], theirs: list[float]) -> str:
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    outside = [at for at, one in enumerate(ratios) if not BAND[0] <= one <= BAND[1]]
    told = f"none: {min(ratios):.3f} to {max(ratios):.3f}"
    if outside:
        told = f"{len(outside)} of {len(ratios)}: {', '.join(map(str, outside))}"
    cells = (_cell(ratios[layer], bool(outside)) for layer in LAYERS)
    return f"| {name} | {' | '.join(cells)} | {told} |"


def _cell(ratio: float, wrong: bool) -> str:
    """Return three decimals, and of what is no ratio no more digits than tell how wrong it is."""
    if not wrong:
        return f"{ratio:.3f}"
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"


if __name__ == "__main__":
    sys.stdout.write("\n".join(rows(Path(sys.argv[1]))) + "\n")
