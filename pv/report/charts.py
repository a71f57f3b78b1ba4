"""Which receipts become pictures: live runs that measured something over the layers of a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pv.errors import BadInputError
from pv.model.contract import short_id
from pv.model.measurement import Measurements, Series
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus
from pv.report.chart import Band, line_chart
from pv.report.file_names import file_names
from pv.report.numbers import measured
from pv.report.view import ChartView

_OVER = "layer"


def charts_of(statuses: Sequence[ContractStatus], base: str) -> Iterator[ChartView]:
    """Yield one chart for each quantity over layers, of the receipt that decides on each model."""
    receipts = [
        model.receipt
        for status in statuses
        for falsifier in status.falsifiers
        for model in falsifier.models
        if model.receipt is not None
    ]
    drawn = [each for receipt in receipts for each in _charts(receipt)]
    names = file_names([name for name, _ in drawn], "chart")
    for name, (_, chart) in zip(names, drawn, strict=True):
        yield replace(chart, path=f"{base}/charts/{name}.svg")


def _charts(receipt: ReceiptView) -> Iterator[tuple[str, ChartView]]:
    """Yield what each chart of a receipt is about, with the chart, which has no path yet."""
    predicate = receipt.statement["predicate"]
    try:
        series = Measurements.from_data(predicate["measurements"]).series
    except (KeyError, TypeError) as error:
        raise BadInputError(f"{receipt.path}: measurements are incomplete: {error}") from error
    name = short_id(receipt.falsifier)
    model = receipt.model.name if receipt.model else ""
    for y_label, group in _by_quantity(series).items():
        title = f"{name} on {model}: {y_label}"
        caption = f"{receipt.verdict}: {predicate['headline']}"
        drawing = line_chart(title, group, log=True, bands=list(_bands(predicate, group)))
        yield f"{name}-{model}-{y_label}", ChartView(title, caption, "", drawing)


def _bands(predicate: Mapping[str, Any], series: Sequence[Series]) -> Iterator[Band]:
    """Yield the limits on what is drawn: those whose metric has the very values of a series."""
    for each in predicate["comparisons"]:
        drawn = each["value"]
        if isinstance(drawn, list) and any(list(one.y) == drawn for one in series):
            low, high = _allowed(each["op"], each["limit"])
            if low is not None or high is not None:
                label = f"limit: {each['op']} {measured(each['limit'])}"
                yield Band(low, high, label.replace(" 2 values,", ""))


def _allowed(op: str, limit: Any) -> tuple[float | None, float | None]:
    if op == "within" and isinstance(limit, list) and len(limit) == 2:
        return float(limit[0]), float(limit[1])
    if isinstance(limit, bool) or not isinstance(limit, int | float):
        return None, None
    above, below = op in (">", ">="), op in ("<", "<=")
    return (float(limit) if above else None), (float(limit) if below else None)


def _by_quantity(series: Sequence[Series]) -> dict[str, list[Series]]:
    """Group series over layers by what they show, so that only like stands beside like."""
    groups: dict[str, list[Series]] = {}
    for each in series:
        if _OVER in each.x_label and len(each.x) > 1:
            groups.setdefault(each.y_label, []).append(each)
    return groups
