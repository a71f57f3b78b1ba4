"""Where a model stands as plain data for programs."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from pv.ship import ShipStanding


def data_of(model: ShipStanding) -> dict[str, Any]:
    """Return a standing as data: exact numbers as texts (`9/2`), percentages as floats too."""
    return {
        "id": model.id,
        "name": model.name,
        "percent": _float(model.percent),
        "exact_percent": _text(model.percent),
        "base": str(model.base),
        "credited": str(model.credited),
        "total": str(model.total),
        "asserted_percent": _float(model.asserted_percent),
        "asserted_by": model.asserted_by,
        "foreign_percent": _float(model.foreign_percent),
        "criteria": [
            {
                "id": each.id,
                "criterion": each.criterion,
                "weight": str(each.weight),
                "credit": str(each.credit),
                "state": each.state.value,
                "gates": {gate: state.value for gate, state in each.gates},
                "asserted": each.asserted,
                "foreign": each.foreign,
                "gain": _float(each.gain),
            }
            for each in model.criteria
        ],
        "not_applicable": dict(model.not_applicable),
        "open": [each.id for each in model.open],
        "next": model.next.id if model.next else None,
        "forecast": [
            {"if_discharged": each.id, "percent": _float(model.percent_with(each))}
            for each in model.open
        ],
    }


def _float(value: Fraction | None) -> float | None:
    return None if value is None else float(value)


def _text(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
