"""Precision: what a number was accumulated in, and whether that moved it.

What it asks
    Is the type known in which every judged number was accumulated, its order where rounding makes
    the order part of the number, and do the worst elements survive float64?
Why
    A published amplification of 0.0113 is a float32 figure: float64 gives 0.01138, 1 % away. Two
    sums of the same terms in two orders differ in their bits, and only one of them is golden.
When it stops a verdict
    A judged metric has no dtype, or one that NumPy does not have. A sum, product, norm or mean was
    accumulated in float32 or less and names no order. A recheck in float64 is farther from the
    first computation than rounding in its type explains: what was measured is the arithmetic.
What a harness gives
    `dtype` and `order` of every sample; a `Recheck` of its worst elements, with an a-priori bound.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pv.compare import judge
from pv.discharge.guards.interface import Seen, silent
from pv.model.contract import Expectation
from pv.model.measurement import Measurements, Metric, Recheck, Sample
from pv.model.receipt import GuardResult

NAME: Final = "precision"
_WIDE: Final = frozenset({"float64", "float128", "longdouble", "complex128", "bool", "str"})
_NARROW: Final = frozenset({"float16", "float32", "complex64"})
_WHOLE: Final = frozenset(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64))
_ACCUMULATES: Final = ("sum", "dot", "l1", "l2", "mean", "root mean square", "std")


def check(seen: Seen) -> GuardResult:
    """Trip where type or order of an accumulation is not known, or float64 says otherwise."""
    judged = {each.metric for each in seen.expect}
    metrics = [each for each in seen.measurements.metrics if each.name in judged]
    rechecks = seen.measurements.rechecks
    if not metrics and not rechecks:
        return silent(NAME, "no metric is judged")
    faults = [fault for each in metrics for fault in _unknown(each)]
    numbers: dict[str, object] = {}
    for each in rechecks:
        fault, numbers[each.name] = _rechecked(each)
        faults += [fault] if fault else []
    types = ", ".join(dict.fromkeys(each.sample.dtype for each in metrics))
    count = sum(len(each.found) for each in rechecks)
    reason = "; ".join(faults) or (
        f"{types}; {count} elements agree with float64" if rechecks else types
    )
    return GuardResult(NAME, applies=True, tripped=bool(faults), reason=reason, numbers=numbers)


def _unknown(metric: Metric) -> Iterator[str]:
    over = metric.sample
    if over.dtype not in _WIDE | _NARROW | _WHOLE:
        yield f"{metric.name}: dtype is {over.dtype or 'not recorded'}, expected a NumPy type"
    elif over.dtype in _NARROW and over.reduction.startswith(_ACCUMULATES) and not over.order:
        yield f"{metric.name}: {over.reduction} accumulated in {over.dtype} in no named order"


def _rechecked(each: Recheck) -> tuple[str, dict[str, object]]:
    """Hold the first computation against float64, element by element."""
    apart = tuple(abs(one - other) for one, other in zip(each.found, each.exact, strict=True))
    explained = Expectation(f"|{each.name} - float64|", "<=", list(each.bound), "rounding", ())
    comparison = judge(explained, apart)
    index = comparison.index or 0
    numbers = {
        "dtype": each.dtype,
        "order": each.order,
        "element": index,
        "found": each.found[index],
        "float64": each.exact[index],
        "bound": each.bound[index],
    }
    if comparison.met:
        return "", numbers
    return (
        f"{each.name} is {each.found[index]:.6g} in {each.dtype} and {each.exact[index]:.6g} in"
        f" float64, {apart[index]:.2g} apart at [{index}] where rounding explains"
        f" {each.bound[index]:.2g}"
    ), numbers


def _softmax(found: float) -> Seen:
    over = Sample("none", 7, (7,), "l1", "float32", "published logits", order="index order")
    recheck = Recheck("drift", "float32", "index order", (found,), (5.8431e-6,), (1e-9,))
    measured = Measurements((Metric("drift", found, "1", over),), rechecks=(recheck,))
    return Seen(measured, (Expectation("drift", "<=", 1.0, "no amplifier", ()),))


def trips() -> tuple[str, Seen]:
    """Return the published softmax figure, which is rounding to 1 %."""
    return "a difference of two float32 probabilities near 1, set against float64", _softmax(
        5.782e-6
    )


def leaves() -> tuple[str, Seen]:
    """Return the same figure computed widely enough."""
    return "the same difference, within rounding of float64", _softmax(5.8433e-6)
