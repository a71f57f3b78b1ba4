"""The vocabulary of statuses as data: words, allowed moves, and the evidence each word needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pv.model.verdict import HypothesisVerdict, State


@dataclass(frozen=True, slots=True)
class Word:
    """One status word of contracts, falsifiers, stages or hypotheses."""

    name: str
    about: str
    """What it says, in a sentence for people."""
    needs: State | None = None
    """Of contracts and stages: how far every falsifier that counts must be; None needs nothing."""
    live: bool = False
    """Whether a fresh HELD receipt of a live run is needed as well."""
    state: State | None = None
    """Of falsifiers: the derived state that the word claims."""
    verdict: HypothesisVerdict | None = None
    """Of hypotheses: the derived verdict that the word claims."""
    decision: bool = False
    """A decision of people (superseded, retired): no evidence speaks for or against it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one kind of thing, and the moves between them."""

    words: Mapping[str, Word]
    moves: Mapping[str, tuple[str, ...]]
    """Word to the words that may follow it directly."""
    ladder: tuple[str, ...] = ()
    """The words that a status is derived to, from least to most advanced."""

    def word(self, text: str) -> Word | None:
        """Return the word that a text spells; case, blanks and hyphens do not matter."""
        return self.words.get("_".join(text.upper().replace("-", " ").split()))

    def claims(self, text: str | None) -> State | None:
        """Return the derived state that a text claims; None where it is no word for one."""
        known = self.word(text or "")
        return known.state if known else None

    def allows(self, before: str, after: str) -> bool:
        """Whether a move is in the table: no move, a listed one, or a step back along the table.

        Steps back are always allowed, because new evidence may take a status away; what they need
        is a reason. Words that are in no vocabulary never move.
        """
        one, other = self.word(before), self.word(after)
        if one is None or other is None:
            return False
        forward = one.name == other.name or other.name in self.moves.get(one.name, ())
        return forward or one.name in set(self._reached(other.name))

    def _reached(self, start: str) -> Iterator[str]:
        """Yield every word that moves lead to from a word."""
        seen, waiting = {start}, [start]
        while waiting:
            for name in self.moves.get(waiting.pop(), ()):
                if name not in seen:
                    seen.add(name)
                    waiting.append(name)
                    yield name


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """All vocabularies, and the order of derived states from least to most advanced."""

    order: tuple[State, ...]
    contract: Vocabulary
    falsifier: Vocabulary
    stage: Vocabulary
    hypothesis: Vocabulary

    def rank(self, state: State) -> int:
        """Return how far a state is; more is further."""
        return self.order.index(state)
