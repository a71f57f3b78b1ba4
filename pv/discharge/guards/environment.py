"""Environment: where a run was made is known, and fits what is claimed of it.

What it asks
    On which device, by which name, simulated or real; and was the machine free when time is judged?
Why
    What holds in a simulator may fail on every device. A speed that was measured on a throttled
    processor, or beside another load, is a figure of the load.
When it stops a verdict
    A run on a device does not know the device's name. A judged metric of time was measured while
    more processes wanted to run than there are processors, or at less than 90 % of the
    processor's highest frequency. In a simulator it trips nothing: it marks the verdict SIMULATOR,
    and such a verdict discharges nothing.
What a harness gives
    Nothing: the child process records processor, device, driver, packages and oracle libraries.
    Load and frequency stand in the receipt's `run` section, where time and duration stand, and
    make no two receipts different. Versions and libraries are recorded and not compared when a
    receipt is read: an upgrade makes nothing stale, and bits are compared under equal ones only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pv.compare import judge
from pv.discharge.guards.determinism import TIMES
from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Measurements, Metric, Sample
from pv.model.receipt import GuardResult
from pv.model.verdict import SIMULATOR

NAME: Final = "environment"
MARK: Final = "SIMULATOR"
_LEAST_CLOCK: Final = 0.9
"""Share of the highest frequency below which a processor is called throttled."""


def check(seen: Seen) -> GuardResult:
    """Mark a simulated run; trip where a device has no name, or time was taken under load."""
    where = seen.environment
    if not where:
        return silent(NAME, "where it ran was not recorded")
    device = str(where.get("device", ""))
    judged = {each.metric for each in seen.expect}
    timed = [e.name for e in seen.measurements.metrics if e.name in judged and e.unit in TIMES]
    faults = [*_unnamed(where, device)]
    if timed:
        faults += [f"{timed[0]} was timed {each}" for each in _disturbed(where)]
    accelerator = where.get("accelerator")
    name = accelerator.get("name") if isinstance(accelerator, Mapping) else where.get("processor")
    mark = MARK if device == SIMULATOR else ""
    reason = "; ".join(faults) or f"{device} on {name}" + (
        ", simulated: what holds here may fail on every device" if mark else ""
    )
    return GuardResult(
        NAME, applies=True, tripped=bool(faults), reason=reason, mark="" if faults else mark
    )


def _unnamed(where: Mapping[str, Any], device: str) -> Iterator[str]:
    if not device:
        yield "no device is recorded"
    accelerator = where.get("accelerator")
    named = isinstance(accelerator, Mapping) and accelerator.get("name")
    if device == "cuda" and not named:
        yield "it ran on a device whose name is not recorded"
    if device == "cpu" and not where.get("processor"):
        yield "it ran on a processor whose name is not recorded"


def _disturbed(where: Mapping[str, Any]) -> Iterator[str]:
    """Yield what beside the code on trial decides how long it takes."""
    about = where.get("surroundings")
    if not isinstance(about, Mapping):
        yield "without a record of load and frequency"
        return
    load, processors = about.get("load"), about.get("processors")
    if load is None or not _met(load, "<=", processors):
        yield f"under a load of {load} on {processors} processors"
    clock, highest = about.get("mhz"), about.get("highest_mhz")
    if clock and highest and not _met(clock, ">=", _LEAST_CLOCK * highest):
        yield f"at {clock:.0f} of {highest:.0f} MHz"


def _met(value: Any, op: str, limit: Any) -> bool:
    return judge(Expectation("surroundings", op, limit, "this guard", ()), value).met


def _speed(load: float) -> Seen:
    over = Sample("none", 1, (1,), "minimum", "float64", "3584 x 18944, one thread")
    about = {"load": load, "processors": 2, "mhz": 2900.0, "highest_mhz": 3000.0}
    where = {"device": "cpu", "processor": "an x86-64 processor", "surroundings": about}
    measured = Measurements((Metric("read", 9.0, "GB/s", over),))
    return Seen(measured, (Expectation("read", ">=", 8.0, "roofline", ()),), environment=where)


def trips() -> tuple[str, Seen]:
    """Return a speed that was measured beside something else."""
    return "a bandwidth measured on two processors under a load of 3.5", _speed(3.5)


def leaves() -> tuple[str, Seen]:
    """Return the same speed on a free machine."""
    return "the same bandwidth under a load of 0.4", _speed(0.4)
