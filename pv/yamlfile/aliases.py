"""Anchors and aliases of one file, kept small: a few lines of them can stand for 10^100 nodes."""

from __future__ import annotations

from typing import Final

from pv.marks import Mark
from pv.yamlfile.fault_log import Faults
from pv.yamlfile.nodes import Node
from pv.yamlfile.problems import ProblemCode

MAX_DEPTH: Final = 64
"""Collections inside each other, aliases followed: consumers may recurse over the tree."""
MAX_ALIASES: Final = 100
MAX_EXPANSION: Final = 10
"""How many times larger than what is written the content may become."""


class Anchor:
    """A named node; `node` is None while it is still open.

    `size` counts its nodes and `height` its collections inside each other, aliases followed.
    """

    __slots__ = ("height", "mark", "node", "size")

    def __init__(self, mark: Mark) -> None:
        self.mark = mark
        self.node: Node | None = None
        self.size = 1
        self.height = 0

    def close(self, node: Node, size: int, height: int) -> None:
        """Record the finished node."""
        self.node, self.size, self.height = node, size, height


class Aliases:
    """Looks aliases up, and adds up what they expand to."""

    def __init__(self, faults: Faults) -> None:
        self.repeated = 0
        """Nodes that aliases add to those written, so far."""
        self._faults = faults
        self._anchors: dict[str, Anchor] = {}
        self._uses: list[tuple[int, Mark, Mark]] = []

    def declare(self, name: str, mark: Mark) -> Anchor:
        """Open an anchor; a later one of the same name takes its place, as YAML has it."""
        anchor = self._anchors[name] = Anchor(mark)
        return anchor

    def use(self, name: str, start: Mark, end: Mark, depth: int) -> tuple[Node, int]:
        """Return the node an alias stands for, and its height. Raises FatalFault.

        `depth` counts the collections that are open around the alias.
        """
        anchor = self._anchors.get(name)
        if anchor is None:
            self._faults.fail(
                ProblemCode.UNDEFINED_ALIAS,
                f"alias *{name} has no anchor before it",
                start,
                end,
                f"write &{name} at the node it stands for, or quote a text that starts with *",
            )
        if anchor.node is None:
            self._faults.fail(
                ProblemCode.RECURSIVE_ALIAS,
                f"alias *{name} stands inside its own anchor",
                start,
                end,
                "write the content out",
                related=anchor.mark,
            )
        if len(self._uses) >= MAX_ALIASES:
            self._faults.fail(
                ProblemCode.TOO_MANY_ALIASES,
                f"more than {MAX_ALIASES} aliases",
                start,
                end,
                "write the content out",
            )
        if depth + anchor.height > MAX_DEPTH:
            fail_depth(self._faults, start, end)
        self.repeated += anchor.size - 1
        self._uses.append((self.repeated, start, end))
        return anchor.node, anchor.height

    def check_expansion(self, written: int) -> None:
        """Raise FatalFault at the alias that made the content too large for its written nodes."""
        limit = (MAX_EXPANSION - 1) * written
        for repeated, start, end in self._uses:
            if repeated > limit:
                self._faults.fail(
                    ProblemCode.ALIAS_EXPANSION,
                    f"aliases make the content more than {MAX_EXPANSION} times what is written",
                    start,
                    end,
                    "write the content out",
                )


def fail_depth(faults: Faults, start: Mark, end: Mark) -> None:
    """Raise FatalFault for a collection below the deepest permitted level."""
    faults.fail(
        ProblemCode.TOO_DEEP,
        f"more than {MAX_DEPTH} collections inside each other",
        start,
        end,
        "flatten the content",
    )
