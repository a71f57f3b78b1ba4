"""A plan as text and as JSON: what would run, where, why, and what is answered already."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from pv import __version__
from pv.discharge.job import Job, device_class
from pv.discharge.outside import of_falsifier, shown
from pv.model.contract import short_id
from pv.model.receipt import Outcome
from pv.output.escape import escape
from pv.output.fold import folded

SCHEMA_VERSION: Final = 1
_NAME: Final = 19
_ACTION: Final = 8


def plan_text(items: Sequence[Job | Outcome]) -> str:
    """Return a line for each item, wrapped: name, what is done, where, and why."""
    lines = []
    for row in map(_row, items):
        where = " ".join(part for part in (row["runner"], row["level"], row["on"]) if part)
        line = f"{row['falsifier']:<{_NAME}}  {row['action']:<{_ACTION}}  {where}: {row['why']}"
        lines.append(folded(escape(line), _NAME + _ACTION + 4))
    counts = Counter(str(_row(each)["action"]) for each in items)
    told = ", ".join(f"{number:,} {action}" for action, number in counts.items())
    return "\n".join([*lines, "", f"plan: {told or 'nothing'}; nothing was run (exit 0)"]) + "\n"


def plan_json(items: Sequence[Job | Outcome]) -> str:
    """Return the same rows as one JSON document."""
    data = {
        "schema_version": SCHEMA_VERSION,
        "tool_version": __version__,
        "plan": [{**_row(each), **_more(each)} for each in items],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _row(item: Job | Outcome) -> dict[str, str]:
    model = item.model.name if item.model else ""
    if isinstance(item, Job):
        return {
            "falsifier": short_id(item.falsifier.id),
            "contract": item.contract.id,
            "action": "run",
            "runner": str(item.falsifier.binding.kind),
            "level": item.level.lower(),
            "on": f"{model or 'no model'}, {device_class(item.device)}",
            "why": _why(item),
        }
    return {
        "falsifier": short_id(item.falsifier),
        "contract": item.contract,
        "action": "reuse" if item.reused else str(item.verdict),
        "runner": "",
        "level": item.level.lower(),
        "on": model,
        "why": f"{item.verdict} by {item.receipt}" if item.reused else item.headline,
    }


def _why(job: Job) -> str:
    """Return why a job runs, what it reads of the user's environment, and whether it runs alone."""
    outside = shown(of_falsifier(job.root, job.falsifier))
    told = (
        job.why or "asked for",
        f"reads {outside}" if outside else "",
        "runs alone, behind the others" if job.alone else "",
    )
    return "; ".join(filter(None, told))


def _more(item: Job | Outcome) -> dict[str, Any]:
    """Return what only programs ask for."""
    if isinstance(item, Outcome):
        return {"receipt": item.receipt, "verdict": str(item.verdict)}
    return {
        "reference": item.falsifier.binding.text,
        "controls": [*item.falsifier.controls, *item.falsifier.green_controls],
        "seconds": item.limits.seconds,
        "memory": item.limits.memory,
    }
