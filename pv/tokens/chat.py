"""The chat template of a model file, rendered where it can do no harm.

A template is a program that a stranger wrote. It runs in the sandbox, under its limits, and sees
what templates of this kind expect: the messages, the texts of begin and end token, whether an
answer should follow, and `raise_exception` for what it refuses. No clock: the same messages give
the same text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pv.errors import UsageError
from pv.sandbox import LIMITS, Limits, Missing, Rules, render
from pv.tensors.gguf_errors import GgufError
from pv.tensors.gguf_header import ModelFile
from pv.tokens.tokenizer import Tokenizer, tokenizer_of

KEY: Final = "tokenizer.chat_template"
MOST_CHARACTERS: Final = 1 << 20
"""Of all messages together."""

_RULES: Final = Rules(missing=Missing.FALSE, loop_controls=True)


def render_chat(
    model: ModelFile,
    messages: Sequence[Mapping[str, Any]],
    *,
    prompt: bool = True,
    tokenizer: Tokenizer | None = None,
    limits: Limits = LIMITS,
) -> str:
    """Return what a conversation looks like to the model, special tokens as their texts.

    Messages are mappings with `role` and `content`. With `prompt` the text ends where an answer
    begins. A tokenizer that is at hand already saves reading the vocabulary. Raises `GgufError`
    for a file without a template, `TemplateError` for a template that is wrong, reaches too far or
    refuses the messages, `UsageError` for messages that are none.
    """
    template = template_of(model)
    _check(messages)
    vocabulary = (tokenizer or tokenizer_of(model)).vocabulary
    values = {
        "messages": [dict(message) for message in messages],
        "add_generation_prompt": prompt,
        "bos_token": _text(vocabulary.tokens, vocabulary.begin),
        "eos_token": _text(vocabulary.tokens, vocabulary.end),
        "tools": None,
        "documents": None,
    }
    # One line end after the last line belongs to the file, not to what it renders.
    return render(template.removesuffix("\n"), values, limits, name=KEY, rules=_RULES)


def template_of(model: ModelFile) -> str:
    """Return the chat template of a model file; raises `GgufError` where there is none."""
    found = model.metadata.get(KEY)
    if isinstance(found, str):
        return found
    problem = "is absent" if found is None else "expected string"
    entry = model.metadata.entry(KEY)
    raise GgufError(
        model.path,
        entry.offset if entry else 0,
        f"key '{KEY}'",
        problem,
        advice="use a model that was made for conversations, or give it plain text",
    )


def _check(messages: Sequence[Mapping[str, Any]]) -> None:
    if not messages:
        raise UsageError("messages: found none; a conversation has at least one")
    size = 0
    for index, message in enumerate(messages):
        for key in ("role", "content"):
            value = message.get(key)
            if not isinstance(value, str):
                found = "nothing" if value is None else type(value).__name__
                raise UsageError(f"message {index}: {key}: expected text, found {found}")
            size += len(value)
    if size > MOST_CHARACTERS:
        raise UsageError(f"messages of {size} characters, the limit is {MOST_CHARACTERS}")


def _text(tokens: Sequence[str], id_: int | None) -> str:
    return "" if id_ is None else tokens[id_]
