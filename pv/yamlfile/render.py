"""Values as YAML text for an edit, in the way that every YAML reader takes alike.

ruamel.yaml decides on quotes and lays out nested values. Three kinds of text are dressed first:
what a YAML 1.1 reader would take for a boolean, number or date gets quotes, characters that readers
dispute get escapes, and a text of several lines becomes a literal block.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from pv.yamlfile.nodes import Plain, ScalarValue, Style

INDENT: Final = 2
_NO_WRAPPING: Final = 1 << 30
_OLD_RULES: Final[Any] = yaml.resolver.Resolver()
_in_double: Final[Callable[[str], str]] = DoubleQuotedScalarString
_in_single: Final[Callable[[str], str]] = SingleQuotedScalarString
_in_block: Final[Callable[[str], str]] = LiteralScalarString
_TEXT: Final = "tag:yaml.org,2002:str"


class _Representer(RoundTripRepresenter):
    """Writes null in full, and floats with the point that YAML 1.1 readers need."""


def _represent_null(representer: _Representer, _: None) -> ScalarNode:
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:null", "null")
    return node


def _represent_float(representer: _Representer, value: float) -> ScalarNode:
    text = repr(value)
    if text in {"inf", "-inf", "nan"}:
        text = text.replace("inf", ".inf").replace("nan", ".nan")
    elif "e" in text and "." not in text:
        text = text.replace("e", ".0e")
    node: ScalarNode = representer.represent_scalar("tag:yaml.org,2002:float", text)
    return node


_Representer.add_representer(type(None), _represent_null)
_Representer.add_representer(float, _represent_float)


def render_entry(key: str, value: Plain, *, in_flow: bool) -> list[str]:
    """Return the lines of `key: value`; one line in flow style."""
    if in_flow:
        return [_flow({key: value})]
    return _dump(CommentedMap({_dress_text(key, "plain"): _dress(value)}))


def render_item(value: Plain, *, in_flow: bool) -> list[str]:
    """Return the lines of `- value`, or the one line of `value` in flow style."""
    if in_flow:
        return [_flow([value])]
    lines = _dump(CommentedSeq([_dress(value)]))
    return [line[INDENT:] for line in lines]


def render_scalar(value: ScalarValue, *, in_flow: bool, style: Style) -> list[str]:
    """Return the lines of one scalar; the lines after the first are indented by `INDENT`.

    `style` is what the replaced scalar had; quotes and blocks are kept where the value permits.
    """
    dressed = _dress_text(value, style) if isinstance(value, str) else value
    if in_flow or not isinstance(dressed, LiteralScalarString):
        return [_flow([dressed])]
    lines = _dump(CommentedMap({"k": dressed}))
    return [lines[0].removeprefix("k: "), *lines[1:]]


def _flow(value: list[Any] | dict[str, Any]) -> str:
    """Return what stands between the brackets."""
    lines = _dump(_dress_flow(value))
    return "\n".join(lines)[1:-1]


def _dump(value: CommentedMap | CommentedSeq) -> list[str]:
    writer = YAML()
    writer.Representer = _Representer
    writer.width = _NO_WRAPPING
    writer.indent(mapping=INDENT, sequence=2 * INDENT, offset=INDENT)
    stream = io.StringIO()
    writer.dump(value, stream)
    return stream.getvalue().removesuffix("\n").split("\n")


def _dress(value: Plain) -> Any:
    """Return a value with ruamel's marks for quotes and blocks (its types have no common base)."""
    if isinstance(value, dict):
        pairs = {_dress_text(key, "plain"): _dress(inner) for key, inner in value.items()}
        return CommentedMap(pairs)
    if isinstance(value, list):
        return CommentedSeq([_dress(inner) for inner in value])
    return _dress_text(value, "plain") if isinstance(value, str) else value


def _dress_flow(value: Any) -> Any:
    """Return a value for brackets: no blocks, texts over several lines in double quotes."""
    if isinstance(value, dict):
        pairs = CommentedMap({_dress_flow(key): _dress_flow(inner) for key, inner in value.items()})
        pairs.fa.set_flow_style()
        return pairs
    if isinstance(value, list):
        items = CommentedSeq([_dress_flow(inner) for inner in value])
        items.fa.set_flow_style()
        return items
    if isinstance(value, str) and ("\n" in value or ":?" in value):  # libyaml stops at the latter
        return _in_double(value)
    return _dress_text(value, "plain") if type(value) is str else value


def _dress_text(text: str, style: Style) -> str:
    if not text.replace("\n", "").isprintable():
        return _in_double(text)
    if "\n" in text:
        trailing_blanks = any(line != line.rstrip() for line in text.split("\n"))
        if trailing_blanks or text.endswith("\n\n") or text.startswith((" ", "\n")):
            return _in_double(text)
        return _in_block(text)
    if style == "single":
        return _in_single(text)
    if style == "double" or text[:1] in {"?", ":"} or _is_other_in_old_yaml(text):
        return _in_double(text)
    return text


def _is_other_in_old_yaml(text: str) -> bool:
    """Tell whether YAML 1.1 takes the bare text for something else than text."""
    return bool(_OLD_RULES.resolve(yaml.ScalarNode, text, (True, False)) != _TEXT)
