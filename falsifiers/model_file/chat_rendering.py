"""Whether a file's chat template renders chats byte for byte as they are on record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pv.errors import BadInputError
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.model.measurement import Measurements
from pv.tensors.gguf_header import ModelFile
from pv.tokens import Tokenizer, tokenizer_of
from pv.tokens.chat import render_chat

CONTROLS: dict[str, str] = {
    "without_prompt": "the model is not given the word after the last message",
    "lost_message": "the first message of several is left out",
    "other_roles": "what the user said is told as if the assistant had said it",
    "lost_line_breaks": "line breaks of the template are lost",
}

_EXCHANGED = {"user": "assistant", "assistant": "user"}


class Chat(NamedTuple):
    """Messages, each with role and content, and how they are to be rendered."""

    messages: list[dict[str, str]]
    rendered: str


def golden(run: Run) -> Measurements:
    """Render the chats of the parameter `chats`, each `{messages, rendered}`."""
    return of_model(opened(run), run)


def of_model(model: ModelFile, run: Run) -> Measurements:
    """Measure as `golden` does, on an open model."""
    fault = known_fault(run, CONTROLS)
    chats = _chats(run.parameter("chats"))
    tokenizer = run.once("tokenizer", lambda: tokenizer_of(model))
    found = [_rendered(model, tokenizer, each, fault) for each in chats]
    differing = [_differing(text, each.rendered) for text, each in zip(found, chats, strict=True)]
    over = sample("rendered chats", (len(chats),), "none", dtype="int64")
    return Measurements(
        metrics=(metric("bytes_differing", differing, COUNT, over),),
        notes=tuple(f"{text[:120]!r}" for text in found),
    )


def _chats(given: Sequence[Mapping[str, Any]]) -> list[Chat]:
    """Return the chats of a contract; raises `BadInputError` for one that is none."""
    found = []
    for each in given:
        messages, rendered = each.get("messages"), each.get("rendered")
        if not isinstance(messages, list) or not isinstance(rendered, str) or not messages:
            raise BadInputError(
                f"parameter 'chats': found {dict(each)!r}, expected messages and rendered",
                advice="correct the falsifier's parameters",
            )
        found.append(Chat([{k: str(v) for k, v in one.items()} for one in messages], rendered))
    return found


def _rendered(model: ModelFile, tokenizer: Tokenizer, chat: Chat, fault: str | None) -> str:
    messages = chat.messages
    if fault == "lost_message":
        messages = messages[1:] or messages
    if fault == "other_roles":
        messages = [{**one, "role": _EXCHANGED.get(one["role"], one["role"])} for one in messages]
    text = render_chat(model, messages, prompt=fault != "without_prompt", tokenizer=tokenizer)
    return text.replace("\n", "") if fault == "lost_line_breaks" else text


def _differing(found: str, recorded: str) -> int:
    """Count the bytes that differ; one that either lacks counts too."""
    one, other = found.encode(), recorded.encode()
    pairs = zip(one, other, strict=False)
    return sum(a != b for a, b in pairs) + abs(len(one) - len(other))
