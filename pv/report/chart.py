"""Drift over depth as a picture: one SVG file, the same bytes on every machine.

Numbers are laid out here and written with fixed precision; no clock, no locale, no font metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pv.escape import xml
from pv.model.measurement import Series

_WIDTH, _HEIGHT = 720, 320
_LEFT, _RIGHT, _BOTTOM = 72, 16, 48
_HEAD, _ENTRY = 36, 16
"""Pixels of the title, and of each line of the legend below it: neither covers the plot."""
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
        """Return round values inside the range: few over many decades, 1, 2 and 5 over one."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            steps = (1, 2, 5) if last - first <= 2 else (1,)
            return [
                step * 10.0**k
                for k in range(first, last + 1)
                for step in steps
                if self.holds(step * 10.0**k)
            ]
        step = _round_step((self.high - self.low) / 8)
        first = math.ceil(self.low / step)
        return [k * step for k in range(first, math.floor(self.high / step) + 1)]

    def holds(self, value: float) -> bool:
        """Whether a value lies inside the drawn range, rounding of its ends allowed for."""
        return self.low * (1 - 1e-9) <= value <= self.high * (1 + 1e-9)


def _round_step(rough: float) -> float:
    if rough <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * m for m in (1, 2, 5, 10) if power * m >= rough)


class Band(NamedTuple):
    """The range that a limit allows, over the whole width; None: no limit on that side."""

    low: float | None
    high: float | None
    label: str


def _values(series: Sequence[Series], bands: Sequence[Band] = ()) -> list[float]:
    found = [v for each in series for v in (*each.y, *each.low, *each.high)]
    found += [v for band in bands for v in (band.low, band.high) if v is not None]
    return [v for v in found if math.isfinite(v)]


def _y_scale(
    series: Sequence[Series], bands: Sequence[Band], top: int, headroom: float, log: bool | None
) -> _Scale:
    values = _values(series, bands)
    low, high = min(values), max(values)
    wide = low > 0 and (high / low > 10 if log is None else log)
    if wide:
        low, high = _round_below(low), _round_above(high)
        # One value alone has no height: a step on each side gives it one.
        low, high = (low / 2, high * 2) if low == high else (low, high)
    else:
        low, high = min(0.0, low), high * headroom if high > 0 else 1.0
    return _Scale(low, high, _HEIGHT - _BOTTOM, top, wide)


def _round_below(value: float) -> float:
    """Return the largest of 1, 2 and 5 times a power of ten that is no larger."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(step * power for step in (1, 2, 5) if step * power <= value * (1 + 1e-9))


def _round_above(value: float) -> float:
    """Return the smallest of 1, 2 and 5 times a power of ten that is no smaller."""
    return _round_step(value * (1 - 1e-9))


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
    at = _HEAD + _ENTRY * number
    parts.append(
        f'<line x1="{_LEFT}" x2="{_LEFT + 24}" y1="{at}" y2="{at}"'
        f' stroke="{colour}" stroke-width="1.8"{stroke}/>'
        f'<text x="{_LEFT + 30}" y="{at + 4}">{xml(each.name)}</text>'
    )
    return parts


def _limit(band: Band, number: int, y: _Scale) -> str:
    """Return what a limit allows as a shade between two dashed lines, with its legend."""
    low = y.low if band.low is None else band.low
    high = y.high if band.high is None else band.high
    across = f'x="{_LEFT}" width="{_WIDTH - _RIGHT - _LEFT}"'
    edges = "".join(
        f'<path d="M{_LEFT},{y(v):.1f}H{_WIDTH - _RIGHT}" stroke="#3d7a2a" stroke-dasharray="4 4"/>'
        for v in (band.low, band.high)
        if v is not None
    )
    at = _HEAD + _ENTRY * number
    return (
        f'<rect {across} y="{y(high):.1f}" height="{y(low) - y(high):.1f}" fill="#3d7a2a"'
        f' fill-opacity="0.1"/>{edges}'
        f'<rect x="{_LEFT}" y="{at - 5}" width="24" height="10" fill="#3d7a2a" fill-opacity="0.2"/>'
        f'<text x="{_LEFT + 30}" y="{at + 4}">{xml(band.label)}</text>'
    )


def _axes(x: _Scale, y: _Scale, top: int, x_label: str, y_label: str) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    parts = [f'<path d="M{_LEFT},{top}V{bottom}H{_WIDTH - _RIGHT}" fill="none" stroke="#555"/>']
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
    middle = (top + bottom) / 2
    parts.append(
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 10}"'
        f' text-anchor="middle">{xml(x_label)}</text>'
        f'<text x="16" y="{middle:.0f}" text-anchor="middle"'
        f' transform="rotate(-90 16 {middle:.0f})">{xml(y_label)}</text>'
    )
    return parts


def line_chart(
    title: str,
    series: Sequence[Series],
    *,
    headroom: float = 1.05,
    log: bool | None = None,
    bands: Sequence[Band] = (),
) -> str:
    """Return an SVG document with one line (and band, where given) for each series.

    The series share both axes; labels come from the first. `bands` are limits, drawn behind them.
    The y axis is logarithmic where all values are positive and `log` asks for it, or, where it is
    None, they span over a decade; another one reaches `headroom` times the largest value. Raises
    ValueError where nothing finite is given.
    """
    if not _values(series):
        raise ValueError(f"no finite value to draw in {title!r}")
    top = _HEAD + _ENTRY * (len(series) + len(bands))
    x, y = _x_scale(series), _y_scale(series, bands, top, headroom, log)
    body = _axes(x, y, top, series[0].x_label, series[0].y_label)
    body += [_limit(band, len(series) + number, y) for number, band in enumerate(bands)]
    for number, each in enumerate(series):
        body += _curve(each, number, x, y)
    label = xml(title)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="12"'
        f' role="img" aria-label="{label}">'
    )
    frame = (
        f"<title>{label}</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>'
        f'<text x="{_LEFT}" y="22" font-size="14" font-weight="bold">{label}</text>'
    )
    return "\n".join([head, frame, *body, "</svg>", ""])
