"""A badge: one computed figure as a small picture, the same bytes on every machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Final

from pv.escape import xml
from pv.report.file_names import file_names
from pv.report.numbers import percent
from pv.report.overview_view import BadgeView
from pv.ship import ShipStanding

_CHARACTER: Final = 7
_MARGIN: Final = 6
_LONGEST: Final = 60
_DONE, _UNDER_WAY, _NONE = "#1f6f3f", "#8a5a00", "#5d6670"
"""White text stands on each of them with a contrast of at least 4.5 to 1."""


def badges(models: Sequence[ShipStanding], base: str) -> Iterator[BadgeView]:
    """Yield the SHIP percentage of each model as a badge below `base`, each a file of its own."""
    names = file_names([each.id for each in models], "model")
    for model, name in zip(models, names, strict=True):
        yield _badge(model, f"{base}/badges/ship-{name}.svg")


def _badge(model: ShipStanding, path: str) -> BadgeView:
    label, figure = f"{model.id[:_LONGEST]} ship", percent(model.percent)
    colour = _NONE
    if model.percent is not None and model.percent > 0:
        colour = _DONE if model.percent == Fraction(100) else _UNDER_WAY
    title = f"{label} {figure}"
    return BadgeView(title, path, _drawn(title, label, figure, colour))


def _drawn(title: str, label: str, figure: str, colour: str) -> str:
    left, right = (len(each) * _CHARACTER + 2 * _MARGIN for each in (label, figure))
    width = left + right
    shown = xml(title)
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
    return f'<text x="{middle:.1f}" y="14" textLength="{length}">{xml(words)}</text>'
