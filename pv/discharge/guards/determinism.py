"""Determinism: the same seed gives the same bits.

What it asks
    Does a run repeat, to the last bit, on this machine; and within the declared bound on another?
Why
    A number that moves from run to run cannot be golden, its limit is met by luck, and whoever
    repeats the command finds something else. A clock, an unseeded draw, the order of a set or of
    threads are enough.
When it stops a verdict
    A second run measured other bits than the first, or did not measure. An earlier receipt over
    the same claim, sources, model and machine has other bits. One from another machine or device
    differs by more than the `across` that a metric declares. Metrics of time are left out.
What a harness gives
    Its seeds; `across` on metrics that may be compared between devices. Who runs twice: every
    question without a model, on a processor or a device, once more from nothing in the same
    process, so that compiled code is not compiled again. Questions over a model read gigabytes,
    and the simulator is slow: they are compared with earlier receipts, and the first has none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pv.compare import judge
from pv.discharge.guards.interface import Earlier, Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Measurements, Metric, Sample, Value
from pv.model.receipt import GuardResult

NAME: Final = "determinism"
TIMES: Final = frozenset({"s", "ms", "us", "ns", "1/s", "tokens/s", "B/s", "GB/s", "GiB/s"})
"""Units of what no seed repeats."""
_EVIDENCE: Final = ("ratios", "chains", "conditionings", "intervals", "rechecks", "seeds", "series")
_SAME_MACHINE: Final = (
    *("device", "processor", "machine", "packages", "libraries", "outside", "accelerator"),
)


def check(seen: Seen) -> GuardResult:
    """Trip where one seed gave two answers."""
    if seen.again is None and not seen.again_failed and seen.earlier is None:
        return silent(NAME, "there is one run, and no receipt to compare it with")
    receipts = seen.earlier or ()
    here = [each for each in receipts if _same(each.environment, seen.environment)]
    elsewhere = [each for each in receipts if each not in here]
    faults = [f"the second run {seen.again_failed}"] if seen.again_failed else []
    if seen.again is not None:
        faults += _prefixed("a second run", _other_bits(seen.measurements, seen.again))
    for each in here:
        faults += _prefixed(each.path, _other_bits(seen.measurements, each.measurements))
    for each in elsewhere:
        faults += _prefixed(each.path, _apart(seen.measurements, each))
    # How many receipts there were is left out: a report, and the identity of a receipt, do not
    # depend on what lies beside them.
    alone = "no receipt over the same sources has other bits"
    reason = "; ".join(faults) or (alone if seen.again is None else "a second run, the same bits")
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason)


def _prefixed(who: str, faults: Iterator[str]) -> list[str]:
    return [f"{who} has {fault}" for fault in faults][:1]


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) == other.get(name) for name in _SAME_MACHINE)


def _other_bits(one: Measurements, other: Measurements) -> Iterator[str]:
    """Yield what differs; texts of floats are compared, which are exact and tell -0 from 0."""
    left, right = (_timeless(each) for each in (one, other))
    if left.keys() != right.keys():
        yield f"other metrics: {', '.join(sorted(left.keys() ^ right.keys()))}"
    for name in left.keys() & right.keys():
        if _text(left[name].value) != _text(right[name].value):
            yield f"other bits of {name}: {_first_difference(left[name].value, right[name].value)}"
    plain = one.to_data(), other.to_data()
    for kind in _EVIDENCE:
        if _text(plain[0][kind]) != _text(plain[1][kind]):
            yield f"other {kind}"


def _timeless(measurements: Measurements) -> dict[str, Metric]:
    return {each.name: each for each in measurements.metrics if each.unit not in TIMES}


def _text(data: object) -> str:
    return json.dumps(data, sort_keys=True)


def _first_difference(one: Value, other: Value) -> str:
    if isinstance(one, tuple) and isinstance(other, tuple) and len(one) == len(other):
        index = next(i for i, pair in enumerate(zip(one, other, strict=True)) if pair[0] != pair[1])
        return f"{other[index]!r}, this one {one[index]!r} at [{index}]"
    return f"{other!r}, this one {one!r}"


def _apart(measured: Measurements, earlier: Earlier) -> Iterator[str]:
    """Yield the metrics that differ by more between machines than they declare."""
    there = {each.name: each.value for each in earlier.measurements.metrics}
    for metric in measured.metrics:
        if metric.across is None or metric.name not in there:
            continue
        other = there[metric.name]
        pairs = zip(_listed(metric.value), _listed(other), strict=False)
        for value, wanted in pairs:
            near = Expectation(
                metric.name, "near", wanted, "declared", (), metric.across * abs(wanted)
            )
            if not judge(near, value).met:
                yield (
                    f"{metric.name} {wanted:.6g} on another device, this one {value:.6g}:"
                    f" expected within {metric.across:.2g}"
                )
                return


def _listed(value: Value) -> tuple[int | float, ...]:
    return value if isinstance(value, tuple) else (value,)


def _twice(second: float) -> Seen:
    def measured(value: float) -> Measurements:
        over = Sample("none", 256, (256,), "none", "float64", "seeded rows")
        return Measurements((Metric("drift", value, "1", over),), seeds={"rows": 7})

    return Seen(measured(0.1), again=measured(second))


def trips() -> tuple[str, Seen]:
    """Return two runs of one seed that differ in the last bit."""
    return "one seed, and a second run one bit away", _twice(0.1 + 2.0**-56)


def leaves() -> tuple[str, Seen]:
    """Return two runs with the same bits."""
    return "one seed, two runs, the same bits", _twice(0.1)
