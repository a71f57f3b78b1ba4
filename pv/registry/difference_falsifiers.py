"""Differences of what is run and judged: falsifiers with limits, ship criteria with weights."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pv.model.contract import BindingKind, Criterion, Expectation, Falsifier, ShipModel
from pv.registry.change import Change, Part, Verb, by_id, parts
from pv.registry.versions import Bump


def falsifier(name: str, one: Falsifier, other: Falsifier) -> Iterator[Change]:
    """Yield what changed in a falsifier: its status, its limits, what it runs, what it says."""
    part = Part("falsifier", name)
    yield from part.move(one.status, other.status)
    yield from _limits(name, one.expect, other.expect)
    yield from _companions(name, one, other)
    yield from _binding(name, one, other)
    for key in ("parameters", "controls", "green_controls", "decides", "proxy_for", "unblocks"):
        was, now = getattr(one, key), getattr(other, key)
        yield from part.edit(key, Bump.MINOR, _plain(was), _plain(now))
    yield from part.edit("blocking", Bump.MINOR, one.blocking, other.blocking)
    yield from part.edit("device", Bump.MINOR, one.device, other.device)
    yield from part.edit("models", Bump.MINOR, _demand(one), _demand(other))
    told = ("rule", "prediction", "if_fails")
    pairs = [(key, getattr(one, key), getattr(other, key)) for key in told]
    yield from part.prose(*pairs, ("other keys", one.extra, other.extra))


def _plain(value: Any) -> Any:
    return ", ".join(value) if isinstance(value, tuple) else value


def _binding(name: str, one: Falsifier, other: Falsifier) -> Iterator[Change]:
    part, was, now = Part("falsifier", name), one.binding, other.binding
    reasons = (BindingKind.PLANNED, BindingKind.BLOCKED, BindingKind.MANUAL, BindingKind.AWAITS)
    if was.kind is now.kind and was.kind in reasons:
        pairs: list[tuple[str, Any, Any]] = [
            (was.kind.value, was.reason, now.reason),
            ("details", dict(was.details), dict(now.details)),
        ]
        yield from part.prose(*pairs)
        return
    texts = [f"{each.kind} {each.text}".strip() for each in (was, now)]
    if texts[0] != texts[1]:
        yield from part.edit("binding", Bump.MINOR, *texts)
    else:
        details = [{**each.details, "argv": each.argv} for each in (was, now)]
        yield from part.edit("binding", Bump.MINOR, *details)


def _demand(entry: Falsifier) -> Any:
    """Return the models that are asked for, with whole digests, as plain data."""
    demand = entry.models
    if demand is None:
        return ""
    accepted = [
        (each.name, each.architecture, each.sha256, dict(each.derived)) for each in demand.accept
    ]
    return (demand.quorum, dict(demand.require), accepted)


def _limits(
    name: str, before: tuple[Expectation, ...], after: tuple[Expectation, ...]
) -> Iterator[Change]:
    """Yield changed limits; the first limits of an entry that had none break no promise."""
    one, other = _by_metric(before), _by_metric(after)
    first = not before
    for key, was in one.items():
        if key not in other:
            yield Change("limit", Verb.REMOVED, f"{name} {key}", Bump.MAJOR, _limit(was))
    for key, now in other.items():
        label = f"{name} {key}"
        if key not in one:
            bump = Bump.MINOR if first else Bump.MAJOR
            yield Change("limit", Verb.ADDED, label, bump, _limit(now))
            continue
        was, part = one[key], Part("limit", label)
        yield from part.edit("", Bump.MAJOR, _limit(was), _limit(now))
        yield from part.prose(("reason", was.reason, now.reason))


def _by_metric(expect: Iterable[Expectation]) -> dict[str, Expectation]:
    """Return limits by metric; of several on one metric, those after the first get a number."""
    found: dict[str, Expectation] = {}
    for each in expect:
        key, number = each.metric, 1
        while key in found:
            number += 1
            key = f"{each.metric} ({number})"
        found[key] = each
    return found


def _limit(one: Expectation) -> str:
    around = f" ± {one.tolerance}" if one.tolerance is not None else ""
    return f"{one.op} {one.value}{around}"


def _companions(name: str, one: Falsifier, other: Falsifier) -> Iterator[Change]:
    before, after = ({each.name: each for each in side.beside} for side in (one, other))
    for key in dict.fromkeys((*before, *after)):
        label = f"{name} beside {key}"
        if key not in after:
            yield Change("companion", Verb.REMOVED, label, Bump.MINOR)
        elif key not in before:
            yield Change("companion", Verb.ADDED, label, Bump.MINOR)
        else:
            was, now = before[key], after[key]
            part = Part("companion", label)
            yield from _limits(label, was.expect, now.expect)
            yield from part.edit("harness", Bump.MINOR, was.harness, now.harness)
            yield from part.edit("parameters", Bump.MINOR, was.parameters, now.parameters)


# Ship criteria


def ship_model(name: str, one: ShipModel, other: ShipModel) -> Iterator[Change]:
    """Yield what changed in a model to ship: whatever moves its percentage asks for MAJOR."""
    part = Part("model", name)
    yield from part.edit("base", Bump.MAJOR, one.base, other.base)
    yield from part.edit("credits", Bump.MAJOR, dict(one.credits), dict(other.credits))
    yield from part.edit("model", Bump.MINOR, one.model, other.model)
    percents = (dict(one.asserted_percent), dict(other.asserted_percent))
    yield from part.edit("asserted percentage", Bump.MINOR, *percents)
    reasons = ("reasons", dict(one.reasons), dict(other.reasons))
    yield from part.prose(("name", one.name, other.name), reasons)
    yield from parts("criterion", by_id(one.criteria), by_id(other.criteria), _criterion)


def _criterion(name: str, one: Criterion, other: Criterion) -> Iterator[Change]:
    part = Part("criterion", name)
    yield from part.move(one.status, other.status)
    yield from part.edit("weight", Bump.MAJOR, one.weight, other.weight)
    gates = (", ".join(one.gates), ", ".join(other.gates))
    yield from part.edit("gates", Bump.MAJOR, *gates)
    foreign = (dict(one.foreign), dict(other.foreign))
    yield from part.edit("foreign", Bump.MINOR, *foreign)
    waived = (one.not_applicable, other.not_applicable)
    bump = Bump.PATCH if all(waived) else Bump.MAJOR
    yield from part.edit("not_applicable", bump, *waived)
    yield from part.prose(("criterion", one.criterion, other.criterion))
