"""Finds calculations written out in prose and judges what they claim.

A statement is a calculation, a sign (`=`, `≈`) and a number: `48 × 4 + 1 = 193`. A chain of signs
is several statements. Everything that is not wholly understood is passed by: a name among the
operands, a range, an unfinished calculation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from enum import StrEnum
from itertools import pairwise
from typing import Final, NamedTuple, TypeAlias

from pv.lint.figures.quantity import LOOSE, Quantity, applied, combined, negated
from pv.lint.figures.tokens import Token, tokens

_BLANK: Final = re.compile(r"\n[ \t]*\n")
# Both begin with one set of characters, which is looked for at a fraction of the cost.
_CLAIM: Final = re.compile(
    r"[\d)%×x⁰-⁹⁻¹²³(](?:(?:(?<!\()|(?<=\d) ?[A-Za-zµ]{1,20})\s*[=≈≅]\s*~?[\d(a-z-]|(?<=\()\w*=)"
)
_OPERATION: Final = re.compile(
    r"[\d)%×x⁰-⁹²³(](?:(?<!\()\s?[-×x·*/^+−]\s*[~(\da-z-]|(?<=[a-z2]\()"
    r"|(?<=\d) [a-z]{3,20} [×*] \d)"
)
_CLAIMED_BACKWARDS: Final = re.compile(r"[=≈≅]\s*(?:[\d)%×x⁰-⁹⁻¹²³]|[A-Za-zµ]{1,20} ?\d|\w*\()")
"""The sign of a claim and what stands before it, read from the right: texts have few signs, and
what stands before most of them is no number."""
_BYTES: Final = re.compile(r"[KMGTk]?i?B|bytes?")
_DEEPEST: Final = 6
_FAR: Final = 10.0
"""How many times the last printed digit the operands must leave open before the digit is naught."""
_OPENING_NAMES: Final = frozenset(
    {"mod", "div", "xor", "times", "over", "by", "minus", "plus", "of", "x"}
)
_JOINING_NAMES: Final = frozenset({"to", "and", "or"})
"""Words that make a range or a list of the numbers on both sides of them."""
_CLOSING_NAMES: Final = frozenset({"mod", "div", "xor", "times", "minus", "plus", "to", "or", "x"})
_CONTINUING: Final = frozenset("×·")
"""Operators that begin a line only where a calculation goes on there."""
_FIRST: Final = frozenset(",;:.→—–\"'`•[{§⇒|")
_LAST: Final = frozenset(",;:.→—–\"'`•]}⇒✓|")
_SCALES: Final = tuple(base**power for base in (1000.0, 1024.0) for power in range(-4, 5))


class Fault(StrEnum):
    """What is wrong with a statement."""

    WRONG = "wrong"
    """No rounding of the operands gives the claimed number."""
    UNSUPPORTED = "unsupported"
    """The printed operands give another number, and do not bear the digits of the claimed one."""


class Statement(NamedTuple):
    """A calculation and the number that it is said to come to."""

    text: str
    start: int
    end: int
    result: Quantity
    claim: Quantity
    about: bool
    """Whether the sign is ≈, or the number has a tilde."""
    earlier: tuple[Quantity, ...] = ()
    """What stands before in the same chain of signs, and is said to come to the same number."""

    @property
    def margin(self) -> float:
        """Return how far from the claimed number the result may be."""
        if self.claim.loose:
            return max(self.claim.step, LOOSE * abs(self.claim.value))
        return self.claim.step * (_zeros(self.claim) if self.about else 0.5)

    def scales(self) -> tuple[float, ...]:
        """Return what the result may be multiplied by: percent and units hide powers."""
        found: tuple[float, ...] = (1.0,)
        if self.result.percent or self.claim.percent:
            found += (100.0, 0.01, 1e4, 1e-4)
        elif "/" in self.text and 0 < self.result.value <= 1 < self.claim.value:
            found += (100.0,)  # percent without its sign: 142/164 = 86.59
        return found + (_SCALES if self.result.unit or self.claim.unit else ())

    def fault(self) -> Fault | None:
        """Return what is wrong, or None.

        Digits that an intermediate result lost are borne where the calculation before has them.
        """
        faults = [self._fault(scale) for scale in self.scales()]
        if None in faults:
            return None
        if Fault.UNSUPPORTED not in faults:
            return Fault.WRONG if self._comparable() else None
        whole = (self._replace(result=each, earlier=()) for each in self.earlier)
        return None if any(each.fault() is None for each in whole) else Fault.UNSUPPORTED

    def _comparable(self) -> bool:
        """Return whether bare numbers may be meant as the bytes they are said to be.

        Two cards of a type with a number have bytes that no product of these numbers comes near.
        """
        if self.result.unit or not _BYTES.fullmatch(self.claim.unit):
            return True
        near = (abs(self.result.value * scale / (self.claim.value or 1)) for scale in self.scales())
        return any(0.5 <= each <= 2 for each in near)

    def _fault(self, scale: float) -> Fault | None:
        result, claim, margin = self.result, self.claim, self.margin
        slack = margin + 1e-9 * abs(claim.value)
        if abs(result.value * scale - claim.value) <= slack:
            return None
        if result.plain:
            return Fault.WRONG
        low, high = result.low * scale, result.high * scale
        if low > claim.value + slack or high < claim.value - slack:
            return Fault.WRONG
        return Fault.UNSUPPORTED if (high - low) / 2 >= _FAR * margin else None


def may_state(text: str) -> bool:
    """Tell whether there may be a statement in a text, or in several with NUL between them."""
    return (
        ("=" in text or "≈" in text or "≅" in text)
        and _CLAIMED_BACKWARDS.search(text[::-1]) is not None
        and _CLAIM.search(text) is not None
        and _OPERATION.search(text) is not None
    )


def statements(text: str) -> Iterator[Statement]:
    """Yield every statement of a text."""
    if "=" not in text and "≈" not in text and "≅" not in text:
        return
    start = 0
    for end in (*(each.start() for each in _BLANK.finditer(text)), len(text)):
        if _CLAIM.search(text, start, end) and _OPERATION.search(text, start, end):
            found = tokens(text, start, end)
            position = 0
            while position < len(found):
                position = yield from _chain(text, found, position)
        start = end


class _Part(NamedTuple):
    quantity: Quantity
    start: int
    end: int
    sign: str
    """The relation before it."""


def _chain(text: str, found: list[Token], first: int) -> Generator[Statement, None, int]:
    """Yield the statements of a chain that begins at a token; return where to go on."""
    if not _may_begin(found, first):
        return first + 1
    parsed = _sum(found, first, 0)
    if parsed is None:
        return first + 1
    quantity, at = parsed
    parts = [_Part(quantity, first, at, "")]
    while (sign := _relation(found, at)) is not None:
        begin, word = sign
        parsed = _sum(found, begin, 0)
        if parsed is None:
            break
        quantity, at = parsed
        at += word[0] == "(" and at < len(found) and found[at].kind == "close"
        parts.append(_Part(quantity, begin, at, word))
    if len(parts) > 1 and not _may_end(found, parts[-1].end):
        parts.pop()
    for count, (one, other) in enumerate(pairwise(parts)):
        statement = _statement(text, found, one, other)
        if statement is not None:
            before = (each.quantity for each in parts[:count])
            yield statement._replace(earlier=tuple(each for each in before if not each.single))
    return max(at, first + 1)


def _statement(text: str, found: list[Token], one: _Part, other: _Part) -> Statement | None:
    start, end = found[one.start].start, found[other.end - 1].end
    about = other.sign == "≈"
    calculated, stated = one, other
    if one.quantity.single and not other.quantity.single and _turned(found, one, other):
        calculated, stated = other, one
    if calculated.quantity.single or not stated.quantity.single:
        return None
    counted = any(each.kind == "name" for each in found[calculated.start : calculated.end])
    if counted and not (calculated.quantity.plain and stated.quantity.plain):
        return None  # things of a kind, such as two cards of a type with a number
    return Statement(text[start:end], start, end, calculated.quantity, stated.quantity, about)


def _turned(found: list[Token], one: _Part, other: _Part) -> bool:
    """Return whether a number is said to be the calculation behind it."""
    sized = bool(_BYTES.fullmatch(one.quantity.unit))
    if other.sign == "(n=":
        return sized and bool(_BYTES.fullmatch(other.quantity.unit))
    before = found[one.start - 1].kind if one.start else "line"
    return other.sign == "(=" or sized or before in {"line", "stop", "relation"}


def _zeros(claim: Quantity) -> float:
    """Return the weight of the zeros at the end of a whole number, which ≈ leaves open."""
    weight = 1.0
    whole = int(claim.value) if claim.step == 1.0 else 0
    while whole and whole % 10 == 0:
        whole //= 10
        weight *= 10
    return weight


def _may_begin(found: list[Token], first: int) -> bool:
    if found[first].kind not in {"number", "open", "function"} and not _is_sign(found, first):
        return False
    if not first:
        return True
    before = found[first - 1]
    if before.kind in {"line", "stop", "relation", "open", "bound"}:
        called = first > 1 and found[first - 2].kind == "name"
        return before.kind != "open" or not called or found[first - 2].end < before.start
    if before.kind == "name":
        counted = first > 1 and found[first - 2].kind == "number"
        names = _OPENING_NAMES | (_JOINING_NAMES if counted else set())
        joined = before.text.lower() in names
        return not joined and (found[first].kind != "open" or before.end < found[first].start)
    if before.kind == "operator" and before.text in "-*":
        bullet = before.end < found[first].start
        return bullet and (first < 2 or found[first - 2].kind in {"line", "stop"})
    return before.kind == "other" and before.text in _FIRST


def _is_sign(found: list[Token], at: int) -> bool:
    """Return whether a minus belongs to the number behind it, and is no bullet."""
    minus = found[at].kind == "operator" and found[at].text == "-"
    return minus and at + 1 < len(found) and found[at].end == found[at + 1].start


def _may_end(found: list[Token], at: int) -> bool:
    if at >= len(found):
        return True
    after = found[at]
    if after.kind == "name":
        return after.text.lower() not in _CLOSING_NAMES
    if [each.text for each in found[at : at + 2]] == [".", "."]:
        return False  # digits that go on
    if after.kind == "line":
        ahead = found[at + 1] if at + 1 < len(found) else None
        return ahead is None or ahead.kind != "operator" or ahead.text in "-*"
    return after.kind in {"stop", "close", "open", "relation", "bound"} or (
        after.kind == "other" and after.text in _LAST
    )


def _relation(found: list[Token], at: int) -> tuple[int, str] | None:
    """Return what follows a relation, and the relation; None where there is none."""
    at = _over_line(found, at)
    if at < len(found) and found[at].kind == "relation":
        return _over_line(found, at + 1), found[at].text
    kinds = [each.kind for each in found[at : at + 3]]
    if kinds[:2] == ["open", "relation"]:
        return _over_line(found, at + 2), "(="
    return (_over_line(found, at + 3), "(n=") if kinds == ["open", "name", "relation"] else None


def _over_line(found: list[Token], at: int) -> int:
    return at + 1 if at < len(found) and found[at].kind == "line" else at


_Parsed: TypeAlias = tuple[Quantity, int]
_Operand: TypeAlias = Callable[[list[Token], int, int], "_Parsed | None"]


def _operator(found: list[Token], at: int, among: str) -> int | None:
    """Return the place of an operator; across the end of a line only a sign that starts none."""
    here = _over_line(found, at)
    if here >= len(found) or found[here].kind != "operator" or found[here].text not in among:
        return None
    return None if here != at and found[here].raw not in _CONTINUING else here


def _sum(found: list[Token], at: int, depth: int) -> _Parsed | None:
    return _binary(found, at, depth, "+-", _product)


def _product(found: list[Token], at: int, depth: int) -> _Parsed | None:
    return _binary(found, at, depth, "*/", _power)


def _binary(
    found: list[Token],
    at: int,
    depth: int,
    among: str,
    operand: _Operand,
) -> _Parsed | None:
    parsed = operand(found, at, depth)
    while parsed is not None and (sign := _operator(found, parsed[1], among)) is not None:
        right = operand(found, _over_line(found, sign + 1), depth)
        if right is None:
            return None
        result = combined(found[sign].text, parsed[0], right[0])
        parsed = None if result is None else (result, right[1])
    return parsed


def _power(found: list[Token], at: int, depth: int) -> _Parsed | None:
    base = _atom(found, at, depth)
    if base is None or (sign := _operator(found, base[1], "^")) is None:
        return base
    exponent = _power(found, sign + 1, depth + 1) if depth < _DEEPEST else None
    result = combined("^", base[0], exponent[0]) if exponent is not None else None
    return None if result is None or exponent is None else (result, exponent[1])


def _atom(found: list[Token], at: int, depth: int) -> _Parsed | None:
    if at >= len(found) or depth > _DEEPEST:
        return None
    token = found[at]
    if token.quantity is not None and token.kind == "number":
        return token.quantity, at + 1 + _counts(found, at)
    if token.kind == "operator" and token.text == "-":
        inner = _atom(found, at + 1, depth + 1)
        return None if inner is None else (negated(inner[0]), inner[1])
    if token.kind == "function":
        inner = _bracket(found, at + 1, depth)
        result = applied(token.text, inner[0]) if inner is not None else None
        return None if result is None or inner is None else (result, inner[1])
    return _bracket(found, at, depth)


def _counts(found: list[Token], at: int) -> bool:
    """Return whether a number counts things that are multiplied: `7 heads × 36 layers = 252`."""
    if at + 2 >= len(found):
        return False
    noun, after = found[at + 1 : at + 3]
    named = noun.kind == "name" and noun.text.isalpha() and noun.text.islower()
    factor = after.kind == "operator" and after.text == "*"
    last = after.kind == "relation" and at > 0 and found[at - 1].text == "*"
    return named and len(noun.text) > 2 and found[at].end < noun.start and (factor or last)


def _bracket(found: list[Token], at: int, depth: int) -> _Parsed | None:
    if at >= len(found) or found[at].kind != "open":
        return None
    inner = _sum(found, _over_line(found, at + 1), depth + 1)
    if inner is None:
        return None
    end = _over_line(found, inner[1])
    closed = end < len(found) and found[end].kind == "close"
    return (inner[0]._replace(step=0.0), end + 1) if closed else None
