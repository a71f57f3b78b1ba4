"""`pv trace`: a forward pass with every layer and point looked at."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pv.cli.exitcodes import ExitCode
from pv.cli.prompts import EngineName, IdsOption, ModelArgument, Prompt, located, prompts_of
from pv.cli.text_or_json import Format, OutputFormat, document
from pv.errors import UsageError

if TYPE_CHECKING:
    from pv.forward.trace import Trace
    from pv.forward.trace_comparison import Comparison
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


def trace(
    model: ModelArgument,
    prompt: Annotated[str | None, typer.Option(help="Text that the model reads.")] = None,
    ids: IdsOption = None,
    engine: Annotated[EngineName, typer.Option(help="reference or production.")] = (
        EngineName.REFERENCE
    ),
    tokens: Annotated[
        Selection, typer.Option(help="all: every token of the prompt; last: its last one.")
    ] = Selection.ALL,
    show: Annotated[Shown, typer.Option(help="What the table over layers shows.")] = Shown.STD,
    layer: Annotated[int | None, typer.Option(help="One layer, with all its statistics.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    output_format: OutputFormat = Format.TEXT,
    payload: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the arrays too, as safetensors.")
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with the arrays that another engine wrote."),
    ] = None,
) -> None:
    """Show what every layer of a model makes of a prompt, in numbers.

    Exit codes: 0 traced · 2 usage · 3 the model is missing, damaged or of an unknown architecture.
    """
    if (prompt is None) == (ids is None):
        raise UsageError("expected one of --prompt and --ids", advice='--prompt "What is 2+2?"')
    if payload is not None and not payload.parent.is_dir():
        raise UsageError(f"--payload {payload}: no folder {str(payload.parent)!r}")
    from pv.tensors.gguf_header import open_model

    resolved = located(model)
    with open_model(resolved.path) as file:
        (asked,) = prompts_of(file, [] if prompt is None else [prompt], ids)
        kept = payload is not None or against is not None
        found = _traced(file, asked, engine, tokens, arrays=kept)
        other = None if against is None else _compared(found, against)
        if payload is not None:
            _write_payload(payload, found, resolved)
        if as_json or output_format is Format.JSON:
            data = _data(file, resolved, asked, found, other)
            typer.echo(json.dumps(data, indent=2, allow_nan=False))
        else:
            _show(file, resolved, asked, found, show, layer, other)
    if payload is not None:
        typer.echo(f"{len(found.arrays)} arrays: {payload}", err=True)
    raise typer.Exit(ExitCode.OK)


def _traced(
    file: ModelFile, asked: Prompt, engine: EngineName, tokens: Selection, *, arrays: bool
) -> Trace:
    from pv.forward.engine import ENGINES
    from pv.forward.production import Production
    from pv.forward.trace import trace as traced
    from pv.forward.trunk import Trunk
    from pv.output.steps import Steps

    trunk = Trunk(file)
    chosen = ENGINES[engine](trunk)
    for remark in chosen.remarks() if isinstance(chosen, Production) else ():
        typer.echo(f"note: {remark}", err=True)
    with Steps(sys.stderr, "layers traced") as steps:
        return traced(
            trunk,
            asked.ids,
            chosen,
            tokens=tokens.value,
            arrays=arrays,
            step=steps,
        )


def _likeliest(file: ModelFile, found: Trace) -> list[tuple[int, float, str]]:
    """Return the most likely next tokens: id, logit, text; the id alone without a vocabulary."""
    import numpy as np

    from pv.errors import BadInputError
    from pv.output.escape import escape
    from pv.tokens import tokenizer_of

    best = [int(one) for one in np.argsort(-found.logits, kind="stable")[:_LIKELIEST]]
    try:
        tokenizer = tokenizer_of(file)
        texts = [json.dumps(escape(tokenizer.decode([one], specials=True))) for one in best]
    except BadInputError:
        texts = [f"token {one}" for one in best]
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
    from pv.output.fold import folded
    from pv.output.trace_text import head_of, layers_of, likeliest, points_of

    typer.echo(folded(escape(f"{resolved.name}  sha256 {resolved.sha256[:12]}  {asked.shown}")))
    if other is not None:
        from pv.output.comparison_text import text_of

        typer.echo("\n".join(text_of(other)))
        return
    typer.echo(folded(head_of(found, show if layer is None else None)) + "\n")
    rows = layers_of(found, show) if layer is None else points_of(found, layer)
    typer.echo("\n".join(rows) + "\n")
    typer.echo(folded(likeliest(_likeliest(file, found))))


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
            {"id": one, "logit": value, "text": json.loads(text) if text[0] == '"' else None}
            for one, value, text in _likeliest(file, found)
        ],
        statistics=[each.to_data() for each in found.statistics],
        not_applicable=[each.to_data() for each in found.absent],
        comparison=None
        if other is None
        else {
            "slots": [each._asdict() for each in other.differences],
            "theirs_lack": list(other.theirs_lack),
            "ours_lack": list(other.ours_lack),
        },
    )


def _compared(found: Trace, path: Path) -> Comparison:
    """Compare with a file of arrays; raises `BadInputError` for one that is damaged or unlike."""
    from safetensors import SafetensorError, safe_open

    from pv.errors import BadInputError, MissingError
    from pv.forward.trace_comparison import compared
    from pv.tensors.gguf_errors import shown_path

    if not path.is_file():
        raise MissingError(f"--against {shown_path(path)}: no such file")
    try:
        with safe_open(path, framework="numpy") as file:
            said = file.metadata() or {}
            arrays = {name: file.get_tensor(name).astype("float32") for name in file.keys()}  # noqa: SIM118 - no mapping
    except (SafetensorError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise BadInputError(f"--against {shown_path(path)}: cannot be read: {fault}") from None
    ids = " ".join(str(one) for one in found.ids)
    if said.get("ids", ids) != ids:
        raise BadInputError(f"--against {shown_path(path)}: was traced over other token ids")
    tokens = said.get("tokens", found.tokens)
    return compared(found, arrays, "last" if tokens == "last" else "all")


def _write_payload(path: Path, found: Trace, resolved: Resolved) -> None:
    """Write the arrays as float32, by slot; what they are stands in the file's metadata."""
    from safetensors.numpy import save

    from pv.files import replace_file

    metadata = {
        "engine": found.engine,
        "tokens": found.tokens,
        "ids": " ".join(str(one) for one in found.ids),
        "model_sha256": resolved.sha256,
    }
    replace_file(path, save(dict(found.arrays), metadata=metadata))
