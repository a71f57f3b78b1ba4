"""Names of files that stand for names of things: readable, and never one file for two things."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain, count

_LONGEST = 120
"""Characters of a name: file systems take 255 bytes, endings and folders aside."""


def file_names(things: Sequence[str], otherwise: str) -> list[str]:
    """Return a file name for each of the things, without ending; `otherwise` where none is left.

    Two things whose names would be one, by case or by what stands between their letters, have a
    digest of the whole name behind it, whatever their order; the same thing twice has a number too.
    """
    plain = [_plain(each) or otherwise for each in things]
    counts = Counter(plain)
    taken: dict[str, None] = {}
    for thing, name in zip(things, plain, strict=True):
        wanted = name if counts[name] == 1 else f"{name}-{_digest(thing)}"
        numbered = (f"{wanted}-{number}" for number in count(2))
        taken[next(each for each in chain([wanted], numbered) if each not in taken)] = None
    return list(taken)


def _digest(thing: str) -> str:
    return blake2b(thing.encode(errors="surrogatepass"), digest_size=4).hexdigest()


def _plain(thing: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", thing.lower()).strip("-")[:_LONGEST].rstrip("-")
