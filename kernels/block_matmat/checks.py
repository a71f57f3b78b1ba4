"""What is asked of the operands of a product, whichever code computes it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.kernels.arguments import require_array
from pv.kernels.layout import LONG, STORED_BYTES, WITH_MINIMUM, Activations, Stored


def require_operands(kind: Stored, blocks: NDArray[np.uint8], given: Activations) -> None:
    """Require a matrix, uint8 (rows, nb, bytes), and activations of nb blocks.

    Raises:
        BadInputError: wrong dtype or shape, or no block at all.
    """
    require_array(f"{kind} matrix", blocks, np.uint8, (None, None, STORED_BYTES[kind]))
    per_row = max(blocks.shape[1], 1)
    require_array("scale", given.scale, np.float32, (None, per_row))
    tokens, values = len(given.scale), per_row * (256 if kind in LONG else 32)
    require_array("quants", given.quants, np.int8, (tokens, values))
    if kind in LONG:
        require_array("sums", given.sums, np.int16, (tokens, values // 16))
    elif kind in WITH_MINIMUM:
        require_array("sums", given.sums, np.float32, (tokens, per_row))
