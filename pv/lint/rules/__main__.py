"""Writes `docs/rules.md` from the rules, or checks that it is what they say."""

from __future__ import annotations

import sys
from pathlib import Path

from pv.lint.catalogue import all_rules
from pv.lint.page import markdown_pages

DOCUMENT = Path(__file__).parents[3] / "docs" / "rules.md"


def main(arguments: list[str]) -> int:
    """Run with `--write` or `--check`; return 0, 1 where the document is stale, 2 for usage."""
    if arguments not in (["--write"], ["--check"]):
        sys.stderr.write("usage: python -m pv.lint.rules --write | --check\n")
        return 2
    wanted = markdown_pages(all_rules())
    if arguments == ["--write"]:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    found = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.is_file() else ""
    if found != wanted:
        sys.stderr.write("docs/rules.md is stale · run: python -m pv.lint.rules --write\n")
    return int(found != wanted)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
