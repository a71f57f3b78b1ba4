"""What commands share that answer people in text and programs in JSON."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, TypeAlias

import typer

from pv import __version__

SCHEMA_VERSION: Final = 1
"""Of the documents that these commands print."""


class Format(StrEnum):
    """For people, or for programs."""

    TEXT = "text"
    JSON = "json"


OutputFormat: TypeAlias = Annotated[Format, typer.Option("--format", help="text or json.")]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="The same as --format json.")]


def document(**parts: Any) -> dict[str, Any]:
    """Return a JSON document: versions first, then its parts in the order given."""
    return {"schema_version": SCHEMA_VERSION, "tool_version": __version__, **parts}
