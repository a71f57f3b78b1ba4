"""Models to ship: criteria, weights, and percentages that others assert."""

from __future__ import annotations

from pv.schema.parts import Date, Decimal, Number, Part, Text, maybe


class AssertedPercent(Part):
    """A percentage that someone typed."""

    table = "asserted_percent"
    value: Decimal
    by: Text
    date: Date
    reason: Text


class Foreign(Part):
    """Evidence made elsewhere."""

    table = "foreign"
    status: Text
    source: Text
    metric: str = maybe()
    value: Number = maybe()
    unit: str = maybe()
    note: str = maybe()


class Criterion(Part):
    """What must be shown before a model ships."""

    table = "criterion"
    id: Text
    criterion: Text
    gates: list[str] = maybe()
    weight: Decimal = maybe()
    status: str = maybe()
    foreign: Foreign = maybe()
    not_applicable: str = maybe()


class ShipModel(Part):
    """A model to ship with its criteria."""

    table = "ship_model"
    id: Text
    name: str = maybe()
    model: str = maybe()
    base: Decimal = maybe()
    credits: dict[str, Decimal] = maybe()
    reasons: dict[str, str] = maybe()
    asserted_percent: AssertedPercent = maybe()
    criteria: list[Criterion]
