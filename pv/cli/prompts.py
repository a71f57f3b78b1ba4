"""What commands share that run a model: which file, which engine, which tokens."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple, TypeAlias

import typer

from pv.errors import BadInputError, UsageError
from pv.escape import bounded
from pv.output.steps import announced

if TYPE_CHECKING:
    from pv.tensors.gguf_header import ModelFile
    from pv.tensors.model_registry import Resolved

_IDS = re.compile(r"\s*[0-9]{1,9}(?:(?:\s*,\s*|\s+)[0-9]{1,9})*\s*")
_SHOWN = 200
"""Characters of a prompt that anybody reads to know it again."""

ModelArgument: TypeAlias = Annotated[
    str, typer.Argument(help="A .gguf file, or the name of a model (pv models list).")
]
IdsOption: TypeAlias = Annotated[
    str | None, typer.Option("--ids", help="Token ids instead of a text: 504,3575,282.")
]


class EngineName(StrEnum):
    """The engines that a pass can run on."""

    REFERENCE = "reference"
    PRODUCTION = "production"


class Prompt(NamedTuple):
    """What a pass runs on."""

    text: str | None
    """None where ids were given."""
    ids: tuple[int, ...]

    @property
    def shown(self) -> str:
        """The text for people, or that there is none."""
        return f'"{bounded(self.text, _SHOWN)}"' if self.text is not None else "ids as given"


def located(model: str) -> Resolved:
    """Return which file is meant, and its sha256.

    Raises `MissingError` where there is none, `BadInputError` where it is damaged or changed.
    """
    from pv.tensors import model_registry

    path = Path(model)
    given = path.suffix == ".gguf" or path.exists()
    with announced(sys.stderr, f"reading {model}, and its sha256 where it is new"):
        return model_registry.resolve(path.name if given else model, path if given else None)


def prompts_of(model: ModelFile, texts: Sequence[str], ids: str | None) -> list[Prompt]:
    """Return texts as the model's own tokenizer cuts them, and ids as they are.

    Raises `UsageError` for ids that are no integers or a prompt that is empty or longer than the
    model's context, `BadInputError` where
    the model's vocabulary cannot be read.
    """
    found = [Prompt(None, _numbers(ids))] if ids is not None else []
    if texts:
        from pv.tokens import tokenizer_of

        try:
            tokenizer = tokenizer_of(model)
        except BadInputError as fault:
            fault.advice = fault.advice or "give token ids: --ids 504,3575,282"
            raise
        found += [Prompt(text, tuple(tokenizer.encode(text))) for text in texts]
    context = _context(model)
    for prompt in found:
        if not prompt.ids:
            raise UsageError(f"prompt {prompt.shown}: has no token, expected at least one")
        if context and len(prompt.ids) > context:
            raise UsageError(
                f"a prompt of {len(prompt.ids):,} tokens, the model's context has {context:,}",
                advice="give less text",
            )
    return found


def _context(model: ModelFile) -> int:
    """Return how many tokens the model was made for, 0 where it does not say."""
    said = model.metadata.get(f"{model.metadata.get('general.architecture')}.context_length")
    return said if isinstance(said, int) else 0


def _numbers(ids: str) -> tuple[int, ...]:
    """Return token ids that are written one behind the other, with one comma or blanks between."""
    if ids.strip() and not _IDS.fullmatch(ids):
        raise UsageError(
            f"--ids {bounded(repr(ids), _SHOWN)}: expected token ids of at most nine digits, with"
            " one comma or blanks between two of them",
            advice="--ids 504,3575,282",
        )
    return tuple(int(one) for one in ids.replace(",", " ").split())
