"""Which receipts become pictures: live runs that measured something over the layers of a model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pv.errors import BadInputError
from pv.model.contract import short_id
from pv.model.measurement import Measurements, Series
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus
from pv.report.chart import line_chart
from pv.report.view import ChartView

_OVER = "layer"


def charts_of(statuses: Sequence[ContractStatus], base: str) -> Iterator[ChartView]:
    """Yield one chart for each quantity over layers, of the receipt that decides on each model."""
    for status in statuses:
        for falsifier in status.falsifiers:
            for model in falsifier.models:
                if model.receipt is not None:
                    yield from _charts(model.receipt, base)


def _charts(receipt: ReceiptView, base: str) -> Iterator[ChartView]:
    predicate = receipt.statement["predicate"]
    try:
        series = Measurements.from_data(predicate["measurements"]).series
    except (KeyError, TypeError) as error:
        raise BadInputError(f"{receipt.path}: measurements are incomplete: {error}") from error
    name = short_id(receipt.falsifier)
    model = receipt.model.name if receipt.model else ""
    for y_label, group in _by_quantity(series).items():
        title = f"{name} on {model}: {y_label}"
        yield ChartView(
            title=title,
            caption=f"{receipt.verdict}: {predicate['headline']}",
            path=f"{base}/charts/{_file_name(name, model, y_label)}.svg",
            svg=line_chart(title, group),
        )


def _by_quantity(series: Sequence[Series]) -> dict[str, list[Series]]:
    """Group series over layers by what they show, so that only like stands beside like."""
    groups: dict[str, list[Series]] = {}
    for each in series:
        if _OVER in each.x_label and len(each.x) > 1:
            groups.setdefault(each.y_label, []).append(each)
    return groups


def _file_name(*parts: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
