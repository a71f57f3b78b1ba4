"""A bisection for people: the verdict, a chart over layers, what could be seen at all."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from pv.forward.bisect import FALSE_ALARM, Bisection
from pv.forward.drift import Drift
from pv.forward.located import OUTPUT
from pv.forward.null_model import Injected
from pv.output.fold import folded, hung

_BAR: Final = 20
_NAMED: Final = 5
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def text_of(found: Bisection) -> Iterator[str]:
    """Yield the lines, at most 80 columns wide."""
    yield from _verdict(found)
    yield ""
    yield from _chart(found)
    yield ""
    yield from _power(found)
    yield from _drift(found)


def _verdict(found: Bisection) -> Iterator[str]:
    first = found.first
    if first is None:
        yield folded(
            f"clean: none of {len(found.injected):,} operations of {found.candidate} errs by more"
            f" than rounding explains (a false alarm: once in {1 / FALSE_ALARM:,.0f} such runs)"
        )
        return
    yield hung("found: ", f"{first.place} · {_told(first)}")
    for each in found.guilty[1:_NAMED]:
        yield hung("       ", f"then {each.place} · {_told(each)}")
    if len(found.guilty) > _NAMED:
        yield f"       and {len(found.guilty) - _NAMED:,} operations more"


def _told(each: Injected) -> str:
    if not each.over < float("inf"):
        return "gives numbers that are not finite, or differs where nothing may"
    share = each.error / each.signal if each.signal else float("inf")
    what = "rounding of activations" if each.law == "noise" else "float32 rounding"
    return f"errs by {share:.2g} of its result, {each.over:.3g} times what {what} explains"


def _chart(found: Bisection) -> Iterator[str]:
    yield f"{'layer':>5}  {'operation':<19}{'of limit':>8}  0{'1':>{_BAR - 1}}   drift"
    for worst in found.telling():
        layer = worst.place.layer
        name = "" if worst.place.name in OUTPUT else str(layer)
        over = f"{worst.over:8.2f}" if worst.over < 1e4 else f"{worst.over:8.1g}"
        bar = f"{_bar(worst.over):<{_BAR + 1}}"
        yield f"{name:>5}  {worst.place.name:<19}{over}  {bar}  {_drifted(found, layer)}".rstrip()


def _bar(share: float) -> str:
    if share > 1:
        return "█" * _BAR + "▶"
    whole, rest = divmod(round(share * _BAR * 8), 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def _drifted(found: Bisection, layer: int) -> str:
    drift = found.drift
    if drift is None or layer >= len(drift.median):
        return ""
    middle = f"{100 * drift.median[layer]:.2f} %"
    if drift.prompts == 1:
        return middle
    return f"{middle} [{100 * drift.low[layer]:.2f}, {100 * drift.high[layer]:.2f}]"


def _power(found: Bisection) -> Iterator[str]:
    sound = [each for each in found.injected if each.over <= 1]
    if sound:
        blunt = max(sound, key=lambda each: each.resolution)
        yield folded(
            f"a scale wrong by {100 * blunt.resolution:.2g} % would have been seen in each of the"
            f" {len(sound):,} sound operations (bluntest: {blunt.place})"
        )


def _drift(found: Bisection) -> Iterator[str]:
    drift = found.drift
    if drift is None:
        yield folded(f"no drift: the candidate's own run ended: {found.ended}")
        return
    band = "one prompt, so no band"
    if drift.prompts > 1:
        band = f"95 % band over {drift.prompts} prompts"
    yield folded(
        "drift: median over tokens of |difference| over |stream| behind a layer, both engines"
        f" running freely; {band}"
    )
    for layer in drift.outliers():
        yield folded(
            f"layer {layer} is an outlier: drift {100 * drift.median[layer - 1]:.2f} % to"
            f" {100 * drift.median[layer]:.2f} %; |difference| {drift.difference[layer - 1]:.3g} to"
            f" {drift.difference[layer]:.3g}, |stream| {drift.stream[layer - 1]:.3g} to"
            f" {drift.stream[layer]:.3g}: {_moved(drift, layer)}"
        )


def _moved(drift: Drift, layer: int) -> str:
    """Say which side of the ratio moved more."""
    error, stream = (
        abs(math.log(side[layer] / side[layer - 1])) for side in (drift.difference, drift.stream)
    )
    return "the difference moved" if error >= stream else "the denominator moved, not the error"
