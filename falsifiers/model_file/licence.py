"""Whether a model file and the package that it comes in say under which licence, and from where.

The package's files are read as texts, nothing of it is imported.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from typing import NamedTuple

from pv.errors import MissingError
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements, Sample
from pv.tensors.gguf_header import ModelFile

CONTROLS: dict[str, str] = {
    "other_licence_in_header": "the header names another licence",
    "other_licence_of_package": "the package names another licence",
    "cut_licence_text": "the licence file ends after its first half",
    "unnamed_provenance": "the header does not say what the file was made from",
}

_LICENCE_KEY = "general.license"


class Stated(NamedTuple):
    """What a package states about its licence."""

    name: str
    text: str
    """Of its licence file; empty where it has none."""


def stated(run: Run) -> Measurements:
    """Count what licence and provenance lack, in the header and in the package `package`."""
    package = str(run.parameter("package"))
    return of_model(opened(run), run.once("stated", lambda: read_package(package)), run)


def of_model(model: ModelFile, package: Stated, run: Run) -> Measurements:
    """Measure as `stated` does, on an open model and what its package states."""
    fault = known_fault(run, CONTROLS)
    licence = str(run.parameter("licence"))
    header = str(model.metadata.get(_LICENCE_KEY, ""))
    name, text = package
    if fault == "other_licence_in_header":
        header = f"not {header}"
    elif fault == "other_licence_of_package":
        name = f"not {name}"
    elif fault == "cut_licence_text":
        text = text[: len(text) // 2]
    known = {} if fault == "unnamed_provenance" else model.metadata
    clauses = [_plain(each) for each in run.parameter("clauses")]
    keys = [str(each) for each in run.parameter("provenance")]
    absent = [each for each in keys if not known.get(each)]
    missing = [each for each in clauses if each not in _plain(text)]
    one = sample("licence names", (1,), "none", dtype="str")
    return Measurements(
        metrics=(
            metric("header_differs", header.casefold() != licence.casefold(), COUNT, one),
            metric("package_differs", name.casefold() != licence.casefold(), COUNT, one),
            metric("clauses_missing", len(missing), COUNT, _of("clauses", len(clauses))),
            metric("provenance_missing", len(absent), COUNT, _of("keys", len(keys))),
        ),
        notes=(
            f"header {header or 'names none'}, package {name or 'names none'}",
            f"licence text of {len(text)} characters; missing: {', '.join(missing) or 'nothing'}",
            f"provenance not stated: {', '.join(absent) or 'nothing'}",
        ),
    )


def header(run: Run) -> Measurements:
    """Count what licence and provenance lack in the header alone, for a file without a package."""
    return of_header(opened(run), run)


def of_header(model: ModelFile, run: Run) -> Measurements:
    """Measure as `header` does, on an open model."""
    fault = known_fault(run, CONTROLS)
    licence = str(run.parameter("licence"))
    found = str(model.metadata.get(_LICENCE_KEY, ""))
    if fault == "other_licence_in_header":
        found = f"not {found}"
    known = {} if fault == "unnamed_provenance" else model.metadata
    keys = [str(each) for each in run.parameter("provenance")]
    absent = [each for each in keys if not known.get(each)]
    return Measurements(
        metrics=(
            metric("header_differs", found.casefold() != licence.casefold(), COUNT, _of("name", 1)),
            metric("provenance_missing", len(absent), COUNT, _of("keys", len(keys))),
        ),
        notes=(
            f"header {found or 'names none'}",
            f"provenance not stated: {', '.join(absent) or 'nothing'}",
        ),
    )


def read_package(name: str) -> Stated:
    """Return what an installed package states; raises `MissingError` where it is not there."""
    try:
        found = distribution(name)
    except PackageNotFoundError:
        raise MissingError(
            f"package {name} is not installed", advice=f"pip install --no-deps {name}"
        ) from None
    about = found.metadata
    named = [about[key] for key in ("License-Expression", "License") if key in about]
    text = found.read_text("LICENSE") or found.read_text("licenses/LICENSE") or ""
    return Stated(named[0] if named else "", text)


def _plain(text: str) -> str:
    """Return a text with one space between words, as it reads whatever its lines."""
    return " ".join(text.split())


def _of(what: str, count: int) -> Sample:
    return sample(what, (count,), "none", dtype="str")
