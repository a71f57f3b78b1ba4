"""Reading `schemas/lifecycle.yaml`: every fault is told with its place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Final, TypeVar

from pv.errors import BadInputError
from pv.marks import Span
from pv.model.lifecycle import Lifecycle, Vocabulary, Word
from pv.model.verdict import HypothesisVerdict, State
from pv.resources import schema_file
from pv.yamlfile import nodes
from pv.yamlfile.read import read_file

FILE: Final = "lifecycle.yaml"
VERSION: Final = 1
_KINDS: Final = ("contract", "falsifier", "stage", "hypothesis")
_WORD_KEYS: Final = ("about", "needs", "live", "state", "verdict", "decision")
_E = TypeVar("_E", bound=StrEnum)


def load_lifecycle(root: Path | None) -> Lifecycle:
    """Return the registry's own lifecycle where it has one, else the packaged one.

    Raises BadInputError with the place of the first fault.
    """
    path = schema_file(root, FILE)
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@lru_cache(maxsize=8)
def _read(path: Path, _stamp: int) -> Lifecycle:
    document = read_file(path, FILE)
    if not document.sound or document.root is None:
        problem = document.problems[0]
        raise BadInputError(problem.message, span=problem.span, advice=problem.advice)
    return _Reader(document.root).lifecycle()


class _Reader:
    """Turns nodes into a lifecycle; knows the place of every fault."""

    def __init__(self, root: nodes.Node) -> None:
        self._root = root

    def lifecycle(self) -> Lifecycle:
        top = self._mapping(self._root, "lifecycle", ("version", "order", *_KINDS))
        version = self._entry(self._root, top, "version")
        if not isinstance(version, nodes.Scalar) or version.value != VERSION:
            raise self._fault(version, f"version: expected {VERSION}")
        order = self._order(self._entry(self._root, top, "order"))
        kinds = {
            kind: self._vocabulary(self._entry(self._root, top, kind), kind) for kind in _KINDS
        }
        return Lifecycle(order, **kinds)

    def _order(self, node: nodes.Node) -> tuple[State, ...]:
        states = tuple(self._enum(each, State) for each in self._items(node, "order"))
        missing = [state for state in State if state not in states]
        if missing or len(set(states)) != len(states):
            detail = f", missing {', '.join(missing)}" if missing else ""
            raise self._fault(node, f"order: expected every derived state once{detail}")
        return states

    def _vocabulary(self, node: nodes.Node, kind: str) -> Vocabulary:
        entries = self._mapping(node, kind, ("words", "moves", "ladder"))
        listed = self._mapping(self._entry(node, entries, "words"), f"{kind}.words", None)
        words = {name: self._word(name, value, kind) for name, value in listed.items()}
        table = self._mapping(self._entry(node, entries, "moves"), f"{kind}.moves", None)
        moves = {}
        for name, value in table.items():
            if name not in words:
                raise self._fault(value, f"{kind}.moves: {name} is no word of {kind}")
            moves[name] = self._known(value, words, f"{kind}.moves.{name}")
        ladder_node = entries.get("ladder")
        ladder = self._known(ladder_node, words, f"{kind}.ladder") if ladder_node else ()
        return Vocabulary(words, moves, ladder)

    def _word(self, name: str, node: nodes.Node, kind: str) -> Word:
        entries = self._mapping(node, f"{kind}.words.{name}", _WORD_KEYS)
        texts = {
            key: value.value for key, value in entries.items() if isinstance(value, nodes.Scalar)
        }
        needs, state, verdict = (entries.get(key) for key in ("needs", "state", "verdict"))
        if (kind == "falsifier") != (state is not None):
            raise self._fault(
                node, f"{kind}.words.{name}: state belongs to falsifiers, and to each"
            )
        if (kind == "hypothesis") != (verdict is not None):
            raise self._fault(
                node, f"{kind}.words.{name}: verdict belongs to hypotheses, and to each"
            )
        return Word(
            name=name,
            about=str(texts.get("about", "")),
            needs=self._enum(needs, State) if needs else None,
            live=texts.get("live") is True,
            state=self._enum(state, State) if state else None,
            verdict=self._enum(verdict, HypothesisVerdict) if verdict else None,
            decision=texts.get("decision") is True,
        )

    def _known(self, node: nodes.Node, words: Mapping[str, Word], where: str) -> tuple[str, ...]:
        found = []
        for each in self._items(node, where):
            name = each.text if isinstance(each, nodes.Scalar) else ""
            if name not in words:
                raise self._fault(each, f"{where}: {name!r} is not among the words")
            found.append(name)
        return tuple(found)

    def _enum(self, node: nodes.Node, kind: type[_E]) -> _E:
        text = node.text if isinstance(node, nodes.Scalar) else ""
        if text not in set(kind):
            raise self._fault(node, f"{text!r}: expected one of {', '.join(kind)}")
        return kind(text)

    def _items(self, node: nodes.Node, where: str) -> list[nodes.Node]:
        if not isinstance(node, nodes.Sequence):
            raise self._fault(node, f"{where}: expected a list")
        return node.items

    def _mapping(
        self, node: nodes.Node, where: str, keys: tuple[str, ...] | None
    ) -> dict[str, nodes.Node]:
        if not isinstance(node, nodes.Mapping):
            raise self._fault(node, f"{where}: expected a mapping")
        for pair in node.pairs:
            if keys is not None and pair.key.text not in keys:
                known = ", ".join(keys)
                raise self._fault(
                    pair.key, f"{where}: unknown key {pair.key.text!r}, known: {known}"
                )
        return {pair.key.text: pair.value for pair in node.pairs}

    def _entry(self, node: nodes.Node, entries: Mapping[str, nodes.Node], key: str) -> nodes.Node:
        if key not in entries:
            raise self._fault(node, f"{key} is missing")
        return entries[key]

    def _fault(self, node: nodes.Node, message: str) -> BadInputError:
        return BadInputError(message, span=Span(FILE, node.start, node.end))
