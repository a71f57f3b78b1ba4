"""Five whys of a contract's status: from the word down to a limit, its reason, and its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pv.model.contract import BindingKind, Contract, Falsifier, short_id
from pv.model.status import ContractStatus, FalsifierStatus, Standing
from pv.model.verdict import State
from pv.report.numbers import measured
from pv.report.overview_view import WhyView

_RUNS: Final = (
    *(BindingKind.HARNESS, BindingKind.PYTEST, BindingKind.CARGO),
    *(BindingKind.COMMAND, BindingKind.TEXT),
)


def whys(contract: Contract, status: ContractStatus) -> Iterator[WhyView]:
    """Yield questions with their answers, at most five; fewer where the evidence ends sooner."""
    moved = status.claimed or "none"
    where = f"at {status.derived}"
    if status.standing in (Standing.AHEAD, Standing.BEHIND):
        where = f"at {status.derived}, where it claims {moved}"
    yield WhyView(
        f"Why does {contract.id} stand {where}?", "; ".join(status.reasons) or "nothing counts"
    )
    weakest = _weakest(contract, status)
    if weakest is None:
        return
    falsifier, its = weakest
    name = short_id(falsifier.id)
    yield WhyView(f"Why is {name} {its.state}?", "; ".join(its.reasons) or "no reason is on record")
    if its.receipt is None:
        yield from _unanswered(falsifier)
    else:
        yield from _answered(falsifier, its, name)


def _weakest(
    contract: Contract, status: ContractStatus
) -> tuple[Falsifier, FalsifierStatus] | None:
    """Return the falsifier that the status names as its weakest; without one, none."""
    said = " ".join(status.reasons)
    for falsifier, each in zip(contract.falsifiers, status.falsifiers, strict=True):
        if f" {each.id} is {each.state}" in said:
            return falsifier, each
    return None


def asking(falsifier: Falsifier) -> str:
    """Return the command that asks a falsifier."""
    return f"pv discharge {short_id(falsifier.id)}{' --live' if falsifier.live else ''}"


def _unanswered(falsifier: Falsifier) -> Iterator[WhyView]:
    binding = falsifier.binding
    runs = binding.kind in _RUNS
    if runs:
        said = f"it is bound to {binding.text}, and no receipt counts"
        yield WhyView("Why has no run answered it?", said)
    yield WhyView(
        "Why does that matter?", falsifier.if_fails or f"nothing else asks whether {falsifier.rule}"
    )
    command = f"{asking(falsifier)} --record"
    yield WhyView(
        "What would move it?",
        command if runs else f"a test that can be bound to it, then {command}",
    )


def _answered(falsifier: Falsifier, status: FalsifierStatus, name: str) -> Iterator[WhyView]:
    receipt = status.receipt
    predicate: Mapping[str, Any] = receipt.statement["predicate"] if receipt else {}
    compared = predicate.get("comparisons") or []
    if not compared:
        return
    worst = next((each for each in compared if not each["met"]), compared[0])
    yield WhyView(
        f"Why is its verdict {predicate['verdict']}?",
        f"{worst['metric']} is {measured(worst['value'])}, and the limit is {worst['op']}"
        f" {measured(worst['limit'])}",
    )
    yield WhyView("Why that limit?", worst["reason"] or "the contract does not say")
    if status.state is State.DISCHARGED or predicate["verdict"] == "HELD":
        faults = [each for each in predicate.get("controls", ()) if each["expected_red"]]
        red = sum(bool(each["red"]) for each in faults)
        yield WhyView(
            "Why believe that the limit can be missed?",
            f"{red} of {len(faults)} planted faults missed one in the same run of {name}"
            if faults
            else "no fault was planted: a command of its own judged itself",
        )
    else:
        yield WhyView("Why does that matter?", falsifier.if_fails or falsifier.rule)
