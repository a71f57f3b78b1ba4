"""An example for every rule about the form of a file: the offending text, and what is meant.

A page shows both as they stand here. What no page can hold is written in angle brackets:
`⟨x × 300⟩` is 300 times x, `⟨byte 0x1b⟩` one byte, and `⟨a folder⟩` or the like what is there in
place of a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from pv.yamlfile.problems import ProblemCode
from pv.yamlfile.schema_examples import SCHEMA_EXAMPLES
from pv.yamlfile.schema_problems import SchemaCode
from pv.yamlfile.yaml_examples import YAML_EXAMPLES


class Example(NamedTuple):
    """One fault and its repair, as a page shows them."""

    wrong: str
    right: str
    whole: bool = False
    """Whether that is the whole file; else a part of a contract that is sound without it."""


EXAMPLES: Final[Mapping[ProblemCode | SchemaCode, Example]] = {
    **{code: Example(*row) for code, row in YAML_EXAMPLES.items()},
    **{code: Example(*row) for code, row in SCHEMA_EXAMPLES.items()},
}
"""Every code has exactly one."""
HEAD: Final = (
    "metadata: { version: 1.0.0, kind: pattern, description: a mill, references: [ a book ] }\n"
)
"""What stands above an example that is not a whole file."""
