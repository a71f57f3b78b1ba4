"""From a path to checked text: bytes within limits, UTF-8, no character that readers dispute."""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path

from pv.marks import Mark, Span, whole_file
from pv.yamlfile.problems import Problem, ProblemCode

MAX_FILE = 2 * 1024 * 1024
"""Bytes of one file."""

BOM = "\ufeff"

_FLAGS = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""A FIFO without a writer must not block the open, a terminal must not become ours."""

_KINDS = (
    (stat.S_ISDIR, "a directory"),
    (stat.S_ISFIFO, "a FIFO"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a character device"),
    (stat.S_ISBLK, "a block device"),
)
_OPEN_FAULTS = {
    errno.ENOENT: (ProblemCode.MISSING, "there is no such file", "check the name"),
    errno.ENOTDIR: (ProblemCode.MISSING, "there is no such file", "check the name"),
    errno.ELOOP: (
        ProblemCode.LINK_LOOP,
        "symbolic links lead back to themselves",
        "point the link at a file",
    ),
    errno.ENXIO: (ProblemCode.NOT_A_FILE, "expected a file, found a socket", "name a YAML file"),
}

_WIDE_STARTS = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\u2028\u2029\ufeff\ufffe\uffff]"
)
_UNDISPUTED = bytes((0x09, 0x0A, *range(0x20, 0x7F)))
_LONE_CR = re.compile("\r(?!\n)")
_BREAKS = {
    "\r": "a lone CR",
    "\x85": "NEL",
    "\u2028": "LINE SEPARATOR",
    "\u2029": "PARAGRAPH SEPARATOR",
}


def mark_at(text: str, index: int) -> Mark:
    """Return line and column of the character at `index` of a text without BOM."""
    return Mark(text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index))


def take_bytes(path: Path | str, display: str) -> bytes | Problem:
    """Return the bytes of a regular file of at most 2 MiB, or the one thing that prevents it.

    `display` is the name that messages show. Nothing but the file itself is opened, and never in
    a way that waits: a FIFO or device is refused by its kind.
    """
    place = whole_file(display)
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError as fault:
        return _open_fault(fault, place)
    except ValueError:  # NUL in the name
        return Problem(ProblemCode.MISSING, "there is no such file", place, "check the name")
    try:
        return _take_open(descriptor, place)
    except OSError as fault:
        return _open_fault(fault, place)
    finally:
        os.close(descriptor)


def _open_fault(fault: OSError, place: Span) -> Problem:
    known = _OPEN_FAULTS.get(fault.errno or 0)
    if known:
        code, message, advice = known
        return Problem(code, message, place, advice)
    reason = os.strerror(fault.errno).lower() if fault.errno else "the system gave no reason"
    return Problem(
        ProblemCode.UNREADABLE, f"cannot be read: {reason}", place, "check its permissions"
    )


def _take_open(descriptor: int, place: Span) -> bytes | Problem:
    before = os.fstat(descriptor)
    if not stat.S_ISREG(before.st_mode):
        kind = next((name for test, name in _KINDS if test(before.st_mode)), "something else")
        return Problem(
            ProblemCode.NOT_A_FILE, f"expected a file, found {kind}", place, "name a YAML file"
        )
    if before.st_size > MAX_FILE:
        return _too_large(before.st_size, place)
    parts: list[bytes] = []
    left = before.st_size + 1  # one more shows that the file grew
    while left > 0 and (part := os.read(descriptor, min(left, 1 << 18))):
        parts.append(part)
        left -= len(part)
        if left == 1:
            break  # all of it: whether it has grown since is told by its stamp
    data = b"".join(parts)
    after = os.fstat(descriptor)
    same_stamp = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if not same_stamp or len(data) != before.st_size:
        return Problem(
            ProblemCode.CHANGED,
            f"changed while it was read: {before.st_size} bytes at first, then {len(data)}",
            place,
            "run again when its writer has finished",
        )
    return data


def _too_large(size: int, place: Span) -> Problem:
    return Problem(
        ProblemCode.FILE_TOO_LARGE,
        f"file has {size:,} bytes, the limit is {MAX_FILE:,}",
        place,
        "split the contract, or keep data beside it",
    )


def take_text(data: bytes, file: str) -> tuple[str, Problem | None]:
    """Return the text without its BOM, and what keeps it from being read as YAML, if anything.

    With a problem, the text is still good for showing the line that the problem names.
    """
    if len(data) > MAX_FILE:
        return "", _too_large(len(data), whole_file(file))
    if data.startswith(_WIDE_STARTS) or _alternates_with_nul(data):
        return "", Problem(
            ProblemCode.WIDE_ENCODING,
            "expected UTF-8, found UTF-16 or UTF-32",
            whole_file(file),
            "save the file as UTF-8",
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as fault:
        return _invalid_utf8(data, fault.start, file)
    if text.isascii() and not data.translate(None, _UNDISPUTED):
        return text, None
    text = text.removeprefix(BOM)
    bad = _FORBIDDEN.search(text) or ("\r" in text and _LONE_CR.search(text))
    return text, _forbidden(text, bad.start(), file) if bad else None


def _alternates_with_nul(data: bytes) -> bool:
    """Tell UTF-16 or UTF-32 without a mark by the zero halves of its first letters."""
    head = data[:4]
    return head.count(0) in (2, 3) and b"\0\0" in (head[0::2], head[1::2])


def _invalid_utf8(data: bytes, offset: int, file: str) -> tuple[str, Problem]:
    text = data.decode("utf-8", "replace").removeprefix(BOM)
    before = data[:offset].decode("utf-8").removeprefix(BOM)
    start = mark_at(before, len(before))
    problem = Problem(
        ProblemCode.INVALID_UTF8,
        f"expected UTF-8, found byte 0x{data[offset]:02x} at byte offset {offset}",
        Span(file, start, Mark(start.line, start.column + 1)),
        "save the file as UTF-8",
    )
    return text, problem


def _forbidden(text: str, index: int, file: str) -> Problem:
    character = text[index]
    start = mark_at(text, index)
    span = Span(file, start, Mark(start.line, start.column + 1))
    name = _BREAKS.get(character)
    if name:
        return Problem(
            ProblemCode.LINE_BREAK,
            f"expected lines to end with LF or CRLF, found {name} (U+{ord(character):04X})",
            span,
            "end lines with LF; inside a text write the character as an escape in double quotes",
        )
    name = "NUL" if character == "\0" else "a character that no text may hold"
    return Problem(
        ProblemCode.CONTROL_CHARACTER,
        f"found {name} (U+{ord(character):04X}) at character offset {index}",
        span,
        "remove it, or write it as an escape in double quotes",
    )
