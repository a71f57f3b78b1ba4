"""Drift over depth as a picture: one SVG file, the same bytes on every machine.

Numbers are laid out here and written with fixed precision; no clock, no locale, no font metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pv.model.measurement import Series

_WIDTH, _HEIGHT = 720, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 16, 40, 48
_COLOURS = ("#0b5cad", "#b3450e", "#3d7a2a", "#7a3d8f")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Maps values to pixels; `log` where the values are positive and span over a decade."""

    low: float
    high: float
    start: float
    end: float
    log: bool

    def __call__(self, value: float) -> float:
        low, high, value = (
            (math.log10(self.low), math.log10(self.high), math.log10(value))
            if self.log
            else (self.low, self.high, value)
        )
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Return five to ten round values inside the range."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            return [t for t in (10.0**k for k in range(first, last + 1)) if self.holds(t)]
        step = _round_step((self.high - self.low) / 8)
        first = math.ceil(self.low / step)
        return [k * step for k in range(first, math.floor(self.high / step) + 1)]

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the drawn range."""
        return self.low <= value <= self.high


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough)


def _values(series: Sequence[Series]) -> list[float]:
    return [v for each in series for v in (*each.y, *each.low, *each.high) if math.isfinite(v)]


def _y_scale(series: Sequence[Series], headroom: float) -> _Scale:
    values = _values(series)
    low, high = min(values), max(values)
    log = low > 0 and high / low > 10
    if log:
        low, high = 10.0 ** math.floor(math.log10(low)), 10.0 ** math.ceil(math.log10(high))
    else:
        low, high = min(0.0, low), high * headroom if high > 0 else 1.0
    return _Scale(low, high, _HEIGHT - _BOTTOM, _TOP, log)


def _x_scale(series: Sequence[Series]) -> _Scale:
    xs = [x for each in series for x in each.x]
    return _Scale(min(xs), max(xs), _LEFT, _WIDTH - _RIGHT, log=False)


def _points(xs: Sequence[float], ys: Sequence[float], x: _Scale, y: _Scale) -> str:
    return " ".join(
        f"{x(a):.1f},{y(b):.1f}" for a, b in zip(xs, ys, strict=True) if math.isfinite(b)
    )


def _curve(each: Series, number: int, x: _Scale, y: _Scale) -> list[str]:
    """Return band, line and legend of one series; the dash tells it apart without colour."""
    colour = _COLOURS[number % len(_COLOURS)]
    dash = _DASHES[number % len(_DASHES)]
    stroke = f' stroke-dasharray="{dash}"' if dash else ""
    parts = []
    if each.low and each.high:
        there = _points(each.x, each.high, x, y)
        back = _points(each.x[::-1], each.low[::-1], x, y)
        parts.append(f'<polygon points="{there} {back}" fill="{colour}" fill-opacity="0.15"/>')
    parts.append(
        f'<polyline points="{_points(each.x, each.y, x, y)}" fill="none" stroke="{colour}"'
        f' stroke-width="1.8"{stroke}/>'
    )
    top = _TOP + 14 + 16 * number
    parts.append(
        f'<line x1="{_LEFT + 10}" x2="{_LEFT + 34}" y1="{top - 4}" y2="{top - 4}"'
        f' stroke="{colour}" stroke-width="1.8"{stroke}/>'
        f'<text x="{_LEFT + 40}" y="{top}">{escape(each.name)}</text>'
    )
    return parts


def _axes(x: _Scale, y: _Scale, x_label: str, y_label: str) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    parts = [f'<path d="M{_LEFT},{_TOP}V{bottom}H{_WIDTH - _RIGHT}" fill="none" stroke="#555"/>']
    for value in y.ticks():
        at = f"{y(value):.1f}"
        parts.append(
            f'<path d="M{_LEFT},{at}H{_WIDTH - _RIGHT}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{at}" dy="4" text-anchor="end">{value:.4g}</text>'
        )
    parts += [
        f'<text x="{x(value):.1f}" y="{bottom + 16}" text-anchor="middle">{value:.0f}</text>'
        for value in x.ticks()
        if value == int(value)
    ]
    middle = (_TOP + bottom) / 2
    parts.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 10}"'
        f' text-anchor="middle">{escape(x_label)}</text>'
        f'<text x="16" y="{middle:.0f}" text-anchor="middle"'
        f' transform="rotate(-90 16 {middle:.0f})">{escape(y_label)}</text>'
    )
    return parts


def line_chart(title: str, series: Sequence[Series], *, headroom: float = 1.05) -> str:
    """Return an SVG document with one line (and band, where given) for each series.

    The series share both axes; labels come from the first. The y axis is logarithmic where all
    values are positive and span over a decade; another one reaches `headroom` times the largest
    value, so that lines leave the legend alone. Raises ValueError where nothing finite is given.
    """
    if not _values(series):
        raise ValueError(f"no finite value to draw in {title!r}")
    x, y = _x_scale(series), _y_scale(series, headroom)
    body = _axes(x, y, series[0].x_label, series[0].y_label)
    for number, each in enumerate(series):
        body += _curve(each, number, x, y)
    label = escape(title, {'"': "&quot;"})
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="12"'
        f' role="img" aria-label="{label}">'
    )
    frame = (
        f"<title>{escape(title)}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<text x="{_LEFT}" y="22" font-size="14" font-weight="bold">{escape(title)}</text>'
    )
    return "\n".join([head, frame, *body, "</svg>", ""])
