"""Whether a model continues the head of a Python function with valid Python.

What it writes is parsed and never executed. The function ends before the first line that begins
at the margin; a last line that the limit of tokens may have cut is not counted.
"""

from __future__ import annotations

import ast
import warnings
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from pv.falsifiers.apr_gguf_parity.sides import FAULTS, PRODUCTION, faulty
from pv.falsifiers.ffn_gguf.model_blocks import opened
from pv.falsifiers.ffn_gguf.records import COUNT, known_fault, metric, sample
from pv.falsifiers.interface import Run
from pv.forward.decoding import Decoder, greedy
from pv.forward.engine import ENGINES
from pv.forward.trunk import Trunk
from pv.model.measurement import Measurements
from pv.tokens import Tokenizer, tokenizer_of

_BROKEN = "other_layer"

CONTROLS: dict[str, str] = {
    _BROKEN: FAULTS[_BROKEN],
    "lost_indent": "spaces at the beginning of a line are lost when tokens become text",
    "nothing_written": "the continuation is empty",
}

_SHOWN = 400


class Written(NamedTuple):
    """What Python makes of a function."""

    syntax_errors: int
    statements: int
    """Of the body, without a docstring and `pass`."""
    why: str


def parses(run: Run) -> Measurements:
    """Let the run's model continue the parameter `prompt` greedily by `tokens` tokens."""
    model = opened(run)
    tokenizer = run.once("tokenizer", lambda: tokenizer_of(model))
    return of_trunk(run.once("trunk", lambda: Trunk(model)), tokenizer, run)


def of_trunk(trunk: Trunk, tokenizer: Tokenizer, run: Run) -> Measurements:
    """Measure as `parses` does, on an open trunk."""
    fault = known_fault(run, CONTROLS)
    prompt, count = str(run.parameter("prompt")), int(run.parameter("tokens"))
    if fault == _BROKEN:
        text = continued(trunk, tokenizer, prompt, count, fault)
    else:
        text = run.once("text", partial(continued, trunk, tokenizer, prompt, count, None))
    if fault == "nothing_written":
        text = ""
    if fault == "lost_indent":
        text = "\n".join(line.lstrip(" ") for line in text.split("\n"))
    return of_text(prompt, text, count)


def of_text(prompt: str, text: str, count: int) -> Measurements:
    """Measure a prompt and what was written after it, with `count` tokens at most."""
    function = function_of(prompt + text)
    found = parsed(function)
    over = sample("continuation", (count,), "none", tokens=f"{count} greedy", dtype="int64")
    return Measurements(
        metrics=(
            metric("syntax_errors", found.syntax_errors, COUNT, over),
            metric("statements", found.statements, COUNT, over),
        ),
        notes=(f"function: {function[:_SHOWN]!r}", f"Python says: {found.why}"),
    )


def continued(
    trunk: Trunk, tokenizer: Tokenizer, prompt: str, count: int, fault: str | None
) -> str:
    """Return what the production engine writes after a prompt, each token the likeliest one."""
    engine = ENGINES[PRODUCTION](trunk)
    if fault:
        engine = faulty(engine, trunk, fault)
    ids = greedy(Decoder(trunk, engine), tokenizer.encode(prompt), count)
    ends = next((at for at, each in enumerate(ids) if each in tokenizer.ends), len(ids))
    return tokenizer.decode(ids[:ends])


def function_of(text: str) -> str:
    """Return the first line of a text and the lines that belong to it."""
    head, *rest = text.split("\n")
    return "\n".join((head, *_indented(rest))) + "\n"


def body_of(text: str) -> str:
    """Return the lines of a continuation that belong to the function which it continues."""
    first, *rest = text.split("\n")
    return "\n".join((first, *_indented(rest)))


def _indented(lines: list[str]) -> list[str]:
    """Return the lines up to the first one at the margin, without a last one that may be cut."""
    body = list(takewhile(lambda line: not line.strip() or line[0].isspace(), lines))
    return body[:-1] if len(body) == len(lines) > 1 else body


def parsed(function: str) -> Written:
    """Parse a function without executing anything."""
    try:
        with warnings.catch_warnings(action="ignore"):  # an unknown escape is no error yet
            tree = ast.parse(function)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return Written(1, 0, f"{type(error).__name__}: {getattr(error, 'msg', error)}")
    body = [each for one in tree.body if isinstance(one, ast.FunctionDef) for each in one.body]
    real = [each for each in body if not isinstance(each, ast.Pass) and not _is_text(each)]
    return Written(0, len(real), f"{len(tree.body)} definition, {len(real)} statements in it")


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
