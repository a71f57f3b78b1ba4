"""Q4_K blocks of ffn_down, as a model file stores them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError, MissingError
from pv.falsifiers.interface import Run
from pv.kernels.layout import Q4K_BYTES
from pv.tensors.ggml_types import GgmlType
from pv.tensors.gguf_header import ModelFile, open_model

Bytes = NDArray[np.uint8]


def opened(run: Run) -> ModelFile:
    """Return the run's model, opened once; raises `MissingError` where the run has none."""
    file = run.model
    if file is None:
        raise MissingError("no model file was given", advice="run with --live or --model PATH")
    return run.once("model", lambda: open_model(file))


def layer_blocks(model: ModelFile, layer: int) -> Bytes:
    """Return every block of a layer's ffn_down, uint8 (blocks, 144), a view of the file.

    Raises:
        GgufError: the layer does not exist, or stores another type (`WrongTensorType`); bytes of
            another type would decode to finite nonsense.
    """
    raw = model.raw(f"blk.{layer}.ffn_down.weight", require=GgmlType.Q4_K)
    return np.frombuffer(raw, np.uint8).reshape(-1, Q4K_BYTES)


def first_blocks(model: ModelFile, layers: int | str) -> Bytes:
    """Return the first block of each layer's ffn_down, uint8 (layers, 144).

    `layers` is a number or the word `all`. A layer that cannot be read is an error, never left
    out.

    Raises:
        BadInputError: the model has fewer layers.
    """
    key = f"{model.metadata.get('general.architecture')}.block_count"
    held = model.metadata.get(key)
    if not isinstance(held, int) or isinstance(held, bool):
        raise BadInputError(f"{model.path.name!r}: {key} is {held!r}, expected a number")
    wanted = held if layers == "all" else int(layers)
    if not 1 <= wanted <= held:
        raise BadInputError(f"layers: found {wanted}, the model has 1 to {held}")
    return np.stack([layer_blocks(model, layer)[0] for layer in range(wanted)])
