"""From ids to jobs: which falsifiers run, on which models, and what is absent by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from pv.discharge.declarations import alone
from pv.discharge.job import Job, Limits, device_class, one_line
from pv.discharge.selection import Entry, Selection, Shard, select
from pv.errors import BadInputError, MissingError, UsageError
from pv.model.contract import (
    Binding,
    BindingKind,
    Contract,
    Falsifier,
    ModelReference,
    short_id,
)
from pv.model.receipt import ModelIdentity, Outcome
from pv.model.verdict import Cause, Level, State, Verdict
from pv.registry.contracts import Loaded

_TIMEOUT: Final = "timeout_seconds"
_RUN: Final = frozenset(
    {BindingKind.HARNESS, BindingKind.PYTEST, BindingKind.CARGO, BindingKind.COMMAND}
)
NOTHING_CHOSEN: Final = "what was asked for"
"""Stands for a falsifier where the choice itself left nothing to run."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a user asked for."""

    root: Path
    ids: tuple[str, ...] = ()
    everything: bool = False
    live: bool = False
    device: str = "cpu"
    model: Path | None = None
    """A model file to use instead of the configured ones; its digest must be accepted."""
    limits: Limits = field(default_factory=Limits)
    own_timeouts: bool = True
    """Whether `timeout_seconds` of an entry replaces the limit of time."""
    changed: bool = False
    """Only what is stale or has no fresh receipt; the others are reused."""
    level: Level | None = None
    shard: Shard | None = None
    jobs: int = 0
    """Jobs side by side; 0: as many as there are processors, at most four."""
    retries: int = 0
    """How often a process that was lost is started again."""


def command(falsifier: str, request: Request, *, live: bool) -> tuple[str, ...]:
    """Return the command that repeats a run. No path of one machine stands in it."""
    device = () if request.device == "cpu" else ("--device", request.device)
    return ("pv", "discharge", short_id(falsifier), *(("--live",) if live else ()), *device)


def plan(loaded: Sequence[Loaded], request: Request) -> tuple[Job | Outcome, ...]:
    """Return jobs, and an outcome for everything that will not run, in the order asked for.

    Raises UsageError for an id that is unknown or fits several falsifiers, and where nothing is
    asked for.
    """
    if request.everything == bool(request.ids):
        raise UsageError("expected ids of falsifiers, or --all, not both and not neither")
    chosen = select(loaded, request.ids, level=request.level, shard=request.shard)
    _check_model(chosen, request)
    items: list[Job | Outcome] = []
    for entry in chosen.entries:
        items += _items(entry, request)
    items += [_unread(each, request) for each in chosen.unread]
    empty = chosen.empty
    if not (items or empty):
        empty = f"no falsifier under {request.root / 'contracts'}, in {len(loaded)} contracts"
    return (_nothing(empty, request),) if empty else tuple(items)


def _check_model(chosen: Selection, request: Request) -> None:
    """Raise UsageError for a model that nothing that is asked for would look at."""
    if request.model is None:
        return
    if not request.live:
        advice = "add --live"
        raise UsageError(f"--model {request.model}: no model is used without --live", advice=advice)
    if chosen.entries and not any(each.falsifier.live for each in chosen.entries):
        raise UsageError(
            f"--model {request.model}: none of the falsifiers that are asked for uses a model",
            advice="leave --model out, or ask for a falsifier with `models`",
        )


def _nothing(reason: str, request: Request) -> Outcome:
    """Return the outcome of a choice that left nothing: it is never a success."""
    return Outcome(
        falsifier=NOTHING_CHOSEN,
        contract="",
        verdict=Verdict.SKIPPED,
        level=request.level or Level.SYNTHETIC,
        headline=reason,
        device=device_class(request.device),
    )


def _unread(loaded: Loaded, request: Request) -> Outcome:
    """Return the outcome that stands for all falsifiers of a file that could not be read."""
    return Outcome(
        falsifier=loaded.file,
        contract=loaded.file,
        verdict=Verdict.ERROR,
        level=Level.SYNTHETIC,
        headline=loaded.fault,
        device=device_class(request.device),
        cause=Cause.BAD_INPUT,
        command=("pv", "validate", loaded.file),
    )


def _runnable(binding: Binding) -> Binding | str:
    """Return the binding as a runner takes it, or why none can run it."""
    if binding.kind is BindingKind.HARNESS:
        return binding
    from pv.discharge.runners.reference import runnable  # noqa: PLC0415 - reads other references

    return runnable(binding)


def _wrong_pattern(binding: Binding) -> str:
    """Say which pattern of a declared success judges nothing, and why; empty where none does."""
    if binding.kind is not BindingKind.COMMAND:
        return ""
    from pv.bindings.unjudgeable import command_fault  # noqa: PLC0415 - reads other references

    fault = command_fault(binding)
    if fault is None or len(fault.path) < 2:
        return ""
    return f"{'.'.join(map(str, fault.path))}: {fault.reason}"


def _items(entry: Entry, request: Request) -> Iterator[Job | Outcome]:
    binding = _runnable(entry.falsifier.binding)
    if isinstance(binding, str) and not (entry.fault and entry.falsifier.binding.kind in _RUN):
        maker = _Maker(entry.contract, entry.falsifier, request)
        if wrong := _wrong_pattern(entry.falsifier.binding):
            yield maker.absent(
                Verdict.ERROR, f"{entry.contract.file}: {wrong}", cause=Cause.BAD_INPUT
            )
            return
        yield maker.absent(maker.unrunnable, binding)
        return
    own = entry.falsifier.binding if isinstance(binding, str) else binding
    falsifier = entry.falsifier._replace(binding=own)
    maker = _Maker(entry.contract, falsifier, request)
    if falsifier.live and not request.live:
        reason = f"live: it needs a model · do: {' '.join(maker.command)}"
        yield maker.absent(Verdict.NOT_RUN, reason)
    elif falsifier.device and request.device == "cpu":
        yield maker.without_device(falsifier.device)
    elif entry.fault:
        reason = f"the entry has a fault: {entry.fault} · do: pv validate {entry.contract.file}"
        yield maker.absent(Verdict.ERROR, reason, cause=Cause.BAD_INPUT)
    elif falsifier.models is None:
        yield maker.job()
    else:
        yield from maker.live(falsifier.models.accept)


class _Maker:
    """Makes jobs and absences of one falsifier."""

    def __init__(self, contract: Contract, falsifier: Falsifier, request: Request) -> None:
        self._contract, self._falsifier, self._request = contract, falsifier, request
        self._level = Level.LIVE if falsifier.live else Level.SYNTHETIC
        self.command = command(falsifier.id, request, live=falsifier.live)

    def job(self, model: ModelIdentity | None = None, path: Path | None = None) -> Job:
        request = self._request
        return Job(
            self._contract,
            self._falsifier,
            request.root,
            self._level,
            request.device,
            self._limits(),
            model,
            path,
            live=request.live,
            alone=alone(request.root, self._falsifier),
        )

    def _limits(self) -> Limits:
        falsifier = self._falsifier
        own = falsifier.extra.get(_TIMEOUT) or falsifier.binding.details.get(_TIMEOUT)
        if self._request.own_timeouts and isinstance(own, int | float) and own > 0:
            return replace(self._request.limits, seconds=float(own))
        return self._request.limits

    def absent(
        self,
        verdict: Verdict,
        reason: str,
        model: ModelIdentity | None = None,
        cause: Cause | None = None,
    ) -> Outcome:
        return Outcome(
            falsifier=self._falsifier.id,
            contract=self._contract.id,
            verdict=verdict,
            level=self._level,
            headline=reason,
            device=device_class(self._request.device),
            model=model,
            cause=cause,
            command=self.command,
        )

    @property
    def unrunnable(self) -> Verdict:
        """What a falsifier is that this run cannot run.

        Asked for by its id or a pattern it is a run that failed; asked for with all others, the
        question is what can be run.
        """
        return Verdict.SKIPPED if self._request.ids else Verdict.NOT_RUN

    def without_device(self, device: str) -> Outcome:
        """Return the outcome of a question about a device in a run on the processor."""
        on_device = replace(self._request, device=device)
        repeat = command(self._falsifier.id, on_device, live=self._falsifier.live)
        reason = (
            f"device: it needs {device} · do: {' '.join(repeat)}, or --device sim (the simulator,"
            f" at most {State.PARTIAL_ALGORITHM_LEVEL})"
        )
        return replace(self.absent(self.unrunnable, reason), command=repeat)

    def live(self, accepted: Sequence[ModelReference]) -> Iterator[Job | Outcome]:
        """Yield a job for each accepted model that is here, then a line for each that is not."""
        if self._request.model is not None:
            items = [*self._given(accepted, self._request.model)]
        else:
            items = [self._configured(reference) for reference in accepted]
        yield from (each for each in items if isinstance(each, Job))
        absent = [each for each in items if isinstance(each, Outcome)]
        if all(isinstance(each, Outcome) and each.verdict is Verdict.NOT_RUN for each in items):
            names = ", ".join(reference.name for reference in accepted) or "none"
            reason = f"no accepted model is here; accepted: {names}"
            yield self.absent(Verdict.SKIPPED, reason)
        yield from absent

    def _configured(self, reference: ModelReference) -> Job | Outcome:
        from pv.tensors.model_registry import resolve  # noqa: PLC0415 - only live runs need models

        if not reference.recorded:
            return self._not_here(reference, "no sha256 on record")
        try:
            found = resolve(reference.name)
        except MissingError as error:
            return self._not_here(reference, _short(error))
        except (BadInputError, UsageError) as error:
            identity = _identity(reference)
            return self.absent(Verdict.ERROR, one_line(error), identity, Cause.BAD_INPUT)
        if found.sha256 != reference.sha256:
            return self.absent(
                Verdict.SKIPPED, _not_accepted(found.sha256, [reference]), _identity(reference)
            )
        return self.job(_identity(reference), found.path)

    def _given(self, accepted: Sequence[ModelReference], path: Path) -> Iterator[Job | Outcome]:
        from pv.tensors.model_registry import resolve  # noqa: PLC0415 - only live runs need models

        try:
            found = resolve("model", path)
        except MissingError as error:
            yield self.absent(Verdict.SKIPPED, error.message)
            return
        except BadInputError as error:
            yield self.absent(Verdict.ERROR, one_line(error), cause=Cause.BAD_INPUT)
            return
        recorded = [reference for reference in accepted if reference.recorded]
        if found.sha256 not in {reference.sha256 for reference in recorded}:
            yield self.absent(Verdict.SKIPPED, _not_accepted(found.sha256, recorded))
        for reference in accepted:
            if reference.recorded and reference.sha256 == found.sha256:
                yield self.job(_identity(reference), found.path)
            else:
                yield self._not_here(reference, "another model was given")

    def _not_here(self, reference: ModelReference, reason: str) -> Outcome:
        how = f"derive {reference.name}" if reference.derived else f"add {reference.name} PATH"
        return self.absent(Verdict.NOT_RUN, f"pv models {how}; {reason}", _identity(reference))


def _identity(reference: ModelReference) -> ModelIdentity:
    return ModelIdentity(reference.name, reference.sha256, reference.derived)


def _short(error: MissingError) -> str:
    """Return why a model is missing, without the list of those that are not."""
    return error.message.partition(",")[0]


def _not_accepted(found: str, recorded: Sequence[ModelReference]) -> str:
    known = ", ".join(f"{each.sha256} ({each.name})" for each in recorded) or "none on record"
    return f"the model's sha256 is {found}, accepted: {known}"
