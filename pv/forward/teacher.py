"""Deriving a teacher: a model whose ffn_down tensors are requantised to Q4_K, all else unchanged.

The result is written deterministically, so the same source, recipe and version give the same bytes,
and lies in the user's cache. Its metadata say what it is and what it was made of: a derived
model never passes for its source.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pv.errors import BadInputError, UsageError
from pv.forward.interface import Step
from pv.kernels.layout import BLOCK_VALUES
from pv.kernels.q4k_quantize.reference import quantize as quantize_q4k
from pv.tensors.dequantize import dequantize
from pv.tensors.digest import sha256_of_file
from pv.tensors.ggml_types import BLOCKS, GgmlType, bytes_of
from pv.tensors.gguf_errors import GgufError, WrongTensorType, quoted, shown_path
from pv.tensors.gguf_header import ModelFile, open_model
from pv.tensors.gguf_metadata import MetaArray
from pv.tensors.package_model import SMOLLM2_135M, PackageModel, find_package_model
from pv.tensors.user_folders import cache_folder

if TYPE_CHECKING:
    import gguf

Blocks = NDArray[np.uint8]

RECIPE = "q4_1-to-q4_k"
RECIPE_VERSION = 1

_GGUF = "pip install gguf==0.19.0"
_DOWN = "blk.{}.ffn_down.weight"


class Derivation(NamedTuple):
    """A teacher that can be derived, and the digests it must have."""

    name: str
    source: PackageModel
    tensors_sha256: str
    """Of the Q4_K ffn_down tensors joined in layer order."""
    first_blocks_sha256: str
    """Of the first block of each of them, joined."""
    file_sha256: str
    """Of the whole teacher file as `gguf` 0.19.0 lays it out."""


SMOLLM2_FFN_Q4K = Derivation(
    name="smollm2-135m-ffn-q4k",
    source=SMOLLM2_135M,
    tensors_sha256="754aa86a72fbf2c1d5e010abe5c092859b6f8365a6f3f3edc2c8a221a9d733c0",
    first_blocks_sha256="b562ce1a490eea854eced7649299feecff2a39717d41695fc90c8990c32c48e5",
    file_sha256="fba6baaaf706aca962b1c92a34cdebd2982281087cb722a0bffee0c6a60e40e7",
)
"""The digests of the tensors were made apart from this code, by `gguf` 0.19.0 and ggml 0.20.2."""

DERIVATIONS = {SMOLLM2_FFN_Q4K.name: SMOLLM2_FFN_Q4K}


class Teacher(NamedTuple):
    """A derived model on this machine."""

    path: Path
    sha256: str
    size: int
    tensors_sha256: str


def derive(
    name: str,
    quantize: Callable[[NDArray[np.float32]], Blocks] = quantize_q4k,
    step: Step | None = None,
) -> Teacher:
    """Derive a teacher into the user's cache and return it, with its digests checked.

    One that lies there already, whole and unchanged, is not derived again; else `step` is told of
    every layer. Raises `UsageError` for an unknown name, `MissingError` where the source package is
    absent, `BadInputError` with both digests where source or result are not what they must be.
    """
    if name not in DERIVATIONS:
        raise UsageError(
            f"model {quoted(name)} cannot be derived, expected one of {', '.join(DERIVATIONS)}"
        )
    derivation = DERIVATIONS[name]
    source = find_package_model(derivation.source)
    target = teacher_path(derivation)
    if not (target.is_file() and sha256_of_file(target) == derivation.file_sha256):
        with open_model(source) as model:
            down = requantised_down(model, quantize, step)
            check_down(derivation, down)
            write_teacher(model, derivation.source.sha256, down, target)
        found = sha256_of_file(target)
        advice = f"another version of gguf lays files out differently: {_GGUF}"
        _require_digest(derivation, "file", derivation.file_sha256, found, advice=advice)
    return Teacher(target, derivation.file_sha256, target.stat().st_size, derivation.tensors_sha256)


def teacher_path(derivation: Derivation) -> Path:
    """Return where a teacher lies: keyed by source digest, recipe and version."""
    key = f"{derivation.source.sha256[:16]}-{RECIPE}-v{RECIPE_VERSION}"
    return cache_folder() / "derived" / f"{derivation.name}-{key}.gguf"


def requantised_down(
    model: ModelFile,
    quantize: Callable[[NDArray[np.float32]], Blocks] = quantize_q4k,
    step: Step | None = None,
) -> list[Blocks]:
    """Return ffn_down of every layer as Q4_K, uint8 (width, ffn / 256 * 144).

    Raises `WrongTensorType` where the source does not store one as Q4_1, `GgufError` where its rows
    are not whole Q4_K blocks.
    """
    layers = model.metadata.get(f"{model.metadata.get('general.architecture')}.block_count")
    if not isinstance(layers, int):
        raise GgufError(model.path, 0, "block_count", "is absent, expected a number of layers")
    found = []
    for layer in range(layers):
        found.append(_requantised(model, _DOWN.format(layer), quantize))
        if step:
            step(layer + 1, layers)
    return found


def _requantised(
    model: ModelFile, name: str, quantize: Callable[[NDArray[np.float32]], Blocks]
) -> Blocks:
    info = model.tensor(name)
    if info.type is not GgmlType.Q4_1:
        raise WrongTensorType(
            model.path, info.offset, name, required=GgmlType.Q4_1, found=info.type
        )
    if len(info.shape) != 2 or info.shape[1] % BLOCK_VALUES:
        problem = f"expected rows of whole blocks of {BLOCK_VALUES}, found shape {info.shape}"
        raise GgufError(model.path, info.offset, f"tensor {quoted(name)}", problem)
    blocks = quantize(dequantize(model, name).reshape(-1, BLOCK_VALUES))
    return blocks.reshape(info.shape[0], -1)


def check_down(derivation: Derivation, down: list[Blocks]) -> None:
    """Raise `BadInputError` with both digests unless the requantised tensors are those recorded."""
    size = BLOCKS[GgmlType.Q4_K].nbytes
    firsts = hashlib.sha256(b"".join(one.reshape(-1)[:size].tobytes() for one in down)).hexdigest()
    whole = hashlib.sha256(b"".join(one.tobytes() for one in down)).hexdigest()
    advice = "the quantiser does not give the recorded blocks: run its tests"
    for what, expected, found in (
        ("first blocks of ffn_down", derivation.first_blocks_sha256, firsts),
        ("tensors ffn_down", derivation.tensors_sha256, whole),
    ):
        _require_digest(derivation, what, expected, found, advice=advice)


def _require_digest(
    derivation: Derivation, what: str, expected: str, found: str, *, advice: str
) -> None:
    if found != expected:
        raise BadInputError(
            f"{derivation.name}: {what}: expected sha256 {expected}, found {found}", advice=advice
        )


def write_teacher(model: ModelFile, source_sha256: str, down: list[Blocks], target: Path) -> None:
    """Write the source with its ffn_down replaced, as a whole or not at all.

    Metadata and tensors keep their order; three keys that name the derivation come last. Raises
    `UsageError` where the cache cannot be written.
    """
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".deriving-", suffix=".gguf", dir=target.parent)
        os.close(handle)
        try:
            _write(model, source_sha256, down, Path(name))
            Path(name).replace(target)
        finally:
            Path(name).unlink(missing_ok=True)
    except OSError as fault:
        raise UsageError(
            f"{shown_path(target)}: cannot be written: {fault.strerror}",
            advice="check free space, or set PV_CACHE_DIR to a folder with 100 MB left",
        ) from None


def _write(model: ModelFile, source_sha256: str, down: list[Blocks], path: Path) -> None:
    import gguf  # noqa: PLC0415 - 0.15 s, needed when a teacher is written only

    architecture = str(model.metadata["general.architecture"])
    writer = gguf.GGUFWriter(path, architecture)
    _copy_metadata(model, writer)
    writer.add_string("pv.derived.recipe", RECIPE)
    writer.add_uint32("pv.derived.version", RECIPE_VERSION)
    writer.add_string("pv.derived.source_sha256", source_sha256)
    replaced = {_DOWN.format(layer): blocks for layer, blocks in enumerate(down)}
    for name, info in model.tensors.items():
        blocks, kind = replaced.get(name), GgmlType.Q4_K
        if blocks is None:
            row = bytes_of(info.type, info.shape[-1])
            blocks = np.frombuffer(model.raw(name), np.uint8).reshape(*info.shape[:-1], row)
            kind = info.type
        writer.add_tensor(name, blocks, raw_dtype=gguf.GGMLQuantizationType(int(kind)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _copy_metadata(model: ModelFile, writer: gguf.GGUFWriter) -> None:
    """Copy every key with its own type; the writer begins with the architecture by itself."""
    from gguf import GGUFValueType  # noqa: PLC0415 - 0.15 s, for teachers only

    for key, value in model.metadata.items():
        if key == "general.architecture":
            continue
        if isinstance(value, MetaArray):
            element = GGUFValueType(int(value.element))
            writer.add_key_value(key, value.values(), GGUFValueType.ARRAY, sub_type=element)
        else:
            writer.add_key_value(key, value, GGUFValueType(int(model.metadata.kind(key))))
