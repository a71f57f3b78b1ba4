"""Edits of a YAML file by span: every byte outside the edit stays as it was.

Each function returns the new text of the whole file, BOM and line ends included (write it as bytes:
`text.encode()`), after reading it back: an edit that does not give exactly the wanted data is an
`EditError`, never a damaged file. So what a span cannot express (a value that stands at several
places through an alias, say) is refused, not guessed.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

from pv.errors import PvError
from pv.marks import Mark, Span, whole_file
from pv.yamlfile.intake import BOM
from pv.yamlfile.nodes import (
    Mapping,
    Node,
    Path,
    Plain,
    Scalar,
    ScalarValue,
    Sequence,
    find,
    to_plain,
)
from pv.yamlfile.read import Document, read_text
from pv.yamlfile.render import render_entry, render_item, render_scalar

_ANCHOR: Final = re.compile(r"&\S+\s+(?:#.*\n\s*)*")


class EditError(PvError):
    """An edit that this text does not permit; the file is as it was."""


def replace_scalar(document: Document, path: Path, new_value: ScalarValue) -> str:
    """Return the file's text with the scalar at `path` replaced. Raises EditError.

    Quotes stay where the new value is text; anchors and comments stay in any case.
    """
    text = _Text(document)
    node = text.find(path)
    if not isinstance(node, Scalar):
        raise text.error(node, "expected a single value to replace, found a list or mapping")
    wanted = _with(text.root, path, new_value)
    in_flow = text.in_flow(path)
    lines = render_scalar(new_value, in_flow=in_flow, style=node.style)
    if len(lines) > 1:
        try:
            return text.replaced(node, text.indented(lines, path), wanted)
        except EditError:  # a comment follows, or an anchor hides where the block may begin
            lines = render_scalar(new_value, in_flow=True, style="double")
    return text.replaced(node, lines, wanted)


def insert_into_sequence(document: Document, path: Path, index: int, value: Plain) -> str:
    """Return the file's text with `value` as item `index` of the list at `path`. Raises EditError.

    `index` may be the length of the list, which appends.
    """
    text = _Text(document)
    node = text.find(path)
    if not isinstance(node, Sequence):
        raise text.error(node, "expected a list to insert into")
    if not 0 <= index <= len(node.items):
        raise text.error(node, f"expected a position from 0 to {len(node.items)}, found {index}")
    items = [to_plain(item) for item in node.items]
    items.insert(index, value)
    in_flow = text.in_flow((*path, index))
    lines = render_item(value, in_flow=in_flow)
    wanted = _with(text.root, path, items)
    if index:
        return text.inserted_after(node, node.items[index - 1].end, lines, wanted, in_flow=in_flow)
    first = text.offset(node.items[0].start) if in_flow and items[1:] else text.body(node)
    return text.inserted_first(node, first, lines, wanted, in_flow=in_flow)


def insert_pair(
    document: Document, path: Path, key: str, value: Plain, *, index: int | None = None
) -> str:
    """Return the file's text with a new entry in the mapping at `path`. Raises EditError.

    The entry becomes number `index` (from 0) of the mapping, or the last one.
    """
    text = _Text(document)
    node = text.find(path)
    if not isinstance(node, Mapping):
        raise text.error(node, "expected a mapping to insert into")
    position = len(node.pairs) if index is None else index
    if node.get(key) is not None:
        raise text.error(node, f"the key {key} is there already")
    if not 0 <= position <= len(node.pairs):
        raise text.error(node, f"expected a position from 0 to {len(node.pairs)}, found {index}")
    entries = [(pair.key.text, to_plain(pair.value)) for pair in node.pairs]
    entries.insert(position, (key, value))
    in_flow = text.in_flow((*path, key))
    lines = render_entry(key, value, in_flow=in_flow)
    wanted = _with(text.root, path, dict(entries))
    if position:
        before = node.pairs[position - 1].value.end
        return text.inserted_after(node, before, lines, wanted, in_flow=in_flow)
    first = text.offset(node.pairs[0].key.start) if node.pairs else text.body(node)
    return text.inserted_first(node, first, lines, wanted, in_flow=in_flow)


def append_lines(document: Document, path: Path, lines: list[str]) -> str:
    """Return the file's text with lines at the end of the text at `path`. Raises EditError.

    A block (`|` or `>`) grows at its end, and what it held keeps every byte; any other text is
    written anew as one.
    """
    text = _Text(document)
    node = text.find(path)
    if not isinstance(node, Scalar) or not isinstance(node.value, str):
        raise text.error(node, "expected a text to add lines to")
    if node.style not in {"literal", "folded"} or not node.value.strip():
        whole = "\n".join([*node.value.rstrip("\n").splitlines(), *lines]) + "\n"
        return replace_scalar(document, path, whole)
    held = node.value.rstrip("\n")
    wanted = _with(text.root, path, "\n".join([held, *lines]) + node.value[len(held) :])
    gap = [""] if node.style == "folded" else []
    new = [part for line in lines for part in (*gap, line)]
    return text.grown(node, new, wanted)


def remove_pair(document: Document, path: Path) -> str:
    """Return the file's text without the entry at `path` of a mapping. Raises EditError.

    A comment behind it on its line goes with it.
    """
    text = _Text(document)
    holder = text.find(path[:-1])
    if not isinstance(holder, Mapping):
        raise text.error(holder, "expected a mapping to take an entry from")
    number = next((n for n, one in enumerate(holder.pairs) if one.key.text == path[-1]), None)
    if number is None or len(holder.pairs) == 1:
        raise text.error(holder, f"expected an entry {path[-1]} and others beside it")
    left = {one.key.text: to_plain(one.value) for one in holder.pairs if one.key.text != path[-1]}
    return text.without(holder, number, _with(text.root, path[:-1], left), path)


def _with(root: Node, path: Path, value: Plain) -> Plain:
    """Return the plain data of `root` with another value at `path`."""
    if not path:
        return value
    whole = to_plain(root)
    parent = whole
    for step in path[:-1]:
        parent = parent[step]  # type: ignore[index] # the path was found in the nodes
    parent[path[-1]] = value  # type: ignore[index] # as above
    return whole


class _Text:
    """A sound document's text by character offset."""

    def __init__(self, document: Document) -> None:
        if document.root is None or document.problems:
            span = document.problems[0].span if document.problems else whole_file(document.file)
            raise EditError(
                "expected a file without problems to edit",
                span=span,
                advice="correct the file first",
            )
        self.root = document.root
        self._document = document
        self._text = document.text
        self._starts = [0, *accumulate(len(line) + 1 for line in document.text.split("\n"))]
        self._newline = "\r\n" if "\r\n" in document.text else "\n"

    def find(self, path: Path) -> Node:
        """Return the node at `path`. Raises EditError where there is none."""
        try:
            return find(self.root, path)
        except LookupError as fault:
            raise self.error(self.root, str(fault)) from None

    def error(self, node: Node, message: str, advice: str = "") -> EditError:
        """Return an error placed at a node."""
        return EditError(
            message, span=Span(self._document.file, node.start, node.end), advice=advice
        )

    def offset(self, mark: Mark) -> int:
        """Return the offset of a mark."""
        return self._starts[mark.line - 1] + mark.column - 1

    def body(self, node: Node) -> int:
        """Return the offset where a collection itself begins, behind its anchor."""
        start = self.offset(node.start)
        anchor = _ANCHOR.match(self._text, start)
        return anchor.end() if anchor else start

    def in_flow(self, path: Path) -> bool:
        """Tell whether what stands at `path` stands between brackets."""
        holders = (find(self.root, path[:depth]) for depth in range(len(path)))
        return any(self._text[self.body(holder)] in "[{" for holder in holders)

    def indented(self, lines: list[str], path: Path) -> list[str]:
        """Return lines with those after the first moved in under the holder of `path`."""
        column = self._column(self.body(find(self.root, path[:-1]))) if path else 0
        return _indent(lines, column)

    def _column(self, offset: int) -> int:
        return offset - self._text.rfind("\n", 0, offset) - 1

    def replaced(self, node: Node, lines: list[str], wanted: Plain) -> str:
        """Return the text with a node's own characters replaced."""
        start, end = self.offset(node.start), self.offset(node.end)
        # An absent value stands right behind its colon or dash.
        space = " " if start == end and self._text[start - 1 : start].strip() else ""
        return self._checked(node, start, end, space + self._newline.join(lines), wanted)

    def grown(self, node: Scalar, lines: list[str], wanted: Plain) -> str:
        """Return the text with lines behind the last line of a block."""
        start, end = self.offset(node.start), self.offset(node.end)
        block = self._text[start:end]
        content = [line for line in block.split("\n")[1:] if line.strip()]
        column = min(len(line) - len(line.lstrip(" ")) for line in content)
        position = start + len(block.rstrip())
        new = "".join(
            f"{self._newline}{' ' * column}{line}" if line else self._newline for line in lines
        )
        return self._checked(node, position, position, new, wanted)

    def without(self, node: Mapping, number: int, wanted: Plain, path: Path) -> str:
        """Return the text without one entry of a mapping that has others."""
        pair = node.pairs[number]
        start, end = self.offset(pair.key.start), self.offset(pair.value.end)
        if self.in_flow(path):
            if number:
                start = self.offset(node.pairs[number - 1].value.end)
            else:
                end = self.offset(node.pairs[1].key.start)
            return self._checked(node, start, end, "", wanted)
        start = self._text.rfind("\n", 0, start) + 1
        stop = self._text.find("\n", end)
        return self._checked(node, start, stop + 1 if stop >= 0 else len(self._text), "", wanted)

    def inserted_after(
        self, node: Node, before: Mark, lines: list[str], wanted: Plain, *, in_flow: bool
    ) -> str:
        """Return the text with a part inserted in `node` behind the part that ends at `before`."""
        position = self.offset(before)
        if in_flow:
            return self._checked(node, position, position, f", {lines[0]}", wanted)
        end_of_line = self._text.find("\n", position)
        if end_of_line < 0:
            end_of_line = len(self._text)
        elif self._text[end_of_line - 1] == "\r":
            end_of_line -= 1
        column = self._column(self.body(node))
        new = "".join(f"{self._newline}{line}" for line in _indent(["", *lines], column)[1:])
        return self._checked(node, end_of_line, end_of_line, new, wanted)

    def inserted_first(
        self,
        node: Sequence | Mapping,
        first: int,
        lines: list[str],
        wanted: Plain,
        *,
        in_flow: bool,
    ) -> str:
        """Return the text with a part inserted in `node` before its first, at offset `first`."""
        if in_flow:
            empty = not (node.items if isinstance(node, Sequence) else node.pairs)
            position = first + 1 if empty else first
            new = lines[0] if empty else f"{lines[0]}, "
            return self._checked(node, position, position, new, wanted)
        column = self._column(first)
        new = self._newline.join([*_indent(lines, column), " " * column])
        return self._checked(node, first, first, new, wanted)

    def _checked(self, node: Node, start: int, end: int, new: str, wanted: Plain) -> str:
        """Return the edited text if it reads as the wanted data."""
        edited = self._text[:start] + new + self._text[end:]
        if self._document.bom:
            edited = BOM + edited
        document = read_text(edited, self._document.file)
        # By their representation 1, 1.0 and true are three values, and NaN is NaN.
        if document.sound and document.root and repr(to_plain(document.root)) == repr(wanted):
            return edited
        raise self.error(
            node,
            "this text cannot be edited in place without changing something else",
            "edit it by hand (aliases, blank lines kept at the end of a block, and comments can "
            "be in the way)",
        )


def _indent(lines: list[str], column: int) -> list[str]:
    """Return lines with those after the first moved to the right; blank ones stay blank."""
    return [lines[0], *(" " * column + line if line else line for line in lines[1:])]
