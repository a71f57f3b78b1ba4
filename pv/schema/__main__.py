"""`python -m pv.schema --write` or `--check`: keep the generated schema file up to date."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pv.resources import packaged
from pv.schema.generate import FILE, schema_text


def main(arguments: list[str], folder: Path) -> int:
    """Write the schema into a folder, or compare the file there with what would be written."""
    parser = argparse.ArgumentParser(prog="python -m pv.schema", description=__doc__)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--write", action="store_true", help="write the schema file")
    what.add_argument("--check", action="store_true", help="exit 1 where the file is stale")
    file, text = folder / FILE, schema_text()
    if parser.parse_args(arguments).write:
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"wrote {file.name}\n")
        return 0
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        sys.stdout.write(f"{file.name} is up to date\n")
        return 0
    sys.stderr.write(
        f"{file.name} is stale or missing, expected what the models say"
        " · run python -m pv.schema --write\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], packaged("schemas")))
