"""A badge: one computed figure as a small picture, the same bytes on every machine."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final
from xml.sax.saxutils import escape

from pv.escape import escape as harmless
from pv.report.numbers import percent
from pv.report.overview_view import BadgeView
from pv.ship import ShipStanding

_CHARACTER: Final = 7
_MARGIN: Final = 6
_LONGEST: Final = 60
_DONE, _UNDER_WAY, _NONE = "#1f6f3f", "#8a5a00", "#5d6670"
"""White text stands on each of them with a contrast of at least 4.5 to 1."""


def badge(model: ShipStanding, base: str) -> BadgeView:
    """Return the SHIP percentage of a model as a badge below `base`."""
    label, figure = f"{model.id[:_LONGEST]} ship", percent(model.percent)
    colour = _NONE
    if model.percent is not None and model.percent > 0:
        colour = _DONE if model.percent == Fraction(100) else _UNDER_WAY
    name = re.sub(r"[^a-z0-9]+", "-", model.id.lower()).strip("-") or "model"
    title = f"{label} {figure}"
    return BadgeView(title, f"{base}/badges/ship-{name}.svg", _drawn(title, label, figure, colour))


def _drawn(title: str, label: str, figure: str, colour: str) -> str:
    left, right = (len(each) * _CHARACTER + 2 * _MARGIN for each in (label, figure))
    width = left + right
    shown = escape(harmless(title), {'"': "&quot;"})
    shape = f"M{left},0h{right - 3}a3,3 0 0 1 3,3v14a3,3 0 0 1 -3,3h-{right - 3}z"
    size = f'width="{width}" height="20" viewBox="0 0 {width} 20"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{shown}">\n'
        f"<title>{shown}</title>\n"
        f'<rect width="{width}" height="20" rx="3" fill="#3a4048"/>\n'
        f'<path d="{shape}" fill="{colour}"/>\n'
        '<g fill="#fff" font-family="Verdana, sans-serif" font-size="11" text-anchor="middle">\n'
        f"{_text(label, left / 2, left)}\n{_text(figure, left + right / 2, right)}\n"
        "</g>\n</svg>\n"
    )


def _text(words: str, middle: float, width: int) -> str:
    """Return words of a given length, so that another font does not run over the edge."""
    length = width - 2 * _MARGIN
    return f'<text x="{middle:.1f}" y="14" textLength="{length}">{escape(harmless(words))}</text>'
