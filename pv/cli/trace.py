"""`pv trace`: a forward pass with every layer and point looked at."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from pv.cli.destination import check_destination
from pv.cli.exitcodes import ExitCode
from pv.cli.prompts import EngineName, IdsOption, ModelArgument, Prompt, located, prompts_of
from pv.cli.slot_arrays import Theirs, read_arrays, write_arrays
from pv.cli.text_or_json import AsJson, Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.forward.trace import Trace
    from pv.forward.trace_comparison import Comparison
    from pv.forward.trunk import Trunk
    from pv.tensors.gguf_header import ModelFile
    from pv.tensors.model_registry import Resolved

_LIKELIEST = 4


class Selection(StrEnum):
    """Which tokens the statistics are taken over."""

    ALL = "all"
    LAST = "last"


class Shown(StrEnum):
    """Which statistic the table over layers shows."""

    STD = "std"
    RMS = "rms"
    MEAN = "mean"
    MINIMUM = "minimum"
    MAXIMUM = "maximum"


_Tokens: TypeAlias = Annotated[
    Selection, typer.Option(help="all: every token of the prompt; last: its last one.")
]
_Payload: TypeAlias = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the arrays too, as safetensors.")
]
_Against: TypeAlias = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Compare with the arrays that another engine wrote."),
]


def trace(
    model: ModelArgument,
    prompt: Annotated[str | None, typer.Option(help="Text that the model reads.")] = None,
    ids: IdsOption = None,
    engine: Annotated[EngineName, typer.Option(help="reference or production.")] = (
        EngineName.REFERENCE
    ),
    tokens: _Tokens = Selection.ALL,
    show: Annotated[Shown, typer.Option(help="What the table over layers shows.")] = Shown.STD,
    layer: Annotated[int | None, typer.Option(help="One layer, with all its statistics.")] = None,
    as_json: AsJson = False,
    output_format: OutputFormat = Format.TEXT,
    payload: _Payload = None,
    against: _Against = None,
) -> None:
    """Show what every layer of a model makes of a prompt, in numbers.

    Exit codes: 0 traced · 2 usage · 3 the model is missing, damaged or of an unknown architecture,
    or `--against` lacks slots of ours.
    """
    if (prompt is None) == (ids is None):
        raise UsageError("expected one of --prompt and --ids", advice='--prompt "What is 2+2?"')
    if layer is not None and against is not None:
        raise UsageError(
            "--layer and --against: a comparison shows all layers, expected one of both"
        )
    from pv.forward.trunk import Trunk
    from pv.tensors.gguf_header import open_model

    resolved = located(model)
    if payload is not None:
        check_destination("--payload", payload, [resolved.path, *([against] if against else ())])
    with open_model(resolved.path) as file:
        (asked,) = prompts_of(file, [] if prompt is None else [prompt], ids)
        theirs = None if against is None else read_arrays(against, asked.ids, tokens)
        trunk = Trunk(file)
        _check_layer(layer, trunk.layers)
        kept = payload is not None or theirs is not None
        found = _traced(trunk, asked, engine, tokens, arrays=kept)
        other = None if theirs is None else _compared(found, theirs)
        if payload is not None:
            write_arrays(payload, found, resolved.sha256)
        if as_json or output_format is Format.JSON:
            data = _data(file, resolved, asked, _part(found, layer), other)
            typer.echo(json.dumps(data, indent=2, allow_nan=False))
        else:
            _show(file, resolved, asked, found, show, layer, other)
    if payload is not None:
        typer.echo(f"{len(found.arrays)} arrays: {payload}", err=True)
    raise typer.Exit(ExitCode.NO_VERDICT if other and other.theirs_lack else ExitCode.OK)


def _check_layer(layer: int | None, layers: int) -> None:
    if layer is not None and not 0 <= layer < layers:
        raise UsageError(f"--layer {layer}: expected a layer from 0 to {layers - 1}")


def _part(found: Trace, layer: int | None) -> Trace:
    """Return a trace with the statistics of one layer alone, or whole."""
    if layer is None:
        return found
    return replace(
        found,
        statistics=tuple(each for each in found.statistics if each.layer == layer),
        absent=tuple(each for each in found.absent if each.layer == layer),
    )


def _traced(
    trunk: Trunk, asked: Prompt, engine: EngineName, tokens: Selection, *, arrays: bool
) -> Trace:
    from pv.forward.engine import ENGINES
    from pv.forward.production import Production
    from pv.forward.trace import trace as traced
    from pv.output.steps import Steps

    chosen = ENGINES[engine](trunk)
    for remark in chosen.remarks() if isinstance(chosen, Production) else ():
        typer.echo(f"note: {remark}", err=True)
    with Steps(sys.stderr, "layers traced, then logits") as steps:
        return traced(
            trunk,
            asked.ids,
            chosen,
            tokens=tokens.value,
            arrays=arrays,
            step=steps,
        )


def _compared(found: Trace, theirs: Theirs) -> Comparison:
    from pv.forward.trace_comparison import compared

    return compared(found, theirs.arrays, theirs.tokens)


def _likeliest(file: ModelFile, found: Trace) -> list[tuple[int, float, str | None]]:
    """Return the most likely next tokens: id, logit, text; no text without a vocabulary."""
    import numpy as np

    from pv.errors import BadInputError
    from pv.tokens import tokenizer_of

    best = [int(one) for one in np.argsort(-found.logits, kind="stable")[:_LIKELIEST]]
    texts: list[str | None] = [None] * len(best)
    with suppress(BadInputError):
        tokenizer = tokenizer_of(file)
        texts = [tokenizer.decode([one], specials=True) for one in best]
    return [(one, float(found.logits[one]), text) for one, text in zip(best, texts, strict=True)]


def _show(
    file: ModelFile,
    resolved: Resolved,
    asked: Prompt,
    found: Trace,
    show: Shown,
    layer: int | None,
    other: Comparison | None,
) -> None:
    from pv.output.escape import escape
    from pv.output.fold import fitted, folded
    from pv.output.trace_text import head_of, layers_of, likeliest, points_of

    typer.echo(fitted(escape(f"{resolved.name}  sha256 {resolved.sha256[:12]}  {asked.shown}")))
    if other is not None:
        from pv.output.comparison_text import text_of

        typer.echo("\n".join(text_of(other)))
        return
    typer.echo(folded(head_of(found, show if layer is None else None)) + "\n")
    rows = layers_of(found, show) if layer is None else points_of(found, layer)
    typer.echo("\n".join(rows) + "\n")
    typer.echo(fitted(likeliest(_likeliest(file, found))))


def _data(
    file: ModelFile, resolved: Resolved, asked: Prompt, found: Trace, other: Comparison | None
) -> dict[str, Any]:
    return document(
        model={"name": resolved.name, "sha256": resolved.sha256},
        architecture=file.metadata.get("general.architecture"),
        engine=found.engine,
        prompt=asked.text,
        ids=list(found.ids),
        tokens=found.tokens,
        next=[
            {"id": one, "logit": value, "text": text}
            for one, value, text in _likeliest(file, found)
        ],
        statistics=[each.to_data() for each in found.statistics],
        not_applicable=[each.to_data() for each in found.absent],
        comparison=None
        if other is None
        else {
            "of": other.slots,
            "slots": [each._asdict() for each in other.differences],
            "theirs_lack": list(other.theirs_lack),
            "ours_lack": list(other.ours_lack),
        },
    )
