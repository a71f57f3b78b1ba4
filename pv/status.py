"""States from receipts: what every claim of a contract comes to, by rule and without exception.

Pure: contract and receipts in, statuses out. Absence never counts as success: nothing reaches
DISCHARGED without a fresh HELD receipt at the level and on the models that the falsifier demands,
and a fresh REFUTED receipt demotes at once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pv.gate import gate_status
from pv.model.contract import BindingKind, Contract, Falsifier, Hypothesis, ModelReference
from pv.model.lifecycle import Lifecycle, Vocabulary, Word
from pv.model.receipt import ReceiptView
from pv.model.status import (
    ContractStatus,
    FalsifierStatus,
    HypothesisStatus,
    ModelStatus,
    StageStatus,
    Standing,
)
from pv.model.verdict import HypothesisVerdict, Level, State, Verdict
from pv.proxy import by_proxy
from pv.weighing import counts_as_live, headline_of, state_of, until

_UNRUNNABLE: Final = {
    BindingKind.PLANNED: State.PLANNED,
    BindingKind.BLOCKED: State.BLOCKED,
    BindingKind.MANUAL: State.MANUAL,
    BindingKind.ABSENT: State.PROPOSED,
    BindingKind.EXTERNAL: State.PROPOSED,
}
_WITHOUT_EVIDENCE: Final = frozenset({State.PROPOSED, State.PLANNED, State.BLOCKED, State.MANUAL})
_ANSWERED: Final = frozenset({State.DISCHARGED, State.PARTIAL_ALGORITHM_LEVEL})


def contract_status(
    contract: Contract,
    receipts: Sequence[ReceiptView],
    lifecycle: Lifecycle,
    *,
    unresolved: Mapping[str, str] | None = None,
    damaged: Sequence[tuple[str, str]] = (),
) -> ContractStatus:
    """Derive the status of a contract and of everything in it.

    `unresolved` holds the ids of falsifiers whose test reference leads nowhere, each with the
    reason, which may be empty.
    """
    astray = unresolved or {}
    falsifiers = tuple(
        falsifier_state(each, receipts, lifecycle, astray=astray.get(each.id))
        for each in contract.falsifiers
    )
    proxied = tuple(
        _by_proxy(entry, each, contract, falsifiers, lifecycle)
        for entry, each in zip(contract.falsifiers, falsifiers, strict=True)
    )
    return _assembled(contract, proxied, lifecycle, tuple(damaged))


def _by_proxy(
    falsifier: Falsifier,
    own: FalsifierStatus,
    contract: Contract,
    statuses: Sequence[FalsifierStatus],
    lifecycle: Lifecycle,
) -> FalsifierStatus:
    """Return the status of a falsifier with what a declared proxy shows for it."""
    found = by_proxy(falsifier, own, contract.falsifiers, statuses)
    if found is None:
        return own
    proxy, reason = found
    standing = _falsifier_standing(own.claimed, proxy.state, lifecycle)
    return dataclasses.replace(
        own, state=proxy.state, standing=standing, reasons=(reason,), receipt=proxy.receipt
    )


def restated(contract: Contract, status: ContractStatus, lifecycle: Lifecycle) -> ContractStatus:
    """Return a status whose states stay and whose claims are those of `contract`.

    The contract has the same falsifiers, in the same order, under other status words.
    """
    falsifiers = tuple(
        dataclasses.replace(
            each,
            claimed=entry.status,
            standing=_falsifier_standing(entry.status, each.state, lifecycle),
        )
        for entry, each in zip(contract.falsifiers, status.falsifiers, strict=True)
    )
    return _assembled(contract, falsifiers, lifecycle, status.damaged)


def _assembled(
    contract: Contract,
    falsifiers: tuple[FalsifierStatus, ...],
    lifecycle: Lifecycle,
    damaged: tuple[tuple[str, str], ...],
) -> ContractStatus:
    """Return what the states of the falsifiers make of the contract and all else in it."""
    states = {each.id: each.state for each in falsifiers}
    blocking = [each for each in falsifiers if each.blocking and each.state is not State.MANUAL]
    derived, standing, reasons = _furthest(lifecycle, lifecycle.contract, contract.status, blocking)
    return ContractStatus(
        id=contract.id,
        file=contract.file,
        claimed=contract.status,
        derived=derived,
        standing=standing,
        reasons=reasons,
        falsifiers=falsifiers,
        stages=_stages(contract, falsifiers, lifecycle),
        hypotheses=tuple(
            hypothesis_status(each, contract.falsifiers, falsifiers, lifecycle)
            for each in contract.hypotheses
        ),
        gate=gate_status(contract.data.get("qa_gate"), states),
        damaged=damaged,
    )


# Falsifiers


def falsifier_state(
    falsifier: Falsifier,
    receipts: Sequence[ReceiptView],
    lifecycle: Lifecycle,
    *,
    astray: str | None = None,
) -> FalsifierStatus:
    """Derive the state of one falsifier from those of the receipts that are its own.

    `astray` says why its test reference leads nowhere, as far as that is known; None where it does.
    """
    own = tuple(each for each in receipts if each.falsifier == falsifier.id)
    models: tuple[ModelStatus, ...] = ()
    kind, receipt = falsifier.binding.kind, None
    elsewhere = [each for each in own if each.level is Level.FOREIGN]
    if kind is BindingKind.EXTERNAL and elsewhere:
        state, receipt, reasons = state_of(elsewhere)
    elif kind in _UNRUNNABLE:
        state = _UNRUNNABLE[kind]
        reasons = [falsifier.binding.reason or "nothing is bound"]
    elif astray is not None:
        named = " ".join(falsifier.binding.text.split())
        state, reasons = State.PROPOSED, [astray or f"{named!r} leads to no test"]
    elif kind is BindingKind.AWAITS:
        state, receipt, reasons = _from_outside(falsifier, own)
    elif falsifier.models is None:
        state, receipt, reasons = state_of([each for each in own if each.model is None])
    else:
        models = tuple(_on_model(each, own) for each in falsifier.models.accept)
        state, receipt, reasons = _over_models(falsifier, models, own)
    if elsewhere and state in _WITHOUT_EVIDENCE:
        reasons = [*reasons, f"foreign, not counted: {headline_of(elsewhere[-1])}"]
    return FalsifierStatus(
        falsifier.id,
        falsifier.status,
        state,
        _falsifier_standing(falsifier.status, state, lifecycle),
        tuple(reasons),
        models,
        receipt,
        own,
        falsifier.live,
        falsifier.blocking,
        tuple(f"{each.metric}=NUMBER {each.unit}" for each in falsifier.expect)
        if kind is BindingKind.AWAITS
        else (),
    )


def _from_outside(
    falsifier: Falsifier, receipts: Sequence[ReceiptView]
) -> tuple[State, ReceiptView | None, list[str]]:
    """Return what a number from outside leads to: never a discharge, as nothing ran here."""
    state, receipt, reasons = state_of([each for each in receipts if each.level is Level.FOREIGN])
    if state is State.BOUND:
        wanted = ", ".join(f"{each.metric} in {each.unit}" for each in falsifier.expect)
        source = falsifier.binding.details.get("source", "outside")
        return State.BLOCKED, None, [f"awaits {wanted or 'a number'} from {source}"]
    return state, receipt, reasons


def _on_model(reference: ModelReference, receipts: Sequence[ReceiptView]) -> ModelStatus:
    """Return the state on one accepted model; only live receipts of exactly that file count."""
    if not reference.recorded:
        return ModelStatus(reference.name, State.BOUND, None)
    own = [
        each
        for each in receipts
        if each.model is not None
        and each.model.name == reference.name
        and each.model.sha256 == reference.sha256
        and each.level is Level.LIVE
    ]
    state, receipt, _ = state_of(own)
    return ModelStatus(reference.name, state, receipt)


def _over_models(
    falsifier: Falsifier, models: Sequence[ModelStatus], own: Sequence[ReceiptView]
) -> tuple[State, ReceiptView | None, list[str]]:
    """Roll up over models: the worst counts, then the quorum, and what is open stays open."""
    synthetic, on_synthetic, _ = state_of([each for each in own if each.model is None])
    if synthetic is State.DISCHARGED:
        synthetic = State.PARTIAL_ALGORITHM_LEVEL
    found = {model.state: model.receipt for model in reversed(models)}
    found.setdefault(synthetic, on_synthetic)
    discharged = [model.name for model in models if model.state is State.DISCHARGED]
    any_counts = falsifier.models is not None and falsifier.models.quorum == "any"
    needed = 1 if any_counts else len(models)
    reasons = [_on(model) for model in models] or ["no model is accepted"]
    for state in (State.REFUTED, State.INCONCLUSIVE):
        if state in found:
            return state, found[state], reasons
    if models and len(discharged) >= needed:
        return State.DISCHARGED, found[State.DISCHARGED], reasons
    if State.STALE in found:
        return State.STALE, found[State.STALE], reasons
    for state in (State.DISCHARGED, State.PARTIAL_ALGORITHM_LEVEL):
        if state in found:
            return State.PARTIAL_ALGORITHM_LEVEL, found[state], reasons
    return State.BOUND, None, reasons


def _on(model: ModelStatus) -> str:
    last = until(model.receipt) if model.receipt and model.state in _ANSWERED else []
    return ", ".join([f"{model.name}: {model.state}", *last])


def _falsifier_standing(claimed: str | None, state: State, lifecycle: Lifecycle) -> Standing:
    if claimed is None:
        return Standing.UNCLAIMED
    word = lifecycle.falsifier.word(claimed)
    if word is None or word.state is None:
        return Standing.AHEAD  # a word that nothing can support
    if word.state is state or {word.state, state} <= _WITHOUT_EVIDENCE:
        return Standing.AGREES
    modest = lifecycle.rank(word.state) <= lifecycle.rank(State.BOUND)
    if modest and state in (State.STALE, State.INCONCLUSIVE):
        return Standing.BEHIND  # something was run, and the claim does not say so
    ahead = lifecycle.rank(word.state) > lifecycle.rank(state)
    return Standing.AHEAD if ahead else Standing.BEHIND


# Contracts and stages


def _furthest(
    lifecycle: Lifecycle,
    vocabulary: Vocabulary,
    claimed: str | None,
    counting: Sequence[FalsifierStatus],
) -> tuple[str, Standing, tuple[str, ...]]:
    """Return the furthest word that the falsifiers permit, and how the claim stands to it."""
    weakest = min(counting, key=lambda each: lifecycle.rank(each.state), default=None)
    reason = f"weakest: {weakest.id} is {weakest.state}" if weakest else "no falsifier counts"

    def permitted(word: Word) -> bool:
        if word.needs is None:
            return True
        far = weakest is not None and lifecycle.rank(weakest.state) >= lifecycle.rank(word.needs)
        return far and (not word.live or any(_held_live(each) for each in counting))

    ladder = [vocabulary.words[name] for name in vocabulary.ladder]
    best = max(
        (word for word in ladder if permitted(word)),
        key=lambda word: (_height(lifecycle, word), ladder.index(word)),
        default=ladder[0],
    )
    if claimed is None:
        return best.name, Standing.UNCLAIMED, (reason,)
    word = vocabulary.word(claimed)
    if word is None:
        return best.name, Standing.AHEAD, (f"{claimed!r} is no status word", reason)
    if word.decision:
        return word.name, Standing.AGREES, ("a decision",)
    if not permitted(word):
        return best.name, Standing.AHEAD, (reason,)
    if _height(lifecycle, word) >= _height(lifecycle, best):
        return word.name, Standing.AGREES, (reason,)
    return best.name, Standing.BEHIND, (reason,)


def _height(lifecycle: Lifecycle, word: Word) -> tuple[int, bool]:
    return (-1 if word.needs is None else lifecycle.rank(word.needs), word.live)


def _held_live(status: FalsifierStatus) -> bool:
    return any(map(counts_as_live, status.receipts))


def _stages(
    contract: Contract, falsifiers: Sequence[FalsifierStatus], lifecycle: Lifecycle
) -> tuple[StageStatus, ...]:
    known = {each.id: each for each in falsifiers}
    found = []
    for stage in contract.stages:
        gates = [known[gate] for gate in stage.gates if gate in known]
        unknown = [gate for gate in stage.gates if gate not in known]
        counting = gates if not unknown else []
        derived, standing, reasons = _furthest(lifecycle, lifecycle.stage, stage.status, counting)
        absent = tuple(f"gate {gate} is no falsifier of this contract" for gate in unknown)
        found.append(StageStatus(stage.id, stage.status, derived, standing, (*absent, *reasons)))
    return tuple(found)


# Hypotheses


def hypothesis_status(
    hypothesis: Hypothesis,
    falsifiers: Sequence[Falsifier],
    statuses: Sequence[FalsifierStatus],
    lifecycle: Lifecycle,
) -> HypothesisStatus:
    """Derive the verdict on a hypothesis from the falsifiers that decide it."""
    states = {each.id: each.state for each in statuses}
    reasons_of = {each.id: "; ".join(each.reasons) for each in statuses}
    answers: dict[str, str] = {}
    reasons: list[str] = []
    on_partial: list[str] = []
    for falsifier in falsifiers:
        decisions = falsifier.decides.get(hypothesis.id)
        if decisions is None:
            continue
        verdict = _verdict_of(states[falsifier.id])
        answer = decisions.get(verdict) if verdict else None
        partial = states[falsifier.id] is State.PARTIAL_ALGORITHM_LEVEL
        if answer is None:
            reasons.append(f"{falsifier.id} ({states[falsifier.id]}) has no answer")
        else:
            answers[falsifier.id] = answer
            weak = f", on partial evidence: {reasons_of[falsifier.id]}" if partial else ""
            reasons.append(f"{falsifier.id} ({states[falsifier.id]}) says {answer}{weak}")
            on_partial += [falsifier.id] if partial else []
    derived = _agreed(answers.values(), lifecycle)
    if len(set(answers.values())) > 1:
        reasons.insert(0, "the answers disagree")
    standing = _hypothesis_standing(hypothesis.verdict, derived, lifecycle)
    why = tuple(reasons) or ("no falsifier decides it",)
    return HypothesisStatus(
        hypothesis.id,
        hypothesis.verdict,
        derived,
        standing,
        tuple(answers),
        why,
        tuple(on_partial),
    )


def _verdict_of(state: State) -> str | None:
    if state in _ANSWERED:
        return Verdict.HELD.value
    return Verdict.REFUTED.value if state is State.REFUTED else None


def _agreed(answers: Any, lifecycle: Lifecycle) -> HypothesisVerdict:
    words = {lifecycle.hypothesis.word(str(each)) for each in answers}
    if len(words) != 1:
        return HypothesisVerdict.UNTESTED
    (word,) = words
    return word.verdict if word and word.verdict else HypothesisVerdict.UNTESTED


def _hypothesis_standing(
    claimed: str | None, derived: HypothesisVerdict, lifecycle: Lifecycle
) -> Standing:
    if claimed is None:
        return Standing.UNCLAIMED
    word = lifecycle.hypothesis.word(claimed)
    if word is not None and (word.decision or word.verdict is derived):
        return Standing.AGREES
    modest = word is not None and word.verdict is HypothesisVerdict.UNTESTED
    return Standing.BEHIND if modest else Standing.AHEAD
