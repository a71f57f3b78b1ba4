"""Writes `docs/rules.md` and `docs/rust-rules.md`, or checks that they are up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from pv.lint.aliases import markdown_table
from pv.lint.catalogue import all_rules
from pv.lint.page import markdown_pages

_DOCS = Path(__file__).parents[3] / "docs"


def main(arguments: list[str]) -> int:
    """Run with `--write` or `--check`; return 0, 1 where the document is stale, 2 for usage."""
    if arguments not in (["--write"], ["--check"]):
        sys.stderr.write("usage: python -m pv.lint.rules --write | --check\n")
        return 2
    rules = all_rules()
    documents = {
        "rules.md": markdown_pages(rules),
        "rust-rules.md": markdown_table(rule.id for rule in rules),
    }
    stale = 0
    for name, wanted in documents.items():
        file = _DOCS / name
        if arguments == ["--write"]:
            file.write_text(wanted, encoding="utf-8")
        elif not file.is_file() or file.read_text(encoding="utf-8") != wanted:
            sys.stderr.write(f"docs/{name} is stale · run: python -m pv.lint.rules --write\n")
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
