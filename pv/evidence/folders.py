"""Where receipts lie: a folder for each falsifier, below the registry or beside it."""

from __future__ import annotations

import re
from typing import Final

from pv.files import OWN

REGISTRY: Final = ("contracts", "evidence")
LOCAL: Final = (OWN, "receipts")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def fits(falsifier: str) -> bool:
    """Tell whether a falsifier id can name the folder of its receipts."""
    return _ID.fullmatch(falsifier) is not None
