"""What can be wrong with a contract that is sound YAML."""

from enum import Enum
from typing import NamedTuple

from pv.marks import Span
from pv.model.contract import Path
from pv.yamlfile.respell import Proposal


class SchemaCode(Enum):
    """The closed list of faults; a lint rule names each of them."""

    MISSPELT_KEY = "misspelt-key"
    """A key that is unknown and close to a known one."""
    UNKNOWN_KEY = "unknown-key"
    """A key that is unknown and close to none."""
    WRONG_TYPE = "wrong-type"
    """A list where text is expected, a number where text is, and so on."""
    MISSING_KEY = "missing-key"
    """A key without which its mapping means nothing."""
    ACCIDENTAL_MAPPING = "accidental-mapping"
    """A sentence of a list that an unquoted `: ` turned into a mapping."""
    BAD_DATE = "bad-date"
    """A date that is no day of the calendar, or not written YYYY-MM-DD."""
    NUMBER_AS_TEXT = "number-as-text"
    """A number in quotes where a number is expected."""
    NOT_FINITE = "not-finite"
    """Infinity or NaN where a number is expected."""
    EMPTY_VALUE = "empty-value"
    """A known key with nothing behind it."""
    UNKNOWN_WORD = "unknown-word"
    """A word outside a closed list."""
    BAD_EXPECTATION = "bad-expectation"
    """A limit that cannot judge anything: value and operator do not fit."""
    SEVERAL_BINDINGS = "several-bindings"
    """A falsifier that names more than one thing to run."""
    INCOMPLETE_FALSIFIER = "incomplete-falsifier"
    """A falsifier that does not say what it claims, predicts, runs, or means when it fails."""
    MISPLACED_KEY = "misplaced-key"
    """A key that stands at the wrong level."""
    KIND_LACKS_KEY = "kind-lacks-key"
    """A contract without a part that its kind demands."""
    DEFAULT_KIND_LACKS_KEY = "default-kind-lacks-key"
    """A contract of no declared kind, thus a kernel, without a part that a kernel needs."""
    NOT_A_CONTRACT = "not-a-contract"
    """A document that no reader claims."""
    BAD_DIGEST = "bad-digest"
    """A digest that is not 64 hexadecimal digits."""
    BAD_PERIOD = "bad-period"
    """A length of time that is none: days or weeks are written 90d or 12w."""
    UNREAD_CHANGELOG = "unread-changelog"
    """A changelog entry from which no version can be read."""
    PROBLEM_FLOOD = "schema-problem-flood"
    """More problems in one contract than anyone reads; the rest is not shown."""


class SchemaProblem(NamedTuple):
    """One fault of a contract: which, what was found, where, and what to do about it."""

    code: SchemaCode
    message: str
    span: Span
    advice: str = ""
    path: Path = ()
    old: str = ""
    """What stands at the place now, where there is a proposal for it."""
    proposal: Proposal | None = None
