"""Two traces side by side as text: the relative difference of every layer and point."""

from __future__ import annotations

from collections.abc import Iterator

from pv.forward.trace_comparison import Comparison, Difference
from pv.forward.transformer import IN_A_LAYER
from pv.output.escape import escape
from pv.output.fold import folded
from pv.output.trace_text import HEADS, NONE

_NAMED = 4


def text_of(found: Comparison) -> Iterator[str]:
    """Yield the lines, at most 80 columns wide."""
    ratios = [each.std_ratio for each in found.differences]
    worst = found.worst()
    yield folded(
        f"{len(found.differences):,} of {found.slots:,} slots compared; largest relative difference"
        f" {worst.relative:.3g} ({worst.slot}), standard deviations {min(ratios):.4g} to"
        f" {max(ratios):.4g} times ours"
    )
    yield ""
    yield "|difference| / |ours|, in percent"
    yield from _table(found)
    yield from (
        f"       {each.point}: {100 * each.relative:.3g} %, cosine {each.cosine:.7f}"
        for each in found.differences
        if each.layer is None
    )
    for names, whose in ((found.theirs_lack, "theirs lacks"), (found.ours_lack, "ours lacks")):
        if names:
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            yield folded(escape(f"{whose} {', '.join(names[:_NAMED])}{more}"))


def _table(found: Comparison) -> Iterator[str]:
    by_place = {(each.layer, each.point): each for each in found.differences}
    layers = sorted({each.layer for each in found.differences if each.layer is not None})
    if layers:
        yield "layer" + "".join(f"{HEADS.get(point, point):>9}" for point in IN_A_LAYER)
    for layer in layers:
        cells = (_cell(by_place.get((layer, point))) for point in IN_A_LAYER)
        yield f"{layer:>5}" + "".join(cells)


def _cell(each: Difference | None) -> str:
    return f"{NONE:>9}" if each is None else f"{100 * each.relative:>9.3g}"
