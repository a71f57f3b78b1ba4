"""A bisection as a picture: errors over their limits, and the drift that they come to."""

from __future__ import annotations

from typing import Final

from pv.forward.bisect import Bisection
from pv.forward.drift import Drift
from pv.forward.located import OUTPUT
from pv.model.measurement import Series
from pv.report.chart import line_chart

_LEAST: Final = 1e-3
_MOST: Final = 1e4
_HEIGHT: Final = 320


def drawn(found: Bisection, title: str) -> str:
    """Return one SVG document; the drift is missing where the candidate's own run ended."""
    charts = [line_chart(f"{title}: error over its limit", _errors(found), headroom=1.5)]
    if found.drift is not None and len(found.drift.median) > 1:
        charts.append(line_chart(f"{title}: drift", [_drift(found.drift)]))
    nested = [each.replace("<svg ", f'<svg y="{_HEIGHT * n}" ', 1) for n, each in enumerate(charts)]
    height = _HEIGHT * len(charts)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 {height}" width="720"'
        f' height="{height}" role="img" aria-label="bisection">'
    )
    return "\n".join([head, *nested, "</svg>", ""])


def _errors(found: Bisection) -> list[Series]:
    """Return the most telling operation of each layer, and the limit."""
    label = "error over its limit"
    inside = [each for each in found.telling() if each.place.name not in OUTPUT]
    layers = tuple(float(each.place.layer) for each in inside)
    errors = tuple(min(max(each.over, _LEAST), _MOST) for each in inside)
    beyond = f", above {_MOST:,.0f} drawn there" if any(e.over > _MOST for e in inside) else ""
    return [
        Series(f"farthest beyond its limit, or nearest{beyond}", "layer", label, layers, errors),
        Series("limit", "layer", label, layers, (1.0,) * len(layers)),
    ]


def _drift(drift: Drift) -> Series:
    layers = tuple(float(one) for one in range(len(drift.median)))
    bands = drift.prompts > 1
    return Series(
        f"median over tokens, 95 % band over {drift.prompts} prompts" if bands else "median",
        "layer",
        "|difference| / |stream|",
        layers,
        tuple(float(one) for one in drift.median),
        tuple(float(one) for one in drift.low) if bands else (),
        tuple(float(one) for one in drift.high) if bands else (),
    )
