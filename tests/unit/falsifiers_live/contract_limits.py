"""The entries of the live falsifiers, and their limits applied to measurements."""

from functools import cache
from pathlib import Path
from typing import Any

from pv.compare import judge
from pv.discharge import validity
from pv.falsifiers.interface import Run
from pv.model.contract import Companion, Falsifier
from pv.model.measurement import Measurements
from pv.registry.contracts import load_contracts

ROOT = Path(__file__).parents[3]


@cache
def entry(number: str) -> Falsifier:
    """Return an entry of our own registry: FALSIFY-FFN-GGUF-<number>, or by its short id."""
    wanted = f"FALSIFY-{number}" if "-" in number else f"FALSIFY-FFN-GGUF-{number}"
    loaded = load_contracts(ROOT, (wanted,))
    found = [one for each in loaded if each.contract for one in each.contract.falsifiers]
    return next(one for one in found if one.id == wanted)


def run_of(number: str, *, fault: str | None = None, shared: Any = None, **changes: Any) -> Run:
    """Return a run with the parameters of the contract."""
    parameters = {**entry(number).parameters, **changes}
    return Run(parameters, fault=fault, shared={} if shared is None else shared)


def unmet(of: Falsifier | Companion, measured: Measurements) -> set[str]:
    """Return the metrics that miss a limit; every number has to be finite."""
    assert not validity.faults(measured)
    values = validity.values(measured)
    assert {each.metric for each in of.expect} <= set(values)
    comparisons = [judge(each, values[each.metric]) for each in of.expect]
    return {each.metric for each in comparisons if not each.met}
