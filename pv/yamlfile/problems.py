"""What can be wrong with a YAML file before anyone looks at what it says."""

from enum import Enum
from typing import NamedTuple

from pv.marks import Span


class ProblemCode(Enum):
    """The closed list of faults; a lint rule names each of them.

    Five are recoverable: the file is refused, but reading goes on, so that one pass shows every
    such fault and the rest of the file can still be judged. All others end the reading.
    """

    MISSING = "missing"
    """There is no file of this name, or it vanished before it was read."""
    NOT_A_FILE = "not-a-file"
    """A directory, FIFO, socket or device stands in place of a file."""
    LINK_LOOP = "link-loop"
    """Symbolic links that lead back to themselves."""
    UNREADABLE = "unreadable"
    """The system refuses to open or read the file."""
    CHANGED = "changed-while-reading"
    """Size or time of the file moved during the read, so the text may be torn."""
    FILE_TOO_LARGE = "file-too-large"
    """More than 2 MiB."""
    EMPTY = "empty"
    """Nothing in the file but blanks and comments."""
    WIDE_ENCODING = "wide-encoding"
    """UTF-16 or UTF-32 text."""
    INVALID_UTF8 = "invalid-utf8"
    """Bytes that are no UTF-8; the message gives the byte offset."""
    CONTROL_CHARACTER = "control-character"
    """NUL or another character that no YAML text may hold, raw or as a NUL escape."""
    LINE_BREAK = "line-break"
    """A lone CR, or a character that YAML 1.1 takes for a line break and YAML 1.2 does not."""
    TAB_INDENT = "tab-indent"
    """A tab where only spaces may indent."""
    SYNTAX = "syntax"
    """Text that is not YAML."""
    BAD_ESCAPE = "bad-escape"
    """An unknown escape in double quotes, or one that stands for half a character."""
    YAML_VERSION = "yaml-version"
    """A %YAML directive other than 1.1 and 1.2."""
    SEVERAL_DOCUMENTS = "several-documents"
    """A second document in the same file."""
    EXPLICIT_TAG = "explicit-tag"
    """A type written with `!`. Recoverable."""
    DUPLICATE_KEY = "duplicate-key"
    """One key twice in a mapping; the first one counts. Recoverable."""
    KEY_NOT_TEXT = "key-not-text"
    """A key that YAML reads as a number, boolean, null, list or mapping. Recoverable."""
    MERGE_KEY = "merge-key"
    """The `<<` of YAML 1.1. Recoverable."""
    NUMBER_TOO_LONG = "number-too-long"
    """An integer of more than 4,300 digits. Recoverable."""
    UNDEFINED_ALIAS = "undefined-alias"
    """An alias whose anchor does not stand before it."""
    RECURSIVE_ALIAS = "recursive-alias"
    """An alias inside the node that its anchor names."""
    TOO_MANY_ALIASES = "too-many-aliases"
    """More than 100 aliases."""
    ALIAS_EXPANSION = "alias-expansion"
    """Aliases that make the content more than ten times as large as what is written."""
    TOO_DEEP = "too-deep"
    """More than 64 collections inside each other, aliases followed."""
    TOO_MANY_NODES = "too-many-nodes"
    """More than 100,000 nodes."""
    SCALAR_TOO_LONG = "scalar-too-long"
    """One text of more than 256 KiB."""
    TOO_MANY_PROBLEMS = "too-many-problems"
    """More than 100 recoverable faults; reading stopped there."""


class Problem(NamedTuple):
    """One fault of a file: which, what was found, where, and what to do about it."""

    code: ProblemCode
    message: str
    span: Span
    advice: str = ""
    related: Span | None = None
    """A second place that belongs to the fault: the first of two equal keys, the anchor."""
