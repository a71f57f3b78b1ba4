"""Which falsifier a text names: one rule for every command that takes an id."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pv.errors import UsageError
from pv.model.contract import ID_PREFIX, short_id


def named(text: str, ids: Iterable[str]) -> frozenset[str]:
    """Return the ids that a text names: whole, short or by their end, then so in any case.

    The first of these ways that fits an id counts.
    """
    known, folded = list(ids), text.upper()
    for fits in (
        lambda each: each in (text, ID_PREFIX + text),
        lambda each: each.endswith("-" + text),
        lambda each: each.upper() in (folded, ID_PREFIX + folded),
        lambda each: each.upper().endswith("-" + folded),
    ):
        if found := frozenset(filter(fits, known)):
            return found
    return frozenset()


def place_of(text: str, known: Sequence[tuple[str, str]], *, unread: str = "") -> int:
    """Return where among ids with their files the one falsifier stands that a text names.

    Raises UsageError where none does, or several; `unread` is said with it then.
    """
    fitting = named(text, (each for each, _ in known))
    places = [at for at, (each, _) in enumerate(known) if each in fitting]
    if len(places) == 1:
        return places[0]
    if places:
        where = ", ".join(f"{known[at][0]} ({known[at][1]})" for at in places)
        raise UsageError(f"id {text!r} fits {len(places)} falsifiers: {where}")
    raise UsageError(
        f"no contract has a falsifier {text!r}{unread}",
        advice=nearest(text, [each for each, _ in known]),
    )


def nearest(text: str, ids: Sequence[str]) -> str:
    """Return advice with the ids that look most like a text; empty where none does."""
    import difflib  # noqa: PLC0415 - only for a wrong id

    forms = {short_id(each).upper(): each for each in ids}
    near = difflib.get_close_matches(short_id(text.upper()), forms, n=3, cutoff=0.5)
    return f"did you mean {', '.join(short_id(forms[each]) for each in near)}" if near else ""
