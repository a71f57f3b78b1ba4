"""`pv bisect`: the first layer and operation in which an engine leaves what rounding explains."""

from __future__ import annotations

import json
import math
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from pv.cli.destination import check_destination
from pv.cli.exitcodes import ExitCode
from pv.cli.prompts import EngineName, IdsOption, ModelArgument, Prompt, located, prompts_of
from pv.cli.text_or_json import AsJson, Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.forward.bisect import Bisection
    from pv.forward.interface import Engine
    from pv.forward.null_model import Injected
    from pv.forward.trunk import Trunk
    from pv.tensors.gguf_header import ModelFile
    from pv.tensors.model_registry import Resolved

_OWN_PROMPTS = 4


class Device(StrEnum):
    """Where the production engine multiplies."""

    CPU = "cpu"
    CUDA = "cuda"


_Prompts: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(help="Text to run on; may be repeated. Without any, a few sentences."),
]
_Plant: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="LAYER:FAULT[@OPERATION]",
        help="Plant a fault first: 7:floor, 7:floor@attn_v. ? alone lists them.",
    ),
]


def bisect(
    model: ModelArgument,
    prompt: _Prompts = None,
    ids: IdsOption = None,
    engine: Annotated[EngineName, typer.Option(help="The engine on trial.")] = (
        EngineName.PRODUCTION
    ),
    device: Annotated[Device, typer.Option(help="Where it multiplies.")] = Device.CPU,
    plant: _Plant = None,
    layers: Annotated[int | None, typer.Option(help="Only the first so many layers.")] = None,
    svg: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it too.")] = None,
    as_json: AsJson = False,
    output_format: OutputFormat = Format.TEXT,
) -> None:
    """Find the first operation whose error rounding does not explain.

    Each operation of the engine is given the reference's input, and its error is judged alone.
    Exit codes: 0 clean · 1 found · 2 usage · 3 no verdict: model or device missing, or damaged.
    """
    if plant is not None and plant.rpartition(":")[2] == "?":
        typer.echo(_faults())
        raise typer.Exit(ExitCode.OK)
    if engine is EngineName.REFERENCE and plant is None:
        raise UsageError(
            "--engine reference: the reference would be compared with itself",
            advice="plant a fault into it: --plant 7:floor",
        )
    from pv.forward.trunk import Trunk
    from pv.tensors.gguf_header import open_model

    resolved = located(model)
    if svg is not None:
        check_destination("--svg", svg, [resolved.path])
    with open_model(resolved.path) as file:
        trunk = Trunk(file, layers)
        asked = _prompts(file, prompt or [], ids)
        found = _bisected(trunk, asked, engine, device, plant)
    if svg is not None:
        from pv.files import replace_file
        from pv.report.bisect_chart import drawn

        title = f"{found.candidate} on {resolved.name}"
        replace_file(svg, drawn(found, title).encode())
    code = ExitCode.FINDINGS if found.first else ExitCode.OK
    if as_json or output_format is Format.JSON:
        data = _data(found, resolved, asked, code)
        typer.echo(json.dumps(data, indent=2, allow_nan=False))
    else:
        _show(found, resolved)
    raise typer.Exit(code)


def _prompts(file: ModelFile, texts: list[str], ids: str | None) -> list[Prompt]:
    if not texts and ids is None:
        from pv.falsifiers.ffn_gguf.sentences import SENTENCES

        texts = [each.text for each in SENTENCES[:_OWN_PROMPTS]]
    return prompts_of(file, texts, ids)


def _bisected(
    trunk: Trunk, asked: list[Prompt], engine: EngineName, device: Device, plant: str | None
) -> Bisection:
    from pv.forward.bisect import bisect as bisected
    from pv.forward.engine import production, reference
    from pv.forward.null_model import FORMATS
    from pv.output.steps import Steps

    exact = reference(trunk)
    candidate = exact if engine is EngineName.REFERENCE else production(trunk, device.value)
    if plant is not None:
        candidate = _planted(trunk, candidate, plant)
    sentences = [each.ids for each in asked]
    with Steps(sys.stderr, "layers judged, then run freely") as steps:
        return bisected(trunk, sentences, exact, candidate, FORMATS[engine], step=steps)


def _planted(trunk: Trunk, engine: Engine, plant: str) -> Engine:
    from pv.forward.planted import FAULTS, Planted

    layer, colon, rest = plant.partition(":")
    name, _, place = rest.partition("@")
    if not colon or not layer.isdecimal() or name not in FAULTS:
        raise UsageError(
            f"--plant {plant!r}: expected LAYER:FAULT, as in 7:floor, with one of\n{_faults()}"
        )
    return Planted(engine, trunk, int(layer), name, place or None)


def _faults() -> str:
    """Return every fault that can be planted, with what it changes and where else it can be."""
    from pv.forward.planted import FAULTS
    from pv.output.fold import hung

    told = {name: f"{one.changes} ({', '.join(one.places)})" for name, one in FAULTS.items()}
    return "\n".join(hung(f"    {name:<20}", text) for name, text in told.items())


def _show(found: Bisection, resolved: Resolved) -> None:
    from pv.output.bisect_text import text_of
    from pv.output.escape import escape
    from pv.output.fold import folded
    from pv.output.interface import counted

    head = (
        f"{resolved.name}  sha256 {resolved.sha256[:12]}  {found.candidate} against"
        f" {found.reference}, {counted(found.tokens, 'token')} of"
        f" {counted(found.prompts, 'prompt')}"
    )
    typer.echo(folded(escape(head)))
    typer.echo("\n".join(text_of(found)))


def _data(found: Bisection, resolved: Resolved, asked: list[Prompt], code: int) -> dict[str, Any]:
    drift = found.drift
    return document(
        exit_code=int(code),
        model={"name": resolved.name, "sha256": resolved.sha256},
        reference=found.reference,
        candidate=found.candidate,
        prompts=[{"text": each.text, "ids": list(each.ids)} for each in asked],
        first=_row(found.first) if found.first else None,
        guilty=[_row(each) for each in found.guilty],
        injected=[_row(each) for each in found.injected],
        drift=None
        if drift is None
        else {
            "prompts": drift.prompts,
            **{
                name: [float(one) for one in getattr(drift, name)]
                for name in ("median", "low", "high", "difference", "stream")
            },
            "outliers": drift.outliers(),
        },
        free_run_ended=found.ended or None,
    )


def _row(each: Injected) -> dict[str, Any]:
    numbers = ("error", "signal", "ratio", "over", "resolution")
    told = {name: getattr(each, name) for name in numbers}
    finite = {name: one if math.isfinite(one) else None for name, one in told.items()}
    return {"layer": each.place.layer, "sub_block": each.place.name, "law": each.law, **finite}
