"""Work on many files by forked processes: the same answers as one after the other, only sooner.

Tasks are numbers, taken from a pipe that all workers share; answers come back through a pipe of
each worker, as they are ready. Nothing is lost with a worker: what it did not answer, whatever
became of it, the caller's own process does at the end.
"""

from __future__ import annotations

import gc
import marshal
import os
import selectors
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NoReturn, TypeAlias

LEAST: Final = 200
"""Tasks from which on processes are worth their start, some tens of milliseconds."""
_EACH: Final = 100
"""Tasks that a process should have at least."""
_BATCH: Final = 25
"""Tasks that are taken and answered at once."""
_NUMBER: Final = struct.Struct("<I")
_ROOM: Final = 64 * 1024
"""Bytes that fit into a pipe before anybody reads."""

Do: TypeAlias = Callable[[Sequence[int]], Sequence[Any]]
"""Does tasks without side effects, in any order, and answers them in theirs.

Answers are texts, numbers, plain tuples and lists. It gets several tasks at once because the same
step for all of them, then the next, takes less time: code stays in the cache.
"""


def crew_of(tasks: int) -> int:
    """Return how many processes are worth their start: 1 stands for this one alone."""
    if not sys.platform.startswith("linux") or tasks < LEAST or threading.active_count() > 1:
        return 1  # elsewhere, and beside threads, a fork is not safe
    return max(1, min(len(os.sched_getaffinity(0)), tasks // _EACH))


def spread(tasks: int, do: Do, crew: int) -> Iterator[tuple[int, Any]]:
    """Yield number and answer of the tasks 0 to `tasks` - 1, in any order.

    What `do` raises reaches the caller, from this process.
    """
    left = set(range(tasks))
    if crew > 1:
        for number, answer in _answers(tasks, do, crew):
            left.discard(number)
            yield number, answer
    rest = sorted(left)
    for first in range(0, len(rest), _BATCH):
        numbers = rest[first : first + _BATCH]
        yield from zip(numbers, do(numbers), strict=True)


def _answers(tasks: int, do: Do, crew: int) -> Iterator[tuple[int, Any]]:
    """Yield what workers answer, until all of them are gone."""
    batches = range(0, tasks, max(_BATCH, -(-tasks * _NUMBER.size // _ROOM)))
    source, sink = os.pipe()
    os.write(sink, b"".join(_NUMBER.pack(first) for first in batches))
    os.close(sink)
    workers: dict[int, int] = {}
    gc.freeze()
    try:
        for _ in range(crew):
            reader, pid = _worker(source, tasks, batches.step, do, list(workers))
            workers[reader] = pid
        yield from _received(workers)
    finally:
        gc.unfreeze()
        os.close(source)
        for reader, pid in workers.items():
            os.close(reader)  # who still writes, because nobody listens any more, ends by that
            os.waitpid(pid, 0)


def _worker(source: int, tasks: int, step: int, do: Do, others: list[int]) -> tuple[int, int]:
    """Start a worker; return where its answers come from, and its process."""
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        for each in (reader, *others):
            os.close(each)
        _work(source, writer, tasks, step, do)
    os.close(writer)
    return reader, pid


def _work(source: int, writer: int, tasks: int, step: int, do: Do) -> NoReturn:
    """Take batches until there are none, answer each, and end without any of the caller's ends."""
    code = 1
    try:
        gc.disable()  # what is worked on holds no cycles, and scans are pure cost
        while taken := os.read(source, _NUMBER.size):
            (first,) = _NUMBER.unpack(taken)
            numbers = range(first, min(first + step, tasks))
            data = marshal.dumps(list(zip(numbers, do(numbers), strict=True)))
            _write(writer, _NUMBER.pack(len(data)) + data)
        code = 0
    except BaseException:  # noqa: BLE001, S110 - the caller does the task again and meets it there
        pass
    finally:
        os._exit(code)


def _write(writer: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(writer, rest) :]


def _received(workers: dict[int, int]) -> Iterator[tuple[int, Any]]:
    """Yield answers as they come; an unfinished one at the end of a pipe counts for nothing."""
    parts = {reader: bytearray() for reader in workers}
    with selectors.DefaultSelector() as selector:
        for reader in workers:
            selector.register(reader, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                data = os.read(key.fd, 1 << 18)
                if not data:
                    selector.unregister(key.fd)
                parts[key.fd] += data
                yield from _whole(parts[key.fd])


def _whole(data: bytearray) -> Iterator[tuple[int, Any]]:
    """Take the whole messages off the front of what came, and yield the answers in them."""
    size = _NUMBER.size
    while len(data) >= size:
        (length,) = _NUMBER.unpack_from(data)
        if len(data) < size + length:
            return
        message = bytes(data[size : size + length])
        del data[: size + length]
        yield from marshal.loads(message)  # noqa: S302 - written by this program a moment ago
