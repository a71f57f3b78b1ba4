"""A traced forward pass as text: one statistic over layers and points, or all of one layer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Final

from pv.forward.trace import Trace
from pv.forward.trace_statistics import Statistics
from pv.forward.transformer import IN_A_LAYER, Point
from pv.output.escape import escape

HEADS: Final = {
    Point.ATTENTION_OUT: "attn out",
    Point.ATTENTION_RESIDUAL: "+ stream",
    Point.GATE_PROJ_OUT: "gate",
    Point.UP_PROJ_OUT: "up",
    Point.SILU_GATE: "silu",
    Point.SWIGLU_INNER: "inner",
    Point.FFN_DOWN_OUT: "down",
    Point.RESIDUAL: "+ stream",
}
"""Heads of the columns of a table over points."""
NONE: Final = "n/a"
"""Where there is no number."""


def layers_of(trace: Trace, statistic: str) -> Iterator[str]:
    """Yield a row a layer with one statistic of each point, and the points behind the layers."""
    found = {(each.layer, each.point): each for each in trace.statistics}
    layers = 1 + max((each.layer for each in trace.statistics if each.layer is not None), default=0)
    yield "layer" + "".join(f"{HEADS.get(point, point):>9}" for point in IN_A_LAYER)
    for layer in range(layers):
        cells = (_cell(found.get((layer, point)), statistic) for point in IN_A_LAYER)
        yield f"{layer:>5}" + "".join(cells)
    behind = [each for each in trace.statistics if each.layer is None]
    yield "  ".join(["     ", *(f"{e.point} {getattr(e, statistic):.4g}" for e in behind)])
    yield from _absent(trace)


def points_of(trace: Trace, layer: int) -> Iterator[str]:
    """Yield every statistic of one layer, a row a point."""
    rows = [each for each in trace.statistics if each.layer == layer]
    yield f"{'layer ' + str(layer):<18}{'count':>10}" + "".join(
        f"{name:>10}" for name in ("mean", "std", "rms", "min", "max")
    )
    for each in rows:
        numbers = (each.mean, each.std, each.rms, each.minimum, each.maximum)
        yield f"{each.point:<18}{each.count:>10,}" + "".join(f"{one:>10.4g}" for one in numbers)
    yield from _absent(trace)


def _cell(each: Statistics | None, statistic: str) -> str:
    return f"{NONE:>9}" if each is None else f"{getattr(each, statistic):>9.4g}"


def _absent(trace: Trace) -> Iterator[str]:
    for point in dict.fromkeys(each.point for each in trace.absent):
        reason = next(each.reason for each in trace.absent if each.point == point)
        yield f"{NONE}: {point}: {reason}"


def head_of(trace: Trace, statistic: str | None) -> str:
    """Say over what the numbers were taken."""
    count = len(trace.ids)
    over = f"all {count} tokens" if trace.tokens == "all" else f"the last of {count} tokens"
    over = over if count > 1 else "one token"
    what = {"std": "standard deviation (population)"}.get(
        statistic or "", statistic or "statistics"
    )
    return f"{what} over {over}, accumulated in float64; engine {trace.engine}"


def likeliest(logits: Sequence[tuple[int, float, str | None]]) -> str:
    """Return the most likely next tokens with their logits in one line, any script as it is."""
    told = ((_quoted(text) if text is not None else f"token {one}", x) for one, x, text in logits)
    return "next: " + "   ".join(f"{text} {value:.2f}" for text, value in told)


def _quoted(text: str) -> str:
    return escape(json.dumps(text, ensure_ascii=False))
