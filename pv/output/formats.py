"""The formats by name, and the one place where a report is written."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Final, NamedTuple, cast

from pv.errors import UsageError
from pv.output.interface import Report, Stream, Writer
from pv.output.names import Format

WRITERS: Final[Mapping[Format, tuple[str, str]]] = {
    Format.TEXT: ("pv.output.text", "write_text"),
    Format.CONCISE: ("pv.output.concise", "write_concise"),
    Format.JSON: ("pv.output.json", "write_json"),
    Format.JSONL: ("pv.output.jsonl", "write_jsonl"),
    Format.SARIF: ("pv.output.sarif", "write_sarif"),
    Format.JUNIT: ("pv.output.junit", "write_junit"),
    Format.GITHUB: ("pv.output.github", "write_github"),
    Format.MARKDOWN: ("pv.output.markdown", "write_markdown"),
}
"""Module and function of each format: a format that is not asked for is not imported."""


class Destination(NamedTuple):
    """One format and where it goes; None is standard output."""

    form: Format
    path: Path | None


def writer_of(form: Format) -> Writer:
    """Return the function that writes a format."""
    module, name = WRITERS[form]
    return cast("Writer", getattr(import_module(module), name))


def deliver_all(report: Report, destinations: Sequence[Destination], stream: Stream) -> None:
    """Write a report to every destination, files first; `stream` is standard output.

    Raises UsageError where a file cannot be written.
    """
    for form, path in sorted(destinations, key=lambda one: one.path is None):
        if path is None:
            _in_utf8(stream)
            deliver(report, form, stream)
            continue
        try:
            with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                writer_of(form)(report, file)
        except OSError as fault:
            raise UsageError(
                f"cannot write {str(path)!r} ({fault.strerror}), expected a file to write to",
                advice="check the name after -o, its folder and the disk",
            ) from fault


def deliver(report: Report, form: Format, stream: Stream) -> None:
    """Write a report; raises UsageError where the stream takes no more, as on a full disk.

    A reader that went away (BrokenPipeError) is passed on: that is no fault of anyone.
    """
    try:
        writer_of(form)(report, stream)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise UsageError(
            f"cannot write the report ({fault.strerror}), expected room for it",
            advice="check the disk or the file that the output goes to",
        ) from fault


def _in_utf8(stream: Stream) -> None:
    """Make pipes and files UTF-8 in every locale; a terminal keeps the encoding it has.

    So does a stream whose encoding the user set.
    """
    asked = os.environ.get("PYTHONIOENCODING")
    if isinstance(stream, TextIOWrapper) and not stream.isatty() and not asked:
        stream.reconfigure(encoding="utf-8", newline="\n")
