"""Read one YAML file into nodes, or into problems with places; never raise for what stands in it.

libyaml splits the text into events (it counts columns in characters, as we do); everything above
that is ours and keeps its own stack, so neither depth nor size can crash or stall the reader. A
sound text is read as plain data at once, and as nodes with places when somebody asks for one. Where
libyaml still follows YAML 1.1 (odd line breaks, a text that begins with `?` or `:` between
brackets) the text is refused with its place, so that it is never read as other data than YAML 1.2
says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pv.marks import whole_file
from pv.model.contract import Path as NodePath
from pv.yamlfile.fault_log import FatalFault, Faults
from pv.yamlfile.intake import BOM, take_bytes, take_text
from pv.yamlfile.lines import read_lines
from pv.yamlfile.nodes import Node, Plain, to_plain
from pv.yamlfile.problems import Problem, ProblemCode
from pv.yamlfile.sections import section


@dataclass(frozen=True, slots=True)
class Document:
    """One file as it was read.

    `text` has no BOM (`bom` says whether the file has one); line and column of every mark count in
    it. `root` is None after a fault that ends the reading, and there is then exactly one such
    problem, the last. After recoverable faults only (`ProblemCode`), `root` holds what could be
    understood. A document with any problem is refused; only a `sound` one may be relied on.
    """

    file: str
    text: str
    root: Node | None
    problems: tuple[Problem, ...] = ()
    bom: bool = False

    @property
    def sound(self) -> bool:
        """Tell whether the file was read whole and without a problem."""
        return self.root is not None and not self.problems

    @property
    def plain(self) -> Plain:
        """The content as plain data; None where there is no root."""
        return None if self.root is None else to_plain(self.root)

    def above(self, path: NodePath) -> Node | None:
        """Return a mapping in which stands what the document has at a path; else the root.

        All places in it are those of the document, and other sections may be missing.
        """
        del path
        return self.root

    @property
    def spelt(self) -> bool:
        """Whether integers are written as Python writes them."""
        return False

    @property
    def zeros(self) -> bool:
        """Whether what is read as 0 is written as 0, and no number too small for a float."""
        return False


class _PlainDocument(Document):
    """A sound document of which the data is read; the nodes follow when they are asked for."""

    __slots__ = ("_sections", "plain")
    _sections: dict[str | int, Node | None] | None
    """Those that were asked for; None where the text has not the form to be read in sections."""

    def __init__(self, file: str, text: str, plain: Plain, *, bom: bool, by_lines: bool) -> None:
        put = object.__setattr__
        put(self, "file", file)
        put(self, "text", text)
        put(self, "problems", ())
        put(self, "bom", bom)
        put(self, "plain", plain)
        put(self, "_sections", {} if by_lines else None)

    def __getattr__(self, name: str) -> Any:
        if name != "root":
            raise AttributeError(name)
        root = _nodes(self.text, Faults(self.file))
        object.__setattr__(self, name, root)
        return root

    def above(self, path: NodePath) -> Node | None:
        """As `Document.above`: reads the section alone, where it can be told from the others."""
        known = self._sections
        if known is None or not path:
            return self.root
        key = path[0]
        if key not in known:
            part = section(self.text, str(key))
            known[key] = _nodes(part, Faults(self.file)) if part is not None else None
        return known[key] or self.root

    @property
    def sound(self) -> bool:
        """As `Document.sound`."""
        return True

    @property
    def spelt(self) -> bool:
        """As `Document.spelt`: of other bases the reader of lines asks nothing."""
        return self._sections is not None and "0x" not in self.text and "0o" not in self.text

    @property
    def zeros(self) -> bool:
        """As `Document.zeros`: any other text is left to the builder."""
        return True


def read_file(path: Path, display: str) -> Document:
    """Read the file at `path`; `display` is the name that spans carry."""
    data = take_bytes(path, display)
    if isinstance(data, Problem):
        return Document(display, "", None, (data,))
    return read_text(data, display)


def read_text(content: str | bytes, file: str) -> Document:
    """Read the content of a file (its bytes, or characters with or without BOM)."""
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    text, problem = take_text(data, file)
    bom = data.startswith(BOM.encode())
    if problem:
        return Document(file, text, None, (problem,), bom)
    if (found := _plain_document(text, file, bom=bom)) is not None:
        return found
    faults = Faults(file)
    try:
        root = _nodes(text, faults)
    except FatalFault as fault:
        return Document(file, text, None, (*faults.noted, fault.problem), bom)
    except MemoryError:
        return Document(file, "", None, (_no_memory(file),), bom)
    if root is None:
        return Document(file, text, None, (_empty(file),), bom)
    return Document(file, text, root, tuple(faults.noted), bom)


def _plain_document(text: str, file: str, *, bom: bool) -> Document | None:
    """Return a sound document of which the data is read; None where nodes have to tell."""
    if (plain := read_lines(text)) is not None:
        return _PlainDocument(file, text, plain, bom=bom, by_lines=True)
    from pv.yamlfile.plain import read_plain  # noqa: PLC0415 - libyaml: most files do without

    if (plain := read_plain(text)) is not None:
        return _PlainDocument(file, text, plain, bom=bom, by_lines=False)
    return None


def _nodes(text: str, faults: Faults) -> Node | None:
    from pv.yamlfile.build import Builder  # noqa: PLC0415 - as above

    return Builder(text, faults).build()


def _empty(file: str) -> Problem:
    return Problem(
        ProblemCode.EMPTY,
        "expected a contract, found nothing but blanks and comments",
        whole_file(file),
        "write the contract, or remove the file",
    )


def _no_memory(file: str) -> Problem:
    return Problem(
        ProblemCode.UNREADABLE,
        "memory ran out while reading",
        whole_file(file),
        "free memory, or split the contract",
    )
