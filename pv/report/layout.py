"""The page within its size: what matters most in full, the rest in a line, and the rest by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from pv.evidence.audit import Condition
from pv.report.page import Content
from pv.report.render import Html, PageRenderer
from pv.report.view import ContractView

LARGEST: Final = 400_000
"""Bytes that the page may have."""
_SHARES: Final = {
    "charts": 0.2,
    "graphs": 0.15,
    "evidence": 0.15,
    "candidates": 0.1,
    "verified": 0.05,
    "lessons": 0.05,
}
"""Of what the frame of the page leaves; contracts have the rest, and what these do not use."""
_NAMES: Final = 0.75
"""Of what contracts have, at most for naming those that have no more than a name."""
_AGAINST: Final = ("REFUTED", "STALE", "INCONCLUSIVE")
_SPARE: Final = 2_000
"""Bytes for what is said about what is left out."""
_MISSES: Final = 20
"""So many parts that do not fit end the search for one that does."""


class Fitted(NamedTuple):
    """Parts that fit, in their order, and how many do not."""

    parts: tuple[Html, ...]
    left: int
    size: int


def lay_out(told: Content, largest: int | None = None) -> str:
    """Return the page in at most `largest` bytes; what is left out is said on it, by name.

    Ship, changes and the frame are always whole.
    """
    renderer = PageRenderer()
    most = LARGEST if largest is None else largest
    frame = _Frame(told)
    room = most - len(renderer.page(frame.context).encode()) - _SPARE
    left = room
    for name, share, records in frame.repeated():
        found = _fit(map(partial(renderer.part, name), records), min(int(room * share), left))
        left -= found.size
        frame.take(name, found, len(records))
    frame.take_contracts(_Chosen(renderer, told.view.contracts, left))
    return renderer.page(frame.context)


def _size(part: str) -> int:
    return len(part.encode())


def _fit(parts: Iterable[Html], room: int) -> Fitted:
    """Return the first parts that fit into a room, those beyond counted and not rendered."""
    kept: list[Html] = []
    used, count, misses = 0, 0, 0
    for part in parts:
        count += 1
        if used + _size(part) <= room:
            used += _size(part)
            kept.append(part)
        else:
            misses += 1
            if misses == _MISSES:
                break
    return Fitted(tuple(kept), count - len(kept), used)


class _Frame:
    """The context of the page, filled with its repeated parts one kind after another."""

    def __init__(self, told: Content) -> None:
        view = told.view
        counts = Counter(each.condition for each in told.evidence)
        self._told = told
        self._notes = list(told.notes)
        self.context: dict[str, Any] = {
            "title": told.title,
            "totals": view.totals,
            "left_out": self._notes,
            "ship": told.ship,
            "curve": Html(told.curve),
            "contracts": (),
            "named": "",
            "named_count": "",
            "landscape": (),
            "verification": view.verification,
            "verified": (),
            "lessons": (),
            "absent": set[str](),
            "charts": (),
            "graphs": (),
            "evidence": (),
            "evidence_total": f"{len(told.evidence):,}",
            "evidence_counts": [(name, f"{n:,}") for name, n in sorted(counts.items())],
            "damaged": view.damaged[:100],
            "changes": told.changes,
        }
        if len(view.damaged) > 100:
            self._notes.append(f"Left out for size: {len(view.damaged) - 100:,} damaged files.")

    def repeated(self) -> Iterator[tuple[str, float, Sequence[object]]]:
        """Yield the kinds of parts: macro, share of the room, and records, what matters first."""
        told, view = self._told, self._told.view
        candidates = [each for group in view.landscape for each in group.candidates]
        yield "chart", _SHARES["charts"], view.charts
        evidence = sorted(told.evidence, key=lambda each: each.condition == Condition.VALID)
        yield "receipt", _SHARES["evidence"], evidence
        yield "candidate", _SHARES["candidates"], candidates
        yield "verified", _SHARES["verified"], view.verification.rows
        yield "lesson", _SHARES["lessons"], view.lessons
        yield "picture", _SHARES["graphs"], told.graphs

    def take(self, name: str, found: Fitted, total: int) -> None:
        """Put the parts of one kind into the context, and say what is left out."""
        keys = {"chart": "charts", "receipt": "evidence", "lesson": "lessons", "picture": "graphs"}
        if name == "candidate":
            self.context["landscape"] = self._groups(found.parts)
        else:
            self.context[keys.get(name, name)] = found.parts
        if not total:
            self.context["absent"].add(name)
        if left := total - len(found.parts):
            what, where = _LEFT[name]
            self._notes.append(f"Left out for size: {left:,} of {total:,} {what}; {where}.")

    def _groups(self, parts: Sequence[Html]) -> list[tuple[str, str, Sequence[Html]]]:
        """Return rows under the name of their group; parts are the first of all candidates."""
        found, start = [], 0
        for group in self._told.view.landscape:
            rows = parts[start : start + len(group.candidates)]
            start += len(group.candidates)
            if rows:
                found.append((group.name, group.count, rows))
        return found

    def take_contracts(self, shown: _Chosen) -> None:
        """Put the contracts into the context, and say which of them are told in less detail."""
        self.context["contracts"] = shown.parts
        self.context["named"] = " ".join(shown.names)
        self.context["named_count"] = f"{len(shown.names):,}"
        if shown.lines:
            self._notes.append(
                f"Left out for size: the falsifiers of {shown.lines:,} contracts, which are told in"
                " a line each; `pv status` tells them."
            )
        if shown.names:
            self._notes.append(
                f"Left out for size: all but the names of {len(shown.names):,} contracts, which"
                " stand below the others; `pv status` tells them."
            )
        if shown.unnamed:
            self._notes.append(f"Left out for size: even the names of {shown.unnamed:,} contracts.")


_LEFT: Final = {
    "chart": ("charts", "`pv render` draws them all"),
    "receipt": ("receipts, valid before any others", "`pv evidence list` names them"),
    "candidate": ("hypotheses, open before any others", "`pv render` tells them all"),
    "verified": ("rows of the matrix", "`pv render` tells them all"),
    "lesson": ("lessons", "`pv render` tells them all"),
    "picture": ("graphs", "their edges stand in the contracts"),
}


def _rank(each: ContractView) -> int:
    """Return 0 for what differs or is refuted, 1 for what has receipts, 2 for the rest."""
    parts = each.falsifiers
    if each.mark or any(one.mark or one.derived in _AGAINST for one in parts):
        return 0
    return 1 if any(one.receipt for one in parts) else 2


class _Chosen:
    """What is told of each contract: in full, in a line, by its name, or nothing.

    Those that differ or are refuted come first: half of the room is for them in full. Then every
    contract has a line, then as many as fit are told in full. What has no line is named.
    """

    def __init__(
        self, renderer: PageRenderer, contracts: Sequence[ContractView], room: int
    ) -> None:
        self._renderer, self._contracts = renderer, contracts
        self._told: dict[int, tuple[Html, bool]] = {}
        """Number of a contract to its part, and whether that is in full."""
        names = sum(_size(each.stem) + 1 for each in contracts)
        names = names if names <= room * _NAMES else 0
        self._left = room - names
        order = sorted(range(len(contracts)), key=lambda at: _rank(contracts[at]))
        worth = [at for at in order if _rank(contracts[at]) == 0]
        self._tell(worth, self._left // 2, full=True)
        self._tell(order, self._left, full=False)
        if len(self._told) == len(contracts):
            self._left += names  # none is told by its name alone
            self._tell(order, self._left, full=True)
        rest = tuple(each.stem for at, each in enumerate(contracts) if at not in self._told)
        self.names = rest if names else ()
        self.unnamed = 0 if names else len(rest)

    @property
    def parts(self) -> tuple[Html, ...]:
        """The parts that the page has, in the order of files."""
        return tuple(self._told[at][0] for at in sorted(self._told))

    @property
    def lines(self) -> int:
        """How many are told in a line."""
        return sum(not full for _, full in self._told.values())

    def _tell(self, order: Sequence[int], room: int, *, full: bool) -> None:
        """Tell contracts in more detail as long as there is room."""
        misses = 0
        for at in order:
            before, was_full = self._told.get(at, (Html(), False))
            if was_full or (before and not full):
                continue
            part = self._renderer.part("full" if full else "line", self._contracts[at])
            more = _size(part) - _size(before)
            if more <= room:
                self._told[at] = (part, full)
                room -= more
                self._left -= more
            else:
                misses += 1
                if misses == _MISSES:
                    break
