"""Descriptions of model families: sizes, tensors, templates. Data, not claims."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.dialects.reader import Data, Reader, extended
from pv.yamlfile.keys import CONTRACT
from pv.yamlfile.shapes import Key, Shape, kept

_BLOCKS = frozenset({"size_variants", "tensor_template", "shape_template"})


def _claims(root: Data) -> bool:
    keys = root.keys()
    return "family" in keys and bool(keys & _BLOCKS) and "falsification_tests" not in keys


READER = Reader(
    Dialect.MODEL_FAMILY,
    _claims,
    extended(
        CONTRACT,
        Key("family", Shape.TEXT, "Name of the family", "", True, Dialect.MODEL_FAMILY),
        *kept(
            "display_name vendor architectures hf_pattern size_variants constraints "
            "tensor_template shape_template quantizations chat_template certification tokenizer "
            "license notes tensor_names gguf_tensor_template",
            Dialect.MODEL_FAMILY,
        ),
        optional=("metadata",),
    ),
)
