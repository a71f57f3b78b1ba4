"""Statuses as text: claimed and derived side by side, differences marked in both directions.

At most 80 columns. Why a claim differs is said in full; what agrees may be cut, JSON has it whole.
"""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from pv.model.contract import short_id
from pv.model.status import ContractStatus, FalsifierStatus, Standing
from pv.output.escape import escape
from pv.output.fold import folded

_MARKS: Final = {
    Standing.AHEAD: ">",
    Standing.BEHIND: "<",
    Standing.AGREES: " ",
    Standing.UNCLAIMED: " ",
}
WIDTH: Final = 80
LEGEND: Final = "  > the claim is ahead of the evidence, < the evidence is ahead of the claim"


def text_of(
    statuses: Sequence[ContractStatus],
    only_local: Collection[str] = (),
    blocks: Sequence[str] | None = None,
) -> str:
    """Return a block for each contract, then the matrix of live falsifiers by models.

    `only_local` are ids of falsifiers whose receipts are local ones, which were not counted;
    `blocks` are those of `block_of` where they are at hand.
    """
    told = [block_of(each) for each in statuses] if blocks is None else blocks
    lines: list[str] = []
    for status, block in zip(statuses, told, strict=True):
        lines += [block, *_uncounted(status, only_local), ""]
    matrix = [*_matrix(statuses)]
    return "\n".join(lines + ([*matrix, ""] if matrix else [])) + "\n"


def block_of(status: ContractStatus) -> str:
    """Return what is told of one contract, whatever else is in the registry."""
    return "\n".join(_contract(status))


def _contract(status: ContractStatus) -> Iterator[str]:
    claimed = escape(status.claimed or "nothing")
    mark = _MARKS[status.standing]
    yield from folded(
        f"{escape(status.id)}: claims {claimed} {mark} derived {status.derived}"
    ).splitlines()
    yield from _wrapped(escape("; ".join(status.reasons)), "  ")
    rows = [
        (short_id(each.id), each.claimed or "-", _MARKS[each.standing], each.state, _why(each))
        for each in status.falsifiers
    ]
    yield from _rows("falsifier", rows)
    stages = [
        (each.id, each.claimed or "-", _MARKS[each.standing], each.derived, "; ".join(each.reasons))
        for each in status.stages
    ]
    yield from _rows("stage", stages)
    hypotheses = [
        (
            each.id,
            each.claimed or "-",
            _MARKS[each.standing],
            f"{each.derived} (partial)" if each.partial else each.derived,
            "; ".join(each.reasons),
        )
        for each in status.hypotheses
    ]
    yield from _rows("hypothesis", hypotheses)
    if status.gate:
        word = "holds" if status.gate.holds else "does not hold"
        missing = ", ".join(short_id(each) for each in status.gate.missing) or "no falsifier named"
        rest = "" if status.gate.holds else f": not discharged: {escape(missing)}"
        yield from _wrapped(f"qa_gate {escape(status.gate.id)} {word}{rest}", "  ")
    for path, reason in status.damaged:
        yield f"  DAMAGED {escape(path)}: {escape(reason)}; it is not counted"


def _uncounted(status: ContractStatus, only_local: Collection[str]) -> list[str]:
    if only_local:
        names = [short_id(each) for each in status.summary.falsifiers if each in only_local]
    else:
        names = []
    what = "a local receipt exists" if len(names) == 1 else "local receipts exist"
    told = f"{what}, not counted without --local: {escape(', '.join(names))}"
    return _wrapped(told, "  ") if names else []


def _why(status: FalsifierStatus) -> str:
    receipt = f" [{status.receipt.id}]" if status.receipt else ""
    return "; ".join(status.reasons) + receipt


def _rows(kind: str, rows: Sequence[tuple[str, str, str, str, str]]) -> Iterator[str]:
    """Yield a table: id, claim, mark, derived state and why."""
    if not rows:
        return
    titles = (kind, "claimed", " ", "derived", "why")
    cells = [titles, *(tuple(escape(cell) for cell in row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(4)]
    for row in cells:
        fixed = "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False))
        yield from _fitted(f"  {fixed}  ", row[4], in_full=bool(row[2].strip()))


def _fitted(fixed: str, why: str, *, in_full: bool) -> Iterator[str]:
    """Yield a row of at most 80 columns: a reason that is too long is cut, or wrapped below."""
    line = (fixed + why).rstrip()
    if len(line) <= WIDTH:
        yield line
    elif in_full:
        yield fixed.rstrip()
        yield from _wrapped(why, "      ")
    else:
        yield line[: WIDTH - 1] + "…"


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False
    )


def _matrix(statuses: Sequence[ContractStatus]) -> Iterator[str]:
    """Yield the states of live falsifiers by model; a blank means that it is not accepted there."""
    asked = [status for status in statuses if status.summary.live]
    live = [each for status in asked for each in status.falsifiers if each.models]
    names = list(dict.fromkeys(model.name for each in live for model in each.models))
    if not names:
        return
    yield "models:"
    yield from (f"  [{number}] {escape(name)}" for number, name in enumerate(names, 1))
    widths = [max([len("falsifier"), *(len(short_id(each.id)) for each in live)])]
    widths += [
        max([len(f"[{number}]"), *(len(_on(each, name)) for each in live)])
        for number, name in enumerate(names, 1)
    ]
    header = ["falsifier", *(f"[{number}]" for number in range(1, len(names) + 1))]
    rows = [[short_id(each.id), *(_on(each, name) for name in names)] for each in live]
    for row in [header, *rows]:
        cells = (f"{escape(cell):<{width}}" for cell, width in zip(row, widths, strict=True))
        yield f"  {'  '.join(cells)}".rstrip()


def _on(status: FalsifierStatus, name: str) -> str:
    return next((model.state for model in status.models if model.name == name), "")
