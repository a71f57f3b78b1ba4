"""Outcomes as text: what was decided first, then the numbers, then how to repeat it.

Plain text of at most 80 columns (names and reasons that are longer than a line are wrapped);
colour only where the caller asks for it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final

from pv.compare import explain
from pv.model.contract import short_id
from pv.model.measurement import Measurements, Series
from pv.model.receipt import CompanionResult, Comparison, Outcome
from pv.model.verdict import Level, Verdict
from pv.output.escape import escape
from pv.output.fold import folded

WIDTH: Final = 80
_VERDICT_WIDTH: Final = max(len(each) for each in Verdict)
_NAME_WIDTH: Final = 14
_BRIEF_WIDTH: Final = 19
_COLOURS: Final = {Verdict.HELD: "32", Verdict.REFUTED: "31", Verdict.INCONCLUSIVE: "33"}


def text_of(
    outcomes: Sequence[Outcome], *, colour: bool = False, brief: bool = False, whole: bool = False
) -> str:
    """Return the text of the outcomes of one falsifier.

    With `brief` one line an outcome, and the details of what did not hold; a longer reason is cut,
    or with `whole` wrapped. An outcome whose child was lost has no details but its log.
    """
    lines = [*_headlines(outcomes, colour, brief, whole)]
    for outcome in outcomes:
        if outcome.log and not outcome.environment:
            lines += [*_repeated(outcome)][: 1 if brief else None]
        if outcome.environment and not (brief and outcome.verdict is Verdict.HELD):
            lines += ["", *_details(outcome)]
    return "\n".join(lines) + "\n"


def summary(outcomes: Sequence[Outcome], code: int) -> str:
    """Return the last line: how many of each verdict, and the exit code."""
    ordered = sorted(outcomes, key=lambda each: list(Verdict).index(each.verdict))
    counts = [f"{len([*group])} {verdict}" for verdict, group in groupby(ordered, _verdict)]
    return f"{', '.join(counts) or 'nothing was asked for'} (exit {code})\n"


def _verdict(outcome: Outcome) -> Verdict:
    return outcome.verdict


def _headlines(
    outcomes: Sequence[Outcome], colour: bool, brief: bool, whole: bool
) -> Iterator[str]:
    """Yield the first screen: companions, the verdict itself, the models that are not here."""
    short = short_id(outcomes[0].falsifier)
    for outcome in outcomes:
        absent = outcome.model is not None and not outcome.environment
        where = f"on {outcome.model.name}" if absent and outcome.model else ""
        headline = f"reused: {outcome.headline}" if outcome.reused else outcome.headline
        if brief:
            text = f"{where}: {headline}" if where else headline
            yield _brief_row(short, outcome.verdict, text, colour, whole)
            continue
        for companion in outcome.companions:
            yield from _row(companion.name, companion.verdict, companion.headline, colour)
        name = "asked properly" if outcome.companions else short
        if where and outcome.verdict in {Verdict.NOT_RUN, Verdict.SKIPPED}:
            name = where
        elif where:
            headline = f"{where}: {headline}"
        yield from _row(name, outcome.verdict, headline, colour)


def _brief_row(name: str, verdict: Verdict, text: str, colour: bool, whole: bool) -> str:
    """Return `name  VERDICT  text`, wrapped, or cut to one line of a terminal.

    A falsifier asked for by id says it all.
    """
    if whole:
        line = f"{escape(name):<{_BRIEF_WIDTH}}  {_painted(verdict, colour)}  {escape(text)}"
        return folded(line.rstrip(), _BRIEF_WIDTH + _VERDICT_WIDTH + 4)
    room = WIDTH - _BRIEF_WIDTH - _VERDICT_WIDTH - 4
    shown = escape(text)
    shown = shown if len(shown) <= room else shown[: room - 1] + "…"
    return f"{escape(name):<{_BRIEF_WIDTH}}  {_painted(verdict, colour)}  {shown}".rstrip()


def _painted(verdict: Verdict, colour: bool) -> str:
    word = f"{verdict:<{_VERDICT_WIDTH}}"
    return f"\x1b[{_COLOURS[verdict]}m{word}\x1b[0m" if colour and verdict in _COLOURS else word


def _row(name: str, verdict: Verdict, text: str, colour: bool) -> Iterator[str]:
    """Yield `name  VERDICT  text`, wrapped so that the text stays in its column."""
    word = _painted(verdict, colour)
    margin = _NAME_WIDTH + 2 + _VERDICT_WIDTH + 2
    shown = escape(name)
    longest = max(map(len, text.split()), default=0)
    if len(shown) > _NAME_WIDTH or longest > WIDTH - margin:
        yield f"{shown}  {word}".rstrip()
        yield from (f"    {line}" for line in _lines(text, WIDTH - 4))
        return
    wrapped = _lines(text, WIDTH - margin)
    yield f"{shown:<{_NAME_WIDTH}}  {word}  {wrapped[0]}"
    yield from (" " * margin + line for line in wrapped[1:])


def _details(outcome: Outcome) -> Iterator[str]:
    where = f"{outcome.model.name}, " if outcome.model else ""
    level = "" if outcome.level is Level.SYNTHETIC else "live on "
    yield from _wrapped(
        f"{short_id(outcome.falsifier)} of {outcome.contract}:"
        f" {level}{where}{outcome.device}, {outcome.seconds:.1f} s"
    )
    if outcome.cause:
        yield f"  cause: {outcome.cause}"
    if outcome.retries:
        yield f"  retried: its process was lost {outcome.retries} times before this"
    yield from _comparisons(outcome.comparisons)
    for guard in outcome.guards:
        if guard.applies:
            word = "TRIPPED" if guard.tripped else guard.mark or "ok"
            yield from _wrapped(f"guard    {guard.guard}: {word}: {guard.reason}")
    for control in outcome.controls:
        word = "red" if control.red else "green" if control.finite else "shows nothing"
        wanted = " as it should be" if not control.expected_red else ""
        wanted = wanted if control.as_expected else "  NOT AS EXPECTED"
        yield from _wrapped(f"control  {control.name}: {word}{wanted}: {control.note}")
    if outcome.measurements:
        yield from _measured(outcome.measurements)
    for companion in outcome.companions:
        yield from _companion(companion)
    if outcome.receipt:
        yield f"receipt  {outcome.receipt}"
    yield from _repeated(outcome)


def _repeated(outcome: Outcome) -> Iterator[str]:
    """Yield where the log is and how to repeat the run, each whole, so that it can be copied."""
    if outcome.log:
        yield f"log      {escape(outcome.log)}"
    if outcome.command:
        yield f"again    {' '.join(outcome.command)}"


def _comparisons(comparisons: Sequence[Comparison]) -> Iterator[str]:
    for comparison in comparisons:
        word = "met    " if comparison.met else "NOT MET"
        yield from _wrapped(f"{word}  {explain(comparison)}")


def _companion(companion: CompanionResult) -> Iterator[str]:
    if companion.measurements is None:
        return
    yield ""
    yield f"{escape(companion.name)}:"
    yield from _comparisons(companion.comparisons)
    for guard in companion.guards:
        if guard.tripped:
            yield from _wrapped(f"guard    {guard.guard}: TRIPPED: {guard.reason}")
    yield from _measured(companion.measurements)


def _measured(measurements: Measurements) -> Iterator[str]:
    for note in measurements.notes:
        yield from _wrapped(f"note     {note}")
    by_axis = groupby(measurements.series, lambda each: (each.x_label, each.x))
    for (x_label, _), series in by_axis:
        yield ""
        yield from _table(x_label, [*series])


def _table(x_label: str, series: Sequence[Series]) -> Iterator[str]:
    """Yield a table of series over one axis, as many columns side by side as fit."""
    columns = [("x", x_label, series[0].x)]
    for each in series:
        columns.append(("y", each.y_label or each.name, each.y))
        if each.low and each.high:
            columns += [("low", "low", each.low), ("high", "high", each.high)]
    cells = [[label, *(number(value) for value in values)] for _, label, values in columns]
    widths = [max(len(escape(cell)) for cell in column) for column in cells]
    first = 0
    while first + 1 < len(cells):
        if first:
            yield ""
        last = first + 1
        while last + 1 < len(cells) and _fits([widths[0], *widths[first + 1 : last + 2]]):
            last += 1
        chosen = [0, *range(first + 1, last + 1)]
        for row in zip(*(cells[i] for i in chosen), strict=True):
            line = "  ".join(
                f"{escape(cell):>{widths[i]}}" for i, cell in zip(chosen, row, strict=True)
            )
            yield f"  {line}"
        first = last


def _fits(widths: Sequence[int]) -> bool:
    return 2 + sum(widths) + 2 * (len(widths) - 1) <= WIDTH


def number(value: float) -> str:
    """Return a number with six significant digits, whole numbers without a point."""
    return f"{value:.6g}"


def _lines(text: str, width: int) -> list[str]:
    """Return a text in lines; a digest or a path stays whole, so that it can be copied."""
    found = textwrap.wrap(escape(text), width, break_on_hyphens=False, break_long_words=False)
    return found or [""]


def _wrapped(text: str) -> Iterator[str]:
    yield from textwrap.wrap(escape(text), WIDTH, subsequent_indent=" " * 9, break_on_hyphens=False)
