"""The SHIP percentages over the commits of a registry, as one picture.

What a commit came to does not change: it is kept below `.pv/cache`, and computed once.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Final

from pv.errors import PvError
from pv.evidence.shipping import fleet_at, past_commits
from pv.model.measurement import Series
from pv.report.chart import line_chart
from pv.stamps import tool_digest
from pv.tables import Tables, checked

_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS percentages (moment TEXT PRIMARY KEY, text TEXT, checksum BLOB)"
)
_GET: Final = "SELECT moment, text, checksum FROM percentages WHERE moment = ?"
_PUT: Final = "INSERT OR REPLACE INTO percentages (moment, text, checksum) VALUES (?,?,?)"
_SHORT: Final = 10


def curve(root: Path, limit: int) -> str:
    """Return the percentages over the latest commits that touched contracts; empty for none.

    A commit whose contracts cannot be read has no point. Raises UsageError where there is no
    history.
    """
    commits = past_commits(root, limit)
    tables = Tables(root, ("cache",), "ship-curve.sqlite", (_TABLE,))
    found: dict[str, list[tuple[float, float]]] = {}
    for number, commit in enumerate(commits, 1):
        for model, percent in _percentages(root, commit, tables).items():
            found.setdefault(model, []).append((float(number), percent))
    label = (
        f"commits that touched a contract or a receipt, {commits[0][:_SHORT]}" if commits else ""
    )
    series = [
        Series(name, f"{label} to {commits[-1][:_SHORT]}", "percent", *_steps(points))
        for name, points in found.items()
        if len(points) > 1
    ]
    return line_chart("SHIP percentage by receipts, over history", series) if series else ""


def _percentages(root: Path, commit: str, tables: Tables) -> Mapping[str, float]:
    """Return each model's percentage in a commit; none where it cannot be computed."""
    moment = f"{commit} {root} {tool_digest()}"
    kept = tables.ask(_GET, moment)
    if kept:
        found: dict[str, float] = json.loads(kept[0][1])
        return found
    try:
        shipments = fleet_at(root, commit).fleet.shipments
        standings = [each.standing for each in shipments]
    except PvError:  # of its time: a contract that said what is no number, a lifecycle gone wrong
        standings = []
    percents = {each.id: float(each.percent) for each in standings if each.percent is not None}
    tables.write((_PUT, checked([(moment, json.dumps(percents))])))
    return percents


def _steps(points: list[tuple[float, float]]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return points as a stair: a percentage holds until the commit that moves it."""
    xs, ys = [points[0][0]], [points[0][1]]
    for (_, before), (x, y) in pairwise(points):
        xs += [x, x]
        ys += [before, y]
    return tuple(xs), tuple(ys)
