"""The pages of the rules about what a contract holds: one row a code."""

from __future__ import annotations

from typing import Final

from pv.model.verdict import Severity
from pv.yamlfile.schema_problems import SchemaCode as Code

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

SCHEMA_RULES: Final[tuple[tuple[Code, int, Severity, str, str, str], ...]] = (
    (
        Code.NOT_A_CONTRACT,
        1,
        _ERROR,
        "A document that no reader claims. It has no metadata and none of the other known shapes.",
        "A file that nobody understands would pass every check that looks for what it lacks.",
        "Start with metadata, or keep the file outside the contracts folder.",
    ),
    (
        Code.MISSPELT_KEY,
        2,
        _ERROR,
        "An unknown key that is close to a known one.",
        "A misspelt key switches a claim or a limit off, and everything stays green.",
        "Write the known key; an extension that looks like one is written x-….",
    ),
    (
        Code.UNKNOWN_KEY,
        3,
        _WARNING,
        "An unknown key that is close to none.",
        "Nothing reads it: what it says is neither checked nor shown.",
        "Remove it, or write x-… before it to declare an extension.",
    ),
    (
        Code.MISSING_KEY,
        4,
        _ERROR,
        "A mapping without a key that it needs to mean anything.",
        "An expectation without a metric, or an id that is absent, cannot be judged or cited.",
        "Add the key.",
    ),
    (
        Code.WRONG_TYPE,
        5,
        _ERROR,
        "A value of another type than its key has: a list for text, a number for text, ….",
        "It would be read as nothing, or turned into something its author did not write.",
        "Write the type that the message names; quote a number that is meant as text.",
    ),
    (
        Code.ACCIDENTAL_MAPPING,
        6,
        _ERROR,
        "A sentence of a list that an unquoted colon and blank turned into a mapping.",
        "The sentence is no longer text, and readers that expect text drop it.",
        "Put quotes around the whole sentence.",
    ),
    (
        Code.EMPTY_VALUE,
        7,
        _ERROR,
        "A known key with nothing behind it.",
        "An empty block reads as if there were nothing to say; often an indentation slipped.",
        "Write the value, or remove the key; null says that there is none.",
    ),
    (
        Code.BAD_DATE,
        8,
        _ERROR,
        "A date that is no day of the calendar, or not written YYYY-MM-DD.",
        "Ages and orders of changes are computed from dates.",
        "Write it as YYYY-MM-DD.",
    ),
    (
        Code.NUMBER_AS_TEXT,
        9,
        _ERROR,
        "A number in quotes where a number is expected.",
        "A tolerance that is text compares with nothing.",
        "Write it without quotes; 1e-5 is a number here, and 1.0e-5 is one for every reader.",
    ),
    (
        Code.NOT_FINITE,
        10,
        _ERROR,
        "Infinity or NaN where a number is expected, or one so small that it would be read as 0.",
        "Nothing exceeds infinity or compares with NaN: such a limit cannot fail. 0 is another.",
        "Write the limit that is meant.",
    ),
    (
        Code.UNKNOWN_WORD,
        11,
        _ERROR,
        "A word outside a closed list: an operator, quorum, device, kind or type of obligation.",
        "What the word asks for would not happen.",
        "Choose one of the list.",
    ),
    (
        Code.BAD_EXPECTATION,
        12,
        _ERROR,
        "A limit whose value, operator and tolerance do not fit together.",
        "It could not judge any measurement.",
        "Write [low, high] for within and a tolerance for near; only == compares texts.",
    ),
    (
        Code.BAD_DIGEST,
        13,
        _ERROR,
        "A digest that is not 64 hexadecimal digits in lower case.",
        "No file would ever match it.",
        "Write the SHA-256 of the file, or unrecorded until there is one.",
    ),
    (
        Code.SEVERAL_BINDINGS,
        14,
        _ERROR,
        "A falsifier that names more than one thing to run.",
        "Two answers to one question: which one counts would be a matter of luck.",
        "Keep one of harness, pytest, cargo, command, planned, blocked, manual, external.",
    ),
    (
        Code.INCOMPLETE_FALSIFIER,
        15,
        _WARNING,
        "A falsifier that does not say what it claims, predicts, runs, or means when it fails.",
        "A red result that nobody can read leads nowhere.",
        "Add rule, prediction, if_fails and a binding.",
    ),
    (
        Code.MISPLACED_KEY,
        16,
        _ERROR,
        "A key that stands at the wrong level.",
        "It is read at its own level only, so here it has no effect.",
        "Move it to where the message says.",
    ),
    (
        Code.KIND_LACKS_KEY,
        17,
        _ERROR,
        "A contract without a part that its declared kind demands.",
        "A kernel without an obligation or a falsifier claims nothing that could be wrong.",
        "Add the part, or declare the kind that this is.",
    ),
    (
        Code.DEFAULT_KIND_LACKS_KEY,
        18,
        _WARNING,
        "A contract of no declared kind, thus a kernel, without a part that a kernel needs.",
        "Its author never said that it is a kernel, so nobody knows what it should hold.",
        "Declare the kind under metadata, or add the part.",
    ),
    (
        Code.UNREAD_CHANGELOG,
        19,
        _ERROR,
        "A changelog entry from which no version can be read.",
        "The top entry is checked against the version of the contract; this one is skipped.",
        "Write {version: X.Y.Z, date: YYYY-MM-DD, changes: […]}.",
    ),
    (
        Code.PROBLEM_FLOOD,
        20,
        _ERROR,
        "More than 200 problems in one contract.",
        "More of them help nobody; what comes after is not judged.",
        "Repair the first ones and judge again.",
    ),
)
"""Code, number, severity, what it finds, why it matters, what to write instead."""
