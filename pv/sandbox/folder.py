"""The templates of one folder as texts: nothing outside of it, nothing that is no plain file."""

from __future__ import annotations

import os
from pathlib import Path

from pv.errors import UsageError
from pv.files import plain_bytes
from pv.marks import whole_file
from pv.sandbox.errors import ForbiddenError, LimitError, TemplateError
from pv.sandbox.rules import LIMITS, Limits


def read_folder(folder: Path, suffix: str, limits: Limits = LIMITS) -> dict[str, str]:
    """Return the templates of a folder and of those below it: path from the folder, and text.

    Raises UsageError where there is no such folder, ForbiddenError for a link that leads out of it
    or a file that is none, LimitError for too many or too large ones, TemplateError for bytes that
    are no UTF-8.
    """
    if not folder.is_dir():
        raise UsageError(
            f"no folder {folder} to take templates from",
            advice="make it, or change `templates` in [tool.pv]",
        )
    home = folder.resolve()
    found: dict[str, str] = {}
    for place, names, files in os.walk(home):
        names.sort()
        for name in sorted(files):
            if name.endswith(suffix):
                path = Path(place, name)
                found[path.relative_to(home).as_posix()] = _text(path, home, limits)
        if len(found) > limits.templates:
            raise LimitError(
                f"{folder}: more than {limits.templates} templates",
                advice="keep those that are rendered, and what they include",
            )
    return found


def _text(path: Path, home: Path, limits: Limits) -> str:
    place = whole_file(str(path))
    if not path.resolve().is_relative_to(home):
        raise ForbiddenError(
            f"a link that leads out of {home}", span=place, advice="put the file itself there"
        )
    try:
        data = plain_bytes(path, 4 * limits.template)
        if data is None and not path.is_file():
            raise ForbiddenError("no plain file", span=place, advice="put a text file there")
        text = None if data is None else data.decode("utf-8")
    except OSError as error:
        raise TemplateError(f"cannot be read: {error.strerror}", span=place) from None
    except UnicodeDecodeError as error:
        raise TemplateError(
            f"byte {error.start} is no UTF-8", span=place, advice="save it as UTF-8"
        ) from None
    if text is None or len(text) > limits.template:
        raise LimitError(
            f"more than {limits.template:,} characters", span=place, advice="divide the template"
        )
    return text
