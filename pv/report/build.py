"""From contracts and their statuses to the view that templates see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pv.evidence.derive import Derived, derive_all
from pv.evidence.shipping import fleet_of
from pv.model.contract import BindingKind, Contract, Expectation, Falsifier, short_id
from pv.model.lifecycle import Lifecycle, Vocabulary, Word
from pv.model.receipt import ReceiptView
from pv.model.status import ContractStatus, FalsifierStatus
from pv.model.verdict import State
from pv.report.badge import badges
from pv.report.banner import banners, date_of, needs
from pv.report.charts import charts_of
from pv.report.numbers import alike, decimal, measured, percent, points
from pv.report.overview import coverage, landscape, lessons, mark_of, tally, verification
from pv.report.view import (
    ChangeView,
    ContractView,
    CriterionView,
    DamagedView,
    ExpectationView,
    FalsifierView,
    MatrixRow,
    MatrixView,
    RegistryView,
    RowView,
    ShipView,
    TotalsView,
    VocabularyView,
    WaivedView,
    WordView,
)
from pv.report.whys import asking, whys
from pv.ship import CriterionStanding, ShipStanding


def registry_view(root: Path, *, local: bool, base: str) -> RegistryView:
    """Read the registry under `root` and return its view.

    States are as recorded: a rendered file goes stale by a new record, not by an edited source.
    `base` is the folder of the standard pages. Contracts that cannot be read are listed as damaged.
    """
    return view_of(derive_all(root, local=local, freshness="as recorded"), base=base)


def view_of(derived: Derived, *, base: str) -> RegistryView:
    """Return the view of a registry that was read already."""
    statuses = derived.statuses
    pairs = list(zip(derived.contracts, statuses, strict=True))
    unread = [DamagedView(each.file, str(each.fault)) for each in derived.unread]
    broken = [DamagedView(*each) for status in statuses for each in status.damaged]
    contracts = tuple(_contract(contract, status, base) for contract, status in pairs)
    fleet = fleet_of(derived)
    models = [each.standing for each in fleet.shipments]
    return RegistryView(
        contracts=contracts,
        ship=tuple(map(ship_view, models)),
        totals=_totals(statuses),
        matrix=_matrix(statuses),
        charts=tuple(charts_of(statuses, base)),
        damaged=(*unread, *broken),
        lifecycle=tuple(_vocabularies(derived.lifecycle)),
        coverage=tuple(coverage((each.tally for each in contracts), statuses)),
        landscape=tuple(landscape(pairs, base)),
        verification=verification(pairs, base),
        lessons=tuple(lessons(derived.contracts)),
        banners=tuple(banners(fleet)),
        badges=tuple(badges(models, base)),
    )


def _contract(contract: Contract, status: ContractStatus, base: str) -> ContractView:
    by_id = {each.id: each for each in status.falsifiers}
    counted = tally(contract.stem, f"{base}/contracts/{contract.stem}.md", status.falsifiers)
    return ContractView(
        id=contract.id,
        stem=contract.stem,
        file=contract.file,
        page=f"{base}/contracts/{contract.stem}.md",
        version=contract.version or "none",
        description=contract.description,
        claimed=status.claimed or "none",
        derived=status.derived,
        mark=mark_of(status.standing),
        discharged=counted.discharged,
        total=counted.total,
        falsifiers=tuple(_falsifier(each, by_id[each.id]) for each in contract.falsifiers),
        hypotheses=tuple(_hypotheses(contract, status)),
        stages=tuple(_stages(contract, status)),
        equations=tuple(RowView(each.id, formula=each.formula) for each in contract.equations),
        obligations=tuple(
            RowView(each.id or "none", type=each.type, property=each.property)
            for each in contract.obligations
        ),
        lessons=tuple(RowView(e.id, text=e.text, guard=e.guard) for e in contract.lessons),
        changelog=tuple(
            ChangeView(each.version, each.date or "", "; ".join(each.changes))
            for each in contract.changelog
        ),
        updated=date_of(contract),
        tally=counted,
        whys=tuple(whys(contract, status)),
    )


def _falsifier(falsifier: Falsifier, status: FalsifierStatus) -> FalsifierView:
    receipt = status.receipt
    predicate = receipt.statement["predicate"] if receipt else {}
    return FalsifierView(
        id=falsifier.id,
        short=short_id(falsifier.id),
        rule=falsifier.rule,
        prediction=falsifier.prediction,
        binding=_binding(falsifier),
        if_fails=falsifier.if_fails,
        claimed=status.claimed or "none",
        derived=status.state,
        mark=mark_of(status.standing),
        why="; ".join(status.reasons),
        verdict=receipt.verdict if receipt else "",
        headline=str(predicate.get("headline", "")),
        receipt=receipt.id if receipt else "",
        receipt_path=receipt.path if receipt else "",
        again=asking(falsifier),
        post_hoc=bool(receipt and receipt.post_hoc),
        expectations=tuple(_expectations(falsifier, receipt)),
        controls=", ".join(
            (*falsifier.controls, *(f"{g} (green)" for g in falsifier.green_controls))
        ),
        kind=falsifier.binding.kind,
        limits=str(len(falsifier.expect)),
        faults=str(len(falsifier.controls)),
        decides=", ".join(falsifier.decides),
    )


def _binding(falsifier: Falsifier) -> str:
    binding = falsifier.binding
    if binding.kind in (BindingKind.PLANNED, BindingKind.BLOCKED, BindingKind.MANUAL):
        return f"{binding.kind.capitalize()}."
    if binding.kind is BindingKind.AWAITS:
        return f"Awaits a number from {binding.details.get('source', 'outside')}."
    if binding.kind is BindingKind.EXTERNAL:
        return f"{binding.text} {binding.reason}."
    return f"Runs {binding.text}." if binding.text else "Nothing is bound."


def _limit(expectation: Expectation) -> str:
    if expectation.op == "within" and isinstance(expectation.value, Sequence):
        return f"within {measured(expectation.value[0])} … {measured(expectation.value[-1])}"
    tolerance = f" ± {expectation.tolerance:g}" if expectation.tolerance is not None else ""
    return f"{expectation.op} {measured(expectation.value)}{tolerance}"


def _expectations(falsifier: Falsifier, receipt: ReceiptView | None) -> Iterator[ExpectationView]:
    """Yield the limits in the order of the file, each with the value of the deciding run."""
    judged = receipt.statement["predicate"]["comparisons"] if receipt else []
    for number, each in enumerate(falsifier.expect):
        value = ""
        if number < len(judged) and judged[number]["metric"] == each.metric:
            value = measured(judged[number]["value"])
        yield ExpectationView(each.metric, _limit(each), value, each.reason)


def _hypotheses(contract: Contract, status: ContractStatus) -> Iterator[RowView]:
    claims = {each.id: each.claim for each in contract.hypotheses}
    for each in status.hypotheses:
        yield RowView(
            each.id,
            claimed=each.claimed or "none",
            derived=f"{each.derived} (partial evidence)" if each.partial else each.derived,
            mark=mark_of(each.standing),
            claim=claims.get(each.id, ""),
            by=", ".join(map(short_id, each.by)),
        )


def _stages(contract: Contract, status: ContractStatus) -> Iterator[RowView]:
    stages = {each.id: each for each in contract.stages}
    for each in status.stages:
        stage = stages[each.id]
        yield RowView(
            each.id,
            claimed=each.claimed or "none",
            derived=each.derived,
            mark=mark_of(each.standing),
            title=stage.title,
            gates=", ".join(map(short_id, stage.gates)),
        )


def _totals(statuses: Sequence[ContractStatus]) -> TotalsView:
    falsifiers = [each for status in statuses for each in status.falsifiers]
    counted: Mapping[State, int] = Counter(each.state for each in falsifiers)
    standings = [status.standing for status in statuses]
    for status in statuses:
        standings += [each.standing for each in status.falsifiers]
        standings += [each.standing for each in status.stages]
        standings += [each.standing for each in status.hypotheses]
    differences = sum(mark_of(where) != "" for where in standings)
    return TotalsView(
        contracts=str(len(statuses)),
        falsifiers=str(len(falsifiers)),
        states=tuple((str(s), str(counted[s])) for s in State if counted[s]),
        differences=str(differences) if differences else "",
    )


def _matrix(statuses: Sequence[ContractStatus]) -> MatrixView:
    live = [each for status in statuses for each in status.falsifiers if each.models]
    models = tuple(dict.fromkeys(model.name for each in live for model in each.models))
    rows = []
    for each in live:
        states = {model.name: str(model.state) for model in each.models}
        rows.append(MatrixRow(short_id(each.id), tuple(states.get(name, "–") for name in models)))
    return MatrixView(models, tuple(rows))


def _criterion(each: CriterionStanding) -> CriterionView:
    return CriterionView(
        id=each.id,
        criterion=each.criterion,
        weight=decimal(each.weight),
        asserted=each.asserted or "–",
        foreign=each.foreign or "–",
        foreign_source=each.foreign_source,
        state=each.state,
        gates=", ".join(short_id(gate) for gate, _ in each.gates) or "none",
        credit=decimal(each.credit),
        gain=points(each.gain),
        needs=needs(each),
    )


def ship_view(model: ShipStanding) -> ShipView:
    """Return a model's view; the headline names numerator, denominator, base and what is open."""
    told, typed = "nobody asserts a figure", "nothing"
    if model.asserted_percent is not None:
        typed = percent(model.asserted_percent)
        told = f"asserted {typed}"
        typed += f" by {model.asserted_by}" if model.asserted_by else ""
    weights = (model.credited, model.total, *(each.weight for each in model.criteria))
    credited, total, *_ = alike(weights)
    headline = (
        f"{model.id} {percent(model.percent)} (computed; {credited} of {total} weighted,"
        f" base {decimal(model.base)}; {told}) — {len(model.open)} open"
    )
    foreign = model.foreign_percent
    return ShipView(
        id=model.id,
        headline=headline,
        percent=percent(model.percent),
        foreign_percent="none" if foreign is None else percent(foreign),
        asserted_percent=typed,
        criteria=tuple(_criterion(each) for each in model.criteria),
        open=tuple(_criterion(each) for each in model.open),
        next=_criterion(model.next) if model.next else None,
        counted=f"{len(model.criteria)} criteri{'on' if len(model.criteria) == 1 else 'a'},"
        f" {len(model.open)} open",
        not_applicable=tuple(WaivedView(*each) for each in model.not_applicable),
    )


def _vocabularies(lifecycle: Lifecycle) -> Iterator[VocabularyView]:
    for kind in ("contract", "falsifier", "stage", "hypothesis"):
        vocabulary: Vocabulary = getattr(lifecycle, kind)
        yield VocabularyView(
            kind,
            tuple(
                WordView(
                    word.name, word.about, _evidence(word), tuple(vocabulary.moves.get(name, ()))
                )
                for name, word in vocabulary.words.items()
            ),
        )


def _evidence(word: Word) -> str:
    """Say what a word needs before anything may claim it."""
    if word.decision:
        return "a decision"
    if word.state:
        return f"derived state {word.state}"
    if word.verdict:
        return f"derived verdict {word.verdict}"
    live = " and a live run that held" if word.live else ""
    return f"every falsifier that counts at {word.needs}{live}" if word.needs else "nothing"
