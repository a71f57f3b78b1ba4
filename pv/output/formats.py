"""The formats by name, and the one place where a report is written."""

from __future__ import annotations

from collections.abc import Callable

from pv.errors import UsageError
from pv.output.interface import Report, Stream
from pv.output.json import write_json
from pv.output.names import Format
from pv.output.text import write_text

WRITERS: dict[Format, Callable[[Report, Stream], None]] = {
    Format.TEXT: write_text,
    Format.JSON: write_json,
}


def deliver(report: Report, form: Format, stream: Stream) -> None:
    """Write a report; raises UsageError where the stream takes no more, as on a full disk.

    A reader that went away (BrokenPipeError) is passed on: that is no fault of anyone.
    """
    try:
        WRITERS[form](report, stream)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as fault:
        raise UsageError(
            f"cannot write the report ({fault.strerror}), expected room for it",
            advice="check the disk or the file that the output goes to",
        ) from fault
