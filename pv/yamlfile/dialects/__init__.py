"""The families of contract files, the most particular first; the first that claims a file reads it.

The last one, `other`, claims every mapping and reports it.
"""

from __future__ import annotations

from typing import Final

from pv.yamlfile.dialects import binding, kaizen, legacy, model_family, other, pv, ship, work
from pv.yamlfile.dialects.reader import Reader

READERS: Final[tuple[Reader, ...]] = (
    ship.READER,
    binding.READER,
    work.READER,
    kaizen.READER,
    model_family.READER,
    legacy.READER,
    pv.READER,
    other.READER,
)
