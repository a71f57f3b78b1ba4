"""Lengths of time as contracts and options write them: `90d`, `12w`."""

import re
from typing import Final

PERIOD: Final = r"([1-9][0-9]{0,3})([dw])"
"""Days or weeks, up to 9999 of them."""
_DAYS: Final = {"d": 1, "w": 7}


def days_of(text: str) -> int | None:
    """Return the days of a period; None for what is none."""
    found = re.fullmatch(PERIOD, text)
    return int(found[1]) * _DAYS[found[2]] if found else None
