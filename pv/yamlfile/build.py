"""Nodes from libyaml's events, with every limit checked as the events come."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from yaml._yaml import CParser
from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from pv.marks import Mark
from pv.yamlfile.aliases import MAX_DEPTH, Aliases, Anchor, fail_depth
from pv.yamlfile.events import Event
from pv.yamlfile.fault_log import FatalFault, Faults, quoted
from pv.yamlfile.intake import mark_at
from pv.yamlfile.nodes import Mapping, Node, Pair, Scalar, Sequence, Style
from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.scalars import MAX_DIGITS, TooManyDigitsError, resolve_plain
from pv.yamlfile.syntax import explain_syntax

MAX_NODES: Final = 100_000
"""Some twenty times the largest known contract, and still read in well under a second."""
MAX_SCALAR: Final = 256 * 1024
"""Bytes of one text; the longest known real description has 62,105."""

_STYLES: Final[dict[str | None, Style]] = {
    None: "plain",
    "": "plain",
    "'": "single",
    '"': "double",
    "|": "literal",
    ">": "folded",
}
MAY_BE_OTHER: Final = frozenset((*"0123456789+-.~nNtTfF", ""))
"""How a plain scalar begins that may be something else than text."""
_KINDS: Final = {int: "a number", float: "a number", bool: "a boolean", type(None): "null"}
_PROPERTIES: Final = re.compile(r"(?:[&!]\S*(?:\s+(?:#.*\n\s*)*|$))*")
LOOSE_QUESTION: Final = re.compile(r"(?:^|[\s\[{,])\?\S")
_NAME_ENDS: Final = frozenset((*" \t\r\n,]}", ""))
_new_tuple: Final = tuple.__new__  # half the time of calling Mark, and every scalar has two


class _Frame:
    """One open collection."""

    __slots__ = (
        "anchor",
        "before",
        "end",
        "height",
        "items",
        "key",
        "node",
        "pairs",
        "seen",
        "skip",
    )

    def __init__(self, node: Sequence | Mapping, anchor: Anchor | None, before: int) -> None:
        self.node = node
        self.items = node.items if isinstance(node, Sequence) else None
        self.pairs = node.pairs if isinstance(node, Mapping) else []
        self.anchor = anchor
        self.before = before
        """Nodes before this one, aliases followed."""
        self.height = 1
        """Collections inside each other so far, this one and aliases included."""
        self.end = node.start
        self.seen: dict[str, Mark] = {}
        self.key: Scalar | None = None
        self.skip = False
        """The key was refused, so its value has no place."""


class Builder:
    """Builds the one document of a text.

    The first of two equal keys counts; an entry whose key is no scalar, or `<<`, is left out.
    """

    def __init__(self, text: str, faults: Faults) -> None:
        self._text = text
        self._end_of_text = mark_at(text, len(text))
        self._has_loose_question = "?" in text and LOOSE_QUESTION.search(text) is not None
        self._faults = faults
        self._aliases = Aliases(faults)
        self._frames: list[_Frame] = []
        self._root: Node | None = None
        self._nodes = 0

    def build(self) -> Node | None:
        """Return the root, or None where there is nothing to read. Raises FatalFault."""
        try:
            self._run(CParser(self._text))
        except YAMLError as fault:
            raise FatalFault(explain_syntax(fault, self._text, self._faults.file)) from None
        self._aliases.check_expansion(self._nodes)
        root = self._root
        nothing = isinstance(root, Scalar) and root.style == "plain" and not root.text
        return None if nothing and not self._faults.noted else root

    def _run(self, parser: CParser) -> None:
        handlers: dict[type[Any], Callable[[Any], None]] = {
            ScalarEvent: self._scalar,
            MappingStartEvent: partial(self._open, Mapping),
            SequenceStartEvent: partial(self._open, Sequence),
            MappingEndEvent: self._close,
            SequenceEndEvent: self._close,
            AliasEvent: self._alias,
            DocumentStartEvent: self._refuse_second_document,
        }
        next_event = parser.get_event
        while (event := next_event()) is not None:
            handler = handlers.get(type(event))
            if handler:
                handler(event)

    # Events to nodes

    def _scalar(self, event: Event) -> None:
        # Most of a file's nodes pass here: what is rare stands in methods of its own.
        mark = event.start_mark
        start: Mark = _new_tuple(Mark, (mark.line + 1, mark.column + 1))
        mark = event.end_mark
        end: Mark = _new_tuple(Mark, (mark.line + 1, mark.column + 1))
        text = event.value
        style = _STYLES[event.style]
        node = Scalar(text, text, style, start, end)
        self._nodes += 1
        if style == "plain":
            if text[:1] in MAY_BE_OTHER and event.tag is None:
                self._resolve(node)
        elif style != "single":
            self._finish_special(node, event)
        if event.anchor is not None or event.tag is not None:
            self._strip_properties(node, event)
        if self._nodes > MAX_NODES or len(text) > MAX_SCALAR // 4:
            self._check_size(node)
        if self._has_loose_question:
            self._refuse_loose_question(node, event)
        self._attach(node, node.start, node.end)

    def _resolve(self, node: Scalar) -> None:
        try:
            node.value = resolve_plain(node.text)
        except TooManyDigitsError:
            self._faults.note(
                ProblemCode.NUMBER_TOO_LONG,
                f"integer has more than {MAX_DIGITS:,} digits",
                node.start,
                node.end,
                "quote it if it is text",
            )
        if not node.text:
            self._keep_inside(node)

    def _keep_inside(self, node: Scalar) -> None:
        """Move an absent value that libyaml puts behind the last line to the end of the text."""
        last = self._end_of_text
        node.start, node.end = min(node.start, last), min(node.end, last)

    def _finish_special(self, node: Scalar, event: Event) -> None:
        if node.style != "double":
            node.end = self._end_of_block(event)
        elif "\0" in node.text:
            self._faults.fail(
                ProblemCode.CONTROL_CHARACTER,
                "text holds NUL (U+0000) as an escape",
                node.start,
                node.end,
                "remove the escape",
            )

    def _end_of_block(self, event: Event) -> Mark:
        """Return the end of a block's last line that is not blank; libyaml goes further."""
        text = self._text
        index = event.end_mark.index
        while text[index - 1] in " \n\r\t":  # it stops at the indicator at the latest
            index -= 1
        line = event.start_mark.line + 1 + text.count("\n", event.start_mark.index, index)
        return Mark(line, index - text.rfind("\n", 0, index))

    def _strip_properties(self, node: Scalar, event: Event) -> None:
        """Move the start behind anchor and tag, and remember the anchor."""
        index = event.start_mark.index
        if event.tag is not None:
            self._note_tag(event.tag, node.start)
        if event.anchor is not None:
            self._declare(event.anchor, event, node.start).close(node, 1, 0)
        found = _PROPERTIES.match(self._text, index, event.end_mark.index)
        properties = found.group() if found else ""
        lines = properties.count("\n")
        column = 1 if lines else node.start.column
        node.start = Mark(
            node.start.line + lines, column + len(properties) - properties.rfind("\n") - 1
        )

    def _declare(self, name: str, event: Event, start: Mark) -> Anchor:
        self._check_name("&" + name, event, start)
        return self._aliases.declare(name, start)

    def _open(self, kind: type[Mapping] | type[Sequence], event: Event) -> None:
        mark = event.start_mark
        start = Mark(mark.line + 1, mark.column + 1)
        if len(self._frames) >= MAX_DEPTH:
            fail_depth(self._faults, start, start)
        self._count(start)
        if event.tag is not None:
            self._note_tag(event.tag, start)
        anchor = None
        if event.anchor is not None:
            anchor = self._declare(event.anchor, event, start)
        node = kind([], start, start)
        self._frames.append(_Frame(node, anchor, self._nodes + self._aliases.repeated - 1))

    def _close(self, event: Event) -> None:
        frame = self._frames.pop()
        node = frame.node
        mark = event.end_mark
        if event.start_mark.index != mark.index:  # a closing bracket
            frame.end = Mark(mark.line + 1, mark.column + 1)
        # Without a bracket libyaml ends a collection where the next token starts; for a person
        # it ends with its last part.
        node.end = frame.end
        if frame.anchor:
            size = self._nodes + self._aliases.repeated - frame.before
            frame.anchor.close(node, size, frame.height)
        self._attach(node, node.start, node.end, frame.height)

    def _alias(self, event: Event) -> None:
        start = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        end = Mark(event.end_mark.line + 1, event.end_mark.column + 1)
        self._count(start)
        name = event.anchor or ""
        self._check_name("*" + name, event, start)
        node, height = self._aliases.use(name, start, end, len(self._frames))
        self._attach(node, start, end, height)

    # Nodes into the tree

    def _attach(self, node: Node, start: Mark, end: Mark, height: int = 0) -> None:
        if not self._frames:
            self._root = node
            return
        frame = self._frames[-1]
        frame.end = end
        if height >= frame.height:
            frame.height = height + 1
        if frame.key is not None:
            frame.pairs.append(_new_tuple(Pair, (frame.key, node)))
            frame.key = None
        elif frame.items is not None:
            frame.items.append(node)
        elif frame.skip:
            frame.skip = False
        elif isinstance(node, Scalar):
            self._take_key(frame, node, start, end)
        else:
            frame.skip = True
            self._note_key("a mapping" if isinstance(node, Mapping) else "a list", start, end)

    def _take_key(self, frame: _Frame, node: Scalar, start: Mark, end: Mark) -> None:
        key = node.text
        if key == "<<" and node.style == "plain":
            frame.skip = True
            self._note_merge(start, end)
            return
        if type(node.value) is not str:
            shown = f"{quoted(key)}, {_KINDS[type(node.value)]}" if key else "nothing"
            self._note_key(shown, start, end)
        first = frame.seen.get(key)
        if first is None:
            frame.seen[key] = start
            # An alias as a key stands where the alias stands.
            here = node.end is end
            frame.key = node if here else Scalar(node.value, key, node.style, start, end)
            return
        frame.skip = True
        self._faults.note(
            ProblemCode.DUPLICATE_KEY,
            f"key {quoted(key)} stands twice; first at line {first.line}, column {first.column}",
            start,
            end,
            "remove one of the two",
            related=first,
        )

    # Limits and faults

    def _count(self, start: Mark) -> None:
        self._nodes += 1
        self._check_nodes(start)

    def _check_nodes(self, start: Mark) -> None:
        if self._nodes > MAX_NODES:
            self._faults.fail(
                ProblemCode.TOO_MANY_NODES,
                f"more than {MAX_NODES:,} nodes",
                start,
                start,
                "split the contract, or keep data beside it",
            )

    def _check_size(self, node: Scalar) -> None:
        self._check_nodes(node.start)
        size = len(node.text.encode())
        if size > MAX_SCALAR:
            self._faults.fail(
                ProblemCode.SCALAR_TOO_LONG,
                f"text has {size:,} bytes, the limit is {MAX_SCALAR:,}",
                node.start,
                node.start,
                "keep data in a file beside the contract",
            )

    def _refuse_second_document(self, event: Event) -> None:
        if self._root is None:
            return
        start = Mark(event.start_mark.line + 1, event.start_mark.column + 1)
        self._faults.fail(
            ProblemCode.SEVERAL_DOCUMENTS,
            "a second document starts here",
            start,
            start,
            "one contract a file: move it into a file of its own",
        )

    # Two places where libyaml follows YAML 1.1 and would give other data than YAML 1.2

    def _refuse_loose_question(self, node: Scalar, event: Event) -> None:
        """Refuse `[?x]`: a text to YAML 1.2, a mapping to libyaml."""
        index = event.start_mark.index
        if index and self._text[index - 1] == "?":
            self._faults.fail(
                ProblemCode.SYNTAX,
                "readers disagree on a text that starts with ? between brackets",
                Mark(node.start.line, node.start.column - 1),
                node.end,
                "quote the text",
            )

    def _check_name(self, written: str, event: Event, start: Mark) -> None:
        """Refuse `*a:`, where YAML 1.2 takes the colon for a part of the name."""
        after = self._text.find(written, event.start_mark.index) + len(written)
        if self._text[after : after + 1] not in _NAME_ENDS:
            self._faults.fail(
                ProblemCode.SYNTAX,
                f"readers disagree on where the name {written} ends",
                start,
                start,
                "put a blank behind the name",
            )

    def _note_tag(self, tag: str, start: Mark) -> None:
        self._faults.note(
            ProblemCode.EXPLICIT_TAG,
            f"explicit tag {quoted(tag.replace('tag:yaml.org,2002:', '!!'))}",
            start,
            start,
            "remove the tag; quote the value to make it text",
        )

    def _note_merge(self, start: Mark, end: Mark) -> None:
        self._faults.note(
            ProblemCode.MERGE_KEY,
            "merge key << is no part of YAML 1.2",
            start,
            end,
            "write the entries out",
        )

    def _note_key(self, found: str, start: Mark, end: Mark) -> None:
        self._faults.note(
            ProblemCode.KEY_NOT_TEXT,
            f"expected a text as key, found {found}",
            start,
            end,
            "quote the key",
        )
