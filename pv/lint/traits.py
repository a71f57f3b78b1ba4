"""What a contract holds, seen in one look: a rule about something else is not asked about it."""

from __future__ import annotations

import re
from enum import IntFlag, auto
from typing import Final

from pv.model.contract import BindingKind, Contract, Dialect, Falsifier


class Trait(IntFlag):
    """Something that a contract holds, or may say: what no trait tells, rules look for themselves.

    A word that is told may be part of another one, or stand in another sentence.
    """

    COMMENTS = auto()
    CLAIMS = auto()
    """A status, or a verdict on a hypothesis."""
    LIMITS = auto()
    """Of falsifiers or of what is run beside them."""
    BESIDE = auto()
    HARNESSES = auto()
    """Harnesses or pytest nodes."""
    COMMANDS = auto()
    DEMANDS = auto()
    """Models that a live run needs."""
    DECIDES = auto()
    UNBLOCKS = auto()
    PROXIES = auto()
    HYPOTHESES = auto()
    STAGES = auto()
    SHIP_MODELS = auto()
    DEPENDS = auto()
    TOLERANCES = auto()
    """Of obligations."""
    TYPED_KEYS = auto()
    """Keys that only some types of obligations have."""
    EXEMPTIONS = auto()
    """Obligations that do not apply, or a reason why one does not."""
    PROOFS = auto()
    SUMMARY = auto()
    ROWS = auto()
    """Rows of a binding table."""
    SAYS_OUTSIDE = auto()
    SAYS_RATIO = auto()
    """With a limit behind it."""
    SAYS_TIMES = auto()
    """A number with a sign of multiplication behind it."""
    SAYS_ALL = auto()
    """That something holds always, or that one thing is measured."""


_COMMENTS, _CLAIMS, _LIMITS = Trait.COMMENTS.value, Trait.CLAIMS.value, Trait.LIMITS.value
_BESIDE, _HARNESSES, _COMMANDS = Trait.BESIDE.value, Trait.HARNESSES.value, Trait.COMMANDS.value
_DEMANDS, _DECIDES, _UNBLOCKS = Trait.DEMANDS.value, Trait.DECIDES.value, Trait.UNBLOCKS.value
_PROXIES, _TOLERANCES = Trait.PROXIES.value, Trait.TOLERANCES.value
_TYPED_KEYS, _EXEMPTIONS = Trait.TYPED_KEYS.value, Trait.EXEMPTIONS.value
_OUTSIDE, _SAYS_RATIO = Trait.SAYS_OUTSIDE.value, Trait.SAYS_RATIO.value
_SAYS_TIMES, _SAYS_ALL = Trait.SAYS_TIMES.value, Trait.SAYS_ALL.value
_HARNESS, _PYTEST, _COMMAND = BindingKind.HARNESS, BindingKind.PYTEST, BindingKind.COMMAND
_TYPED: Final = frozenset({"requires", "applies_to_phase", "parent_contract"})
_REASONS: Final = frozenset({"na_reason", "na_owner"})
_ALL: Final = (
    "always",
    "never",
    "every",
    "any",
    "in general",
    "universal",
    "measur",
    "observ",
    "estimat",
    "sampl",
)
_RATIO: Final = re.compile(r"ratio\s*(?:[=≈≤≥∈<>]+|[a-z]+(?: [a-z]+){0,2})\s*[\[\d~-]")
_TIMES: Final = re.compile(r"[×x](?:(?<=\d.)|(?<=\d\s.))")
"""A sign of multiplication behind a digit: searching for the sign takes half the time."""
_FOLDED: Final = re.compile("[ıſ]")
"""Letters that patterns take for others where case does not count, and `lower` does not."""
_WORDS: Final = Trait.SAYS_OUTSIDE | Trait.SAYS_RATIO | Trait.SAYS_TIMES | Trait.SAYS_ALL


def traits_of(contract: Contract) -> int:
    """Return the bits of what a contract holds."""
    data = contract.data
    found = _COMMENTS if "#" in contract.text else 0
    if contract.status is not None:
        found |= _CLAIMS
    for falsifier in contract.falsifiers:
        found |= _of_falsifier(falsifier)
    if contract.hypotheses:
        found |= Trait.HYPOTHESES.value | _CLAIMS
    if contract.stages:
        found |= Trait.STAGES.value | _CLAIMS
    if contract.ship_models:
        found |= Trait.SHIP_MODELS.value
    if contract.depends_on:
        found |= Trait.DEPENDS.value
    if data.get("kani_harnesses"):
        found |= Trait.PROOFS.value
    if data.get("verification_summary"):
        found |= Trait.SUMMARY.value
    if contract.dialect is Dialect.BINDING:
        found |= Trait.ROWS.value
    return found | _of_obligations(contract) | _said(contract)


def _of_falsifier(falsifier: Falsifier) -> int:
    binding = falsifier.binding
    found = 0
    if falsifier.status is not None:
        found |= _CLAIMS
    if falsifier.expect:
        found |= _LIMITS
    if falsifier.beside:
        found |= _BESIDE | _LIMITS
    kind = binding.kind
    if kind is _HARNESS or kind is _PYTEST:
        found |= _HARNESSES
    elif kind is _COMMAND or binding.path[-1:] == ("command",):
        found |= _COMMANDS
    if falsifier.models is not None:
        found |= _DEMANDS
    if falsifier.decides:
        found |= _DECIDES
    if falsifier.unblocks:
        found |= _UNBLOCKS
    if falsifier.proxy_for:
        found |= _PROXIES
    return found


def _of_obligations(contract: Contract) -> int:
    found = 0
    if any(each.tolerance is not None for each in contract.obligations):
        found |= _TOLERANCES
    written = contract.data.get("proof_obligations")
    for entry in written if isinstance(written, list) else ():
        if isinstance(entry, dict):
            if not _TYPED.isdisjoint(entry):
                found |= _TYPED_KEYS
            if not _REASONS.isdisjoint(entry) or entry.get("applies_to") == "not_applicable":
                found |= _EXEMPTIONS
    return found


def _said(contract: Contract) -> int:
    """Return what is said in the claims, rules and predictions of a contract."""
    texts = [each.claim for each in contract.hypotheses]
    texts += [each.property for each in contract.obligations]
    for falsifier in contract.falsifiers:
        texts += (falsifier.rule, falsifier.prediction)
    said = "\n".join(texts).lower()
    if not said.isascii() and _FOLDED.search(said):
        return _WORDS.value
    found = _OUTSIDE if "outside" in said else 0
    if _RATIO.search(said):
        found |= _SAYS_RATIO
    if _TIMES.search(said):
        found |= _SAYS_TIMES
    return found | _SAYS_ALL if any(word in said for word in _ALL) else found
