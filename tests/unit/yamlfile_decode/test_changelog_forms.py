"""Four ways to write a history come to the same list."""

from __future__ import annotations

import pytest

from pv.model.contract import ChangelogEntry, Path
from pv.yamlfile.judge import judge_text

_HEAD = "metadata:\n  version: 1.1.0\n  references: [r]\n  kind: schema\n"
_PLAIN = _HEAD + "  description: d\n"
_AT = ("metadata", "changelog")

Entry = tuple[str, str | None, tuple[str, ...]]
_TWO: tuple[Entry, ...] = (
    ("1.1.0", "2026-05-07", ("limit 3 → 2", "and a reason")),
    ("1.0.0", None, ("first",)),
)

FORMS: tuple[tuple[str, str, tuple[Entry, ...], tuple[Path, ...]], ...] = (
    (
        "ours",
        _PLAIN
        + """
changelog:
  - { version: 1.1.0, date: 2026-05-07, changes: [ limit 3 → 2, and a reason ] }
  - { version: 1.0.0, changes: [ first ] }
""",
        _TWO,
        (("changelog", 0), ("changelog", 1)),
    ),
    (
        "versions to changes",
        _PLAIN
        + """
  changelog:
    1.1.0 (2026-05-07): [ limit 3 → 2, and a reason ]
    1.0.0: first
""",
        _TWO,
        ((*_AT, "1.1.0 (2026-05-07)"), (*_AT, "1.0.0")),
    ),
    (
        "versions to mappings",
        _PLAIN
        + """
  changelog:
    1.1.0: { date: 2026-05-07, changes: [ limit 3 → 2, and a reason ] }
    v1.0.0: { summary: first }
""",
        _TWO,
        ((*_AT, "1.1.0"), (*_AT, "v1.0.0")),
    ),
    (
        "entries under metadata",
        _PLAIN
        + """
  changelog:
    - { version: 1.1.0, date: 2026-05-07, changes: [ limit 3 → 2, and a reason ] }
    - { version: 1.0.0, change: first }
""",
        _TWO,
        ((*_AT, 0), (*_AT, 1)),
    ),
    (
        "texts, two of which YAML takes for mappings",
        _PLAIN
        + """
  changelog:
    - "v1.2.0 (2026-05-08): quoted: whole"
    - v1.1.0 (2026-05-07): limit 3 → 2
    - v1.0.0: first
""",
        (
            ("1.2.0", "2026-05-08", ("quoted: whole",)),
            ("1.1.0", "2026-05-07", ("limit 3 → 2",)),
            ("1.0.0", None, ("first",)),
        ),
        ((*_AT, 0), (*_AT, 1), (*_AT, 2)),
    ),
    (
        "one text of many lines",
        _PLAIN
        + """
  changelog: |
    - 1.1.0 (2026-05-07): limit 3 → 2
      and a reason
    - 1.0.0: first
""",
        _TWO,
        (_AT, _AT),
    ),
    (
        "paragraphs of the description",
        _HEAD
        + """
  description: |
    What it is about.

    v1.1.0 AMENDMENT (2026-05-07): limit 3 → 2
    Prose that goes on. v9.9.9 AMENDMENT inside a line is none.

    **v1.0.0 AMENDMENT (2026-05-06):** first
""",
        (("1.1.0", "2026-05-07", ("limit 3 → 2",)), ("1.0.0", "2026-05-06", ("first",))),
        (("metadata", "description"), ("metadata", "description")),
    ),
)


@pytest.mark.parametrize(
    ("text", "entries", "places"), [form[1:] for form in FORMS], ids=[form[0] for form in FORMS]
)
def test_every_form_comes_to_one_list(
    text: str, entries: tuple[Entry, ...], places: tuple[Path, ...]
) -> None:
    judged = judge_text(text, "c.yaml")
    assert judged.findings == ()
    assert judged.contract is not None
    expected = (ChangelogEntry(*entry, path) for entry, path in zip(entries, places, strict=True))
    assert judged.contract.changelog == tuple(expected)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("17", "found 17"),
        ("[ [ nested ] ]", "found a list"),
        ("[ { date: 2026-01-01, text: t } ]", "found a mapping without version"),
        ("[ once upon a time ]", 'found "once upon a time"'),
        ("{ next: things }", 'found "next"'),
        ("[ { version: 1.0, text: t } ]", "found 1.0 as version"),
        ("once upon a time", 'found "once upon a time"'),
    ],
)
def test_what_has_no_version_is_reported(value: str, found: str) -> None:
    judged = judge_text(f"{_PLAIN}  changelog: {value}\n", "c.yaml")
    assert [(one.rule, one.message) for one in judged.findings] == [
        ("PV-SCH-019", f"changelog: {found}, expected an entry with its version")
    ]
    assert judged.contract is not None
    assert judged.contract.changelog == ()
