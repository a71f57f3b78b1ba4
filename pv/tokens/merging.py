"""Joining the letters of a text into tokens, best pair first.

The time is that of a heap: about n log n for n letters, whatever the vocabulary. Both families of
vocabularies join this way and differ only in what makes a pair the best.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heapify, heappop, heappush

from pv.tokens.vocabulary import LONGEST_TOKEN

LONGEST_TEXT = 1 << 22
"""Characters: several times the longest context of any model. Places in the heap take 23 bits."""

_BITS = 23
_PLACE = (1 << _BITS) - 1

Rank = Callable[[str, str], int | None]
"""The rank of joining two neighbours, the lowest first, or None where they cannot be joined."""


def merged(text: str, rank: Rank) -> list[str]:
    """Join the letters of a text until no pair of neighbours can be joined.

    Of pairs with the same rank the leftmost comes first. A pair stands in the heap as one number:
    rank, where its left and right part begin, and where it ends.
    """
    size = len(text)
    ends = list(range(1, size + 1))  # where the part that begins here ends, 0: joined to its left
    before = list(range(-1, size - 1))  # where the part to the left begins

    def pair(left: int, right: int, end: int) -> int | None:
        if end - left > LONGEST_TOKEN:
            return None
        found = rank(text[left:right], text[right:end])
        if found is None:
            return None
        return ((found << _BITS | left) << _BITS | right) << _BITS | end

    heap = [one for at in range(size - 1) if (one := pair(at, at + 1, at + 2)) is not None]
    heapify(heap)
    while heap:
        best = heappop(heap)
        end, right, left = best & _PLACE, best >> _BITS & _PLACE, best >> 2 * _BITS & _PLACE
        if ends[right] != end or ends[left] != right:
            continue  # one of the two was joined to something else meanwhile
        ends[left], ends[right] = end, 0
        if end < size:
            before[end] = left
            after = pair(left, end, ends[end])
            if after is not None:
                heappush(heap, after)
        if left > 0:
            ahead = pair(before[left], left, end)
            if ahead is not None:
                heappush(heap, ahead)
    parts, at = [], 0
    while at < size:
        parts.append(text[at : ends[at]])
        at = ends[at]
    return parts
