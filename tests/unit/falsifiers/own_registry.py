"""Our own registry's synthetic falsifiers: run one directly and judge it by its own limits."""

from functools import cache
from pathlib import Path
from typing import Any

from pv.compare import judge
from pv.discharge import validity
from pv.discharge.worker import load_harness
from pv.falsifiers.interface import Harness, Run
from pv.model.contract import Companion, Falsifier
from pv.model.measurement import Measurements, Value
from pv.registry.contracts import load_contracts

ROOT = Path(__file__).parents[3]
CONTRACTS = ("C-TRACE-FFN-SUB-BLOCK-GGUF", "C-Q4K-Q8K-KERNELS", "C-BLOCK-FORMAT-KERNELS")


def synthetic() -> dict[str, Falsifier]:
    """Return the falsifiers of ours that ask for no model and no device, by short id."""
    return {short: one for short, one in bound().items() if not one.device}


@cache
def bound() -> dict[str, Falsifier]:
    """Return the falsifiers of ours with a harness that asks for no model, by short id."""
    return {
        one.id.removeprefix("FALSIFY-"): one
        for each in load_contracts(ROOT)
        if each.contract and each.contract.id in CONTRACTS
        for one in each.contract.falsifiers
        if one.binding.kind == "harness" and not one.live
    }


def harness(of: Falsifier | Companion) -> Harness:
    """Return the function that an entry names."""
    return load_harness(ROOT, of.binding.text if isinstance(of, Falsifier) else of.harness)


def measure(
    of: Falsifier | Companion,
    *,
    fault: str | None = None,
    shared: dict[str, Any] | None = None,
    **changes: Any,
) -> Measurements:
    """Run an entry once, with its own parameters and the given changes of them."""
    parameters = {**of.parameters, **changes}
    return harness(of)(Run(parameters, fault=fault, shared={} if shared is None else shared))


def numbers(measured: Measurements) -> dict[str, Value]:
    """Return metrics and quotients by name; every number has to be usable."""
    assert validity.faults(measured) == ()
    return validity.values(measured)


def unmet(of: Falsifier | Companion, measured: Measurements) -> set[str]:
    """Return the metrics that miss a limit of the entry."""
    found = numbers(measured)
    assert {each.metric for each in of.expect} <= set(found)
    return {each.metric for each in of.expect if not judge(each, found[each.metric]).met}
