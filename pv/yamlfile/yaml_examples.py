"""Examples of faults of files and of YAML syntax: one row a code, wrong and right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from pv.yamlfile.problems import ProblemCode as Code

Row: TypeAlias = tuple[str, str] | tuple[str, str, bool]
"""Wrong, right, and whether that is the whole file."""

_FILE: Final = "contracts/mill-v1.yaml: "
_SOUND: Final = (
    "metadata:\n  version: 1.0.0\n  kind: pattern\n  description: a mill\n  references: [ a book ]"
)
_LAUGHS: Final = "\n".join(
    (
        "x-a: &a [ ⟨1, × 9⟩ ]",
        *("x-b: &b [ ⟨*a, × 9⟩ ]", "x-c: &c [ ⟨*b, × 9⟩ ]", "x-d: [ ⟨*c, × 9⟩ ]"),
    )
)

YAML_EXAMPLES: Final[Mapping[Code, Row]] = {
    Code.SYNTAX: (
        "x-rule: |yield| <= 1: always",
        'x-rule: "|yield| <= 1: always"',
    ),
    Code.TAB_INDENT: (
        "x-mill:\n⟨byte 0x09⟩stones: 2",
        "x-mill:\n  stones: 2",
    ),
    Code.DUPLICATE_KEY: (
        "x-mill:\n  stones: 2\n  stones: 3",
        "x-mill:\n  stones: 3",
    ),
    Code.BAD_ESCAPE: (
        'x-path: "mill\\stones"',
        "x-path: 'mill\\stones'",
    ),
    Code.EXPLICIT_TAG: (
        "x-stones: !!str 2",
        'x-stones: "2"',
    ),
    Code.KEY_NOT_TEXT: (
        "x-changes:\n  1.10: the second stone",
        'x-changes:\n  "1.10": the second stone',
    ),
    Code.MERGE_KEY: (
        "x-old: &old { stones: 2 }\nx-new:\n  <<: *old\n  wheel: 1",
        "x-old: { stones: 2 }\nx-new:\n  stones: 2\n  wheel: 1",
    ),
    Code.NUMBER_TOO_LONG: (
        "x-seed: ⟨7 × 4,301⟩",
        'x-seed: "⟨7 × 4,301⟩"',
    ),
    Code.SEVERAL_DOCUMENTS: (
        "x-mill: 1\n---\nx-wheel: 1",
        "x-mill: 1  # the wheel has a file of its own",
    ),
    Code.YAML_VERSION: (
        f"%YAML 2.0\n---\n{_SOUND}",
        _SOUND,
        True,
    ),
    Code.UNDEFINED_ALIAS: (
        "x-note: *important",
        'x-note: "*important"',
    ),
    Code.RECURSIVE_ALIAS: (
        "x-wheel: &wheel\n  turns: *wheel",
        "x-wheel:\n  turns: the wheel",
    ),
    Code.TOO_MANY_ALIASES: (
        "x-stone: &stone 1\nx-all: [ ⟨*stone, × 101⟩ ]",
        "x-stone: 1\nx-all: { stones: 101, each: 1 }",
    ),
    Code.ALIAS_EXPANSION: (
        _LAUGHS,
        "x-d: 6561 stones",
    ),
    Code.TOO_DEEP: (
        "x-mill: ⟨[ × 64⟩1⟨] × 64⟩",
        "x-mill: { depth: 64 }",
    ),
    Code.TOO_MANY_NODES: (
        "x-grains: [ ⟨1, × 100,000⟩ ]",
        "x-grains: { file: data/grains.csv, rows: 100000 }",
    ),
    Code.SCALAR_TOO_LONG: (
        "x-log: ⟨x × 262,145⟩",
        "x-log: { file: data/mill.log }",
    ),
    Code.TOO_MANY_PROBLEMS: (
        "x-mill: { ⟨stones: 2, × 102⟩ }",
        "x-mill: { stones: 2 }",
    ),
    Code.EMPTY: (
        "# to be written",
        _SOUND,
        True,
    ),
    Code.MISSING: (
        f"{_FILE}⟨a link to a file that is gone⟩",
        f"{_FILE}⟨a file⟩",
        True,
    ),
    Code.NOT_A_FILE: (
        f"{_FILE}⟨a FIFO⟩",
        f"{_FILE}⟨a file⟩",
        True,
    ),
    Code.LINK_LOOP: (
        f"{_FILE}⟨a link to itself⟩",
        f"{_FILE}⟨a file⟩",
        True,
    ),
    Code.UNREADABLE: (
        f"{_FILE}⟨a file that the system does not let us read⟩",
        f"{_FILE}⟨a file⟩",
        True,
    ),
    Code.CHANGED: (
        f"{_FILE}⟨a file that is written while it is read⟩",
        f"{_FILE}⟨a file⟩",
        True,
    ),
    Code.FILE_TOO_LARGE: (
        "# ⟨x × 2,097,152⟩",
        "x-log: { file: data/mill.log }",
    ),
    Code.WIDE_ENCODING: (
        f"{_SOUND} ⟨in UTF-16⟩",
        _SOUND,
        True,
    ),
    Code.INVALID_UTF8: (
        "x-miller: Ren⟨byte 0xe9⟩",
        "x-miller: René",
    ),
    Code.CONTROL_CHARACTER: (
        'x-note: "⟨byte 0x1b⟩[31mred"',
        'x-note: "\\x1b[31mred"',
    ),
    Code.LINE_BREAK: (
        "x-mill: 1⟨byte 0x0d⟩x-wheel: 1",
        "x-mill: 1\nx-wheel: 1",
    ),
}
