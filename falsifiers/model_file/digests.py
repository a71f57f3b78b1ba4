"""Whether a derived model file is, to the last bit, the one on record."""

from __future__ import annotations

import hashlib

from pv.falsifiers.ffn_gguf.model_blocks import layer_blocks, opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.shape import read_shape
from pv.model.measurement import Measurements
from pv.tensors.gguf_header import ModelFile

CONTROLS: dict[str, str] = {
    "flipped_file_bit": "one bit in the middle of the file is flipped",
    "missing_last_byte": "the file ends one byte early",
    "flipped_tensor_bit": "one bit of the last layer's ffn_down is flipped",
    "layers_by_name": "tensors are joined in the order of their names: 0, 1, 10, 11, …",
    "other_source": "the file names another source",
}

_SOURCE_KEY = "pv.derived.source_sha256"


def recorded(run: Run) -> Measurements:
    """Count hex digits in which file, requantised tensors and source differ from the record."""
    return of_model(opened(run), run)


def of_model(model: ModelFile, run: Run) -> Measurements:
    """Measure as `recorded` does, on an open model."""
    fault = known_fault(run, CONTROLS)
    wanted = {each: str(run.parameter(f"{each}_sha256")) for each in ("file", "tensors", "source")}
    whole = bytearray(model.path.read_bytes())
    if fault == "flipped_file_bit":
        whole[len(whole) // 2] ^= 1
    elif fault == "missing_last_byte":
        whole.pop()
    source = str(model.metadata.get(_SOURCE_KEY, "none"))
    found = {
        "file": hashlib.sha256(whole).hexdigest(),
        "tensors": _tensors(model, fault),
        "source": source[::-1] if fault == "other_source" else source,
    }
    digits = sample("sha256 in hex", (64,), "none", dtype="str")
    return Measurements(
        metrics=(
            metric("file_bytes", len(whole), "bytes", sample("file", (len(whole),), "none")),
            *(
                metric(f"{each}_digits_differing", _differing(found[each], digest), COUNT, digits)
                for each, digest in wanted.items()
            ),
        ),
        notes=tuple(f"{each}: {digest}" for each, digest in found.items()),
    )


def _tensors(model: ModelFile, fault: str | None) -> str:
    """Return the sha256 of ffn_down of every layer, joined in layer order."""
    order = list(range(read_shape(model).layers))
    if fault == "layers_by_name":
        order.sort(key=str)
    digest = hashlib.sha256()
    for layer in order:
        blocks = layer_blocks(model, layer)
        if fault == "flipped_tensor_bit" and layer == order[-1]:
            blocks = blocks.copy()
            blocks[-1, -1] ^= 1
        digest.update(blocks.tobytes())
    return digest.hexdigest()


def _differing(found: str, recorded: str) -> int:
    """Count places with another digit; one that either lacks counts too."""
    length = max(len(found), len(recorded), 1)
    pairs = zip(found.ljust(length), recorded.ljust(length, "?"), strict=True)
    return sum(one != other for one, other in pairs)
