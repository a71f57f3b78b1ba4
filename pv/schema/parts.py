"""What the models of the contract language are made of: their base and the types of values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pv.yamlfile.falsifier_keys import DEVICES, OPERATORS, QUORUMS
from pv.yamlfile.keys import KINDS, OBLIGATION_TYPES
from pv.yamlfile.periods import PERIOD


def maybe() -> Any:
    """Return the default of a key that may be absent; null is no value of the language."""
    return Field(default=None)


def one_of(words: Iterable[str]) -> Any:
    """Return the field of a closed list of words."""
    return Field(json_schema_extra={"enum": list(words)})


Text: TypeAlias = Annotated[str, Field(min_length=1)]
Date: TypeAlias = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Digest: TypeAlias = Annotated[str, Field(pattern=r"^([0-9a-f]{64}|unrecorded)$")]
Number: TypeAlias = float
Period: TypeAlias = Annotated[str, Field(pattern=f"^{PERIOD}$")]
Decimal: TypeAlias = (
    Annotated[float, Field(ge=0)]
    | Annotated[str, Field(pattern=r"^(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?$")]
)
Free: TypeAlias = dict[str, Any]
Kind: TypeAlias = Annotated[str, one_of(KINDS)]
ObligationType: TypeAlias = Annotated[str, one_of(OBLIGATION_TYPES)]
Operator: TypeAlias = Annotated[str, one_of(OPERATORS)]
Quorum: TypeAlias = Annotated[str, one_of(QUORUMS)]
Device: TypeAlias = Annotated[str, one_of(DEVICES)]


class Part(BaseModel):
    """A mapping with known keys, and extensions under `x-…`."""

    model_config = ConfigDict(extra="forbid")
    table: ClassVar[str]
    """Name of its key table, which has the descriptions."""
    rules: ClassVar[dict[str, Any]] = {}
    """What holds between its keys, as JSON Schema."""
