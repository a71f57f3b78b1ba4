"""Which claims of a contract may move, and why others may not; pure.

A promotion follows evidence that is there, and never runs ahead of it; a demotion follows evidence
that is gone. Both go only where the lifecycle table allows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple, TypeAlias

from pv.evidence.folders import REGISTRY
from pv.model.contract import Contract, Path, short_id
from pv.model.lifecycle import Lifecycle, Vocabulary
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus, FalsifierStatus, Standing
from pv.model.verdict import HypothesisVerdict, State
from pv.status import restated

_STATUS: Final = ("status", "discharge_status")
_RECEIPTS: Final = f"{'/'.join(REGISTRY)}/"


class Claim(NamedTuple):
    """One claim of a contract beside what its receipts support."""

    kind: str
    """`contract`, `falsifier`, `stage` or `hypothesis`."""
    id: str
    path: Path
    """Place of the status word; there may be none yet."""
    claimed: str | None
    derived: str
    standing: Standing
    reasons: tuple[str, ...]
    receipts: tuple[str, ...] = ()
    """Of a falsifier: paths of the receipts that decide its state, and outlive an edit of it."""
    binding: str = ""
    """Of a falsifier: what runs."""


class Move(NamedTuple):
    """A claim that moves, with the evidence for it."""

    claim: Claim
    after: str

    @property
    def text(self) -> str:
        """The move with its evidence, in a line."""
        before = self.claim.claimed or "no status"
        return f"{self.claim.id}: {before} → {self.after} ({'; '.join(self.claim.reasons)})"


class Refusal(NamedTuple):
    """A move that was asked for and is not made."""

    claim: Claim
    wanted: str
    reason: str


class Repoint(NamedTuple):
    """A claim that stays, and names other receipts than those that bear it now."""

    claim: Claim
    before: tuple[str, ...]
    """The paths that it names."""


def told(moves: Sequence[Move], repoints: Sequence[Repoint] = ()) -> list[str]:
    """Return lines for a changelog: what makes the same move stands together."""
    groups: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        step = move.claim.claimed or "no status", move.after
        groups.setdefault(step, []).append(short_id(move.claim.id))
    lines = [f"{', '.join(ids)}: {one} → {other}" for (one, other), ids in groups.items()]
    if repoints:
        named = ", ".join(short_id(each.claim.id) for each in repoints)
        lines.append(f"{named}: evidence names the receipts that bear the claim now")
    return lines


Answer: TypeAlias = "Move | Repoint | Refusal"


def claims(contract: Contract, status: ContractStatus, lifecycle: Lifecycle) -> Iterator[Claim]:
    """Yield every claim of a contract, the contract's own first."""
    yield Claim(
        "contract",
        contract.stem,
        _home(contract),
        status.claimed,
        status.derived,
        status.standing,
        status.reasons,
    )
    for falsifier, one in zip(contract.falsifiers, status.falsifiers, strict=True):
        yield Claim(
            "falsifier",
            one.id,
            _typed(contract, falsifier.path),
            one.claimed,
            _word_of(one.state, lifecycle.falsifier),
            one.standing,
            one.reasons,
            tuple(each.path for each in _deciding(one) if not rests_on(each, contract.file)),
            falsifier.binding.text,
        )
    stages = {each.id: each.path for each in contract.stages}
    for stage in status.stages:
        path = (*stages[stage.id], "status")
        yield Claim(
            "stage", stage.id, path, stage.claimed, stage.derived, stage.standing, stage.reasons
        )
    hypotheses = {each.id: each.path for each in contract.hypotheses}
    for each in status.hypotheses:
        path = (*hypotheses[each.id], "verdict")
        derived = each.derived.value
        yield Claim("hypothesis", each.id, path, each.claimed, derived, each.standing, each.reasons)


def _home(contract: Contract) -> Path:
    """Return where the status of a contract stands, or would stand."""
    metadata = contract.data.get("metadata")
    if not isinstance(metadata, dict):
        return _typed(contract, ())
    inside = any(key in metadata for key in _STATUS)
    outside = any(key in contract.data for key in _STATUS)
    return _typed(contract, () if outside and not inside else ("metadata",))


def _typed(contract: Contract, path: Path) -> Path:
    """Return where the status of the mapping at a path stands: under our key where it has none."""
    holder: Any = contract.data
    for step in path:
        holder = holder[step]
    return (*path, next((key for key in _STATUS if key in holder), _STATUS[0]))


def _deciding(status: FalsifierStatus) -> Iterable[ReceiptView]:
    """Return the receipts that decide a state: one, or one for each model."""
    views = [*(each.receipt for each in status.models), status.receipt]
    return {each.path: each for each in views if each is not None}.values()


def rests_on(receipt: ReceiptView, file: str) -> bool:
    """Tell whether a run read a file of the registry: any edit of it makes the receipt stale."""
    return any(
        each.get("name") == f"source:{file}" for each in receipt.statement.get("subject", ())
    )


def resting_on(file: str, statuses: Iterable[ContractStatus]) -> tuple[str, ...]:
    """Return the falsifiers whose deciding receipts an edit of a file makes stale."""
    return tuple(
        one.id
        for status in statuses
        for one in status.falsifiers
        if any(rests_on(each, file) for each in _deciding(one))
    )


def _word_of(state: State, vocabulary: Vocabulary) -> str:
    """Return the word for a derived state: its own name where the vocabulary has it."""
    words = [word.name for word in vocabulary.words.values() if word.state is state]
    return state.value if state.value in words or not words else words[0]


def forbidden(claim: Claim, lifecycle: Lifecycle) -> Refusal | None:
    """Return the next word up that the evidence does not bear, with the reason; None at the top."""
    ladder = _vocabulary(claim, lifecycle).ladder
    reason = "; ".join(claim.reasons)
    if claim.kind == "falsifier":
        top = _word_of(State.DISCHARGED, lifecycle.falsifier)
        return None if claim.derived == top else Refusal(claim, top, reason)
    if claim.kind == "hypothesis":
        open_ = claim.derived == HypothesisVerdict.UNTESTED
        return Refusal(claim, "a verdict", reason) if open_ else None
    if claim.derived not in ladder or claim.derived == ladder[-1]:
        return None
    return Refusal(claim, ladder[ladder.index(claim.derived) + 1], reason)


def following(every: Sequence[Claim], lifecycle: Lifecycle, standing: Standing) -> list[Answer]:
    """Return the moves of all claims that stand so to what their receipts support.

    BEHIND gives promotions, AHEAD demotions. A decision of people moves by nobody but them. Where
    the table has no direct move it goes as far along the ladder as there is one.
    """
    return [
        _furthest(claim, lifecycle)
        for claim in every
        if claim.standing is standing and claim.derived != claim.claimed
    ]


def repoints(contract: Contract, every: Sequence[Claim]) -> Iterator[Repoint]:
    """Yield the claims of a contract that agree with receipts which their pointers do not name."""
    for claim in every:
        if claim.kind != "falsifier" or claim.standing is not Standing.AGREES:
            continue
        holder: Any = contract.data
        for step in claim.path[:-1]:
            holder = holder[step]
        held = holder.get("evidence")
        named = tuple(held) if isinstance(held, list) else (held,)
        if claim.receipts and is_pointer(held) and not set(named) <= set(claim.receipts):
            yield Repoint(claim, named)


def is_pointer(held: object) -> bool:
    """Tell whether what stands under `evidence` names receipts of the registry and nothing else."""
    texts = held if isinstance(held, list) else [held]
    return all(isinstance(each, str) and each.startswith(_RECEIPTS) for each in texts)


def _furthest(claim: Claim, lifecycle: Lifecycle) -> Answer:
    ladder = _vocabulary(claim, lifecycle).ladder
    below = ladder[: ladder.index(claim.derived)] if claim.derived in ladder else ()
    answers = [_checked(claim, word, lifecycle) for word in (claim.derived, *reversed(below))]
    moving = (each for each in answers if isinstance(each, Move) and each.after != claim.claimed)
    return next(moving, answers[0])


def to_word(
    contract: Contract,
    claim: Claim,
    wanted: str,
    status: ContractStatus,
    lifecycle: Lifecycle,
) -> Answer:
    """Return the move of one claim to a word, or why its evidence or the table forbids it."""
    word = _vocabulary(claim, lifecycle).word(wanted)
    if word is None:
        known = ", ".join(_vocabulary(claim, lifecycle).words)
        return Refusal(claim, wanted, f"{wanted!r} is no word of a {claim.kind}, known: {known}")
    if claim.claimed and _vocabulary(claim, lifecycle).word(claim.claimed) == word:
        return Refusal(claim, wanted, f"it is {word.name} already")
    standing, reasons = _standing_as(contract, claim, word.name, status, lifecycle)
    if standing is Standing.AHEAD:
        return Refusal(claim, word.name, f"its evidence is behind: {'; '.join(reasons)}")
    return _checked(claim._replace(reasons=reasons), word.name, lifecycle)


def _checked(claim: Claim, after: str, lifecycle: Lifecycle) -> Answer:
    """Hold a move against the table; a word that nobody knows may be left for any known one."""
    vocabulary = _vocabulary(claim, lifecycle)
    before = vocabulary.word(claim.claimed) if claim.claimed else None
    if before is not None and not vocabulary.allows(before.name, after):
        listed = ", ".join(vocabulary.moves.get(before.name, ())) or "nothing"
        reason = f"the lifecycle leads from {before.name} to {listed}"
        return Refusal(claim, after, reason)
    return Move(claim, after)


def _vocabulary(claim: Claim, lifecycle: Lifecycle) -> Vocabulary:
    found: Vocabulary = getattr(lifecycle, claim.kind)
    return found


def _standing_as(
    contract: Contract, claim: Claim, word: str, status: ContractStatus, lifecycle: Lifecycle
) -> tuple[Standing, tuple[str, ...]]:
    """Return how a claim would stand if it said another word: derived anew, by the same rules."""
    claimed = _claiming(contract, claim, word)
    again = restated(claimed, status, lifecycle)
    for each in claims(claimed, again, lifecycle):
        if (each.kind, each.id) == (claim.kind, claim.id):
            return each.standing, each.reasons
    raise AssertionError(claim.id)  # the claim came from this contract


def _claiming(contract: Contract, claim: Claim, word: str) -> Contract:
    """Return the contract as if one of its claims said another word."""
    if claim.kind == "contract":
        return replace(contract, status=word)
    if claim.kind == "hypothesis":
        return replace(
            contract,
            hypotheses=tuple(
                each._replace(verdict=word) if each.id == claim.id else each
                for each in contract.hypotheses
            ),
        )
    if claim.kind == "stage":
        return replace(
            contract,
            stages=tuple(
                each._replace(status=word) if each.id == claim.id else each
                for each in contract.stages
            ),
        )
    return replace(
        contract,
        falsifiers=tuple(
            each._replace(status=word) if each.id == claim.id else each
            for each in contract.falsifiers
        ),
    )
