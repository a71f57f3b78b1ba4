"""The SHIP percentage is exact, keeps three columns apart, and is never given for nothing."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.errors import UsageError
from pv.marks import Mark, Span
from pv.model.contract import Contract, Criterion, Dialect, ShipModel
from pv.model.verdict import State
from pv.ship import percentage, standing

CONTRACT = Contract(
    file="contracts/ship.yaml", stem="ship", text="", dialect=Dialect.SHIP, data={},
    locate=lambda path, key: Span("contracts/ship.yaml", Mark(7, 3), Mark(7, 4)),
    id="ship", version="1.0.0", kind="ship", status=None, created=None, updated=None,
    author=None, description="",
)  # fmt: skip

# The published series of MODEL-1: version, criteria newly credited, percent.
PUBLISHED = [
    ("start", (), 91),
    ("3.06", ("002",), 92),
    ("3.09", ("006", "008"), 94),
    ("3.17", ("005",), 95),
    ("3.18", ("001", "003", "004", "009", "010"), 99),
    ("3.21", ("007",), 100),
]
LEDGER = {"002": "1.0", "005": "1.0", "006": "1.0", "007": "1.0", "008": "1.0",
          "001": "0.8", "003": "0.8", "004": "0.8", "009": "0.8", "010": "0.8"}  # fmt: skip


def model(weights, base="0", **changes):
    criteria = tuple(
        Criterion(f"AC-{k}", f"criterion {k}", (f"F-{k}",), w, ()) for k, w in weights.items()
    )
    return ShipModel("MODEL", "a model", base, criteria, (), **changes)


def states_of(discharged):
    return lambda gate: State.DISCHARGED if gate[2:] in discharged else State.BOUND


def test_the_published_ledger_reproduces_the_published_series():
    done: set[str] = set()
    for version, credited, percent in PUBLISHED:
        done |= set(credited)
        shown = standing(CONTRACT, model(LEDGER, base="91"), states_of(done))
        assert shown.percent == percent, version
        assert shown.total == 9


def test_the_same_series_without_the_unearned_base():
    done: set[str] = set()
    series = []
    for _, credited, _ in PUBLISHED:
        done |= set(credited)
        equal = dict.fromkeys(LEDGER, "1")
        series.append(standing(CONTRACT, model(equal), states_of(done)).percent)
    assert series == [0, 10, 30, 40, 90, 100]


def test_a_second_discharge_earns_nothing():
    twice = ShipModel("M", "m", "0", (Criterion("AC", "c", ("F-1", "F-1"), "1", ()),), ())
    assert standing(CONTRACT, twice, states_of({"1"})).percent == 100


def test_nothing_eligible_has_no_percentage():
    assert standing(CONTRACT, model({}), states_of(set())).percent is None
    waived = ShipModel("M", "m", "0", (Criterion("AC", "c", (), "1", (), not_applicable="x"),), ())
    shown = standing(CONTRACT, waived, states_of(set()))
    assert shown.percent is None
    assert shown.not_applicable == (("AC", "x"),)


def test_a_criterion_is_as_far_as_its_least_advanced_gate():
    two = ShipModel("M", "m", "0", (Criterion("AC", "c", ("F-1", "F-2"), "1", ()),), ())
    shown = standing(CONTRACT, two, states_of({"1"}))
    assert shown.criteria[0].state is State.BOUND
    assert shown.percent == 0


def test_a_criterion_without_gates_earns_nothing():
    bare = ShipModel("M", "m", "0", (Criterion("AC", "c", (), "1", (), status="DISCHARGED"),), ())
    shown = standing(CONTRACT, bare, states_of({"1"}))
    assert (shown.percent, shown.criteria[0].state) == (0, State.PROPOSED)
    assert shown.criteria[0].asserted == "DISCHARGED"


@pytest.mark.parametrize("state", [s for s in State if s is not State.DISCHARGED])
def test_only_discharged_earns_unless_declared(state):
    shown = standing(CONTRACT, model({"1": "1"}), lambda gate: state)
    assert shown.percent == 0
    half = model({"1": "1"}, credits={str(state): "0.5"})
    assert standing(CONTRACT, half, lambda gate: state).percent == 50


def test_asserted_and_foreign_never_enter_ours():
    foreign = {"status": "DISCHARGED", "source": "elsewhere"}
    one = Criterion("AC", "c", ("F-1",), "1", (), status="DISCHARGED", foreign=foreign)
    typed = ShipModel("M", "m", "0", (one,), (), asserted_percent={"value": "100", "by": "someone"})
    shown = standing(CONTRACT, typed, states_of(set()))
    assert (shown.percent, shown.foreign_percent, shown.asserted_percent) == (0, 100, 100)


def test_a_weight_that_is_no_number_is_a_located_error():
    with pytest.raises(UsageError, match="AC-1: weight: expected a decimal number, found 'x'") as e:
        standing(CONTRACT, model({"1": "x"}), states_of(set()))
    assert str(e.value.span) == "contracts/ship.yaml:7:3"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"base": "101"}, "M: base: expected 0 to 100, found 101"),
        ({"base": "-1"}, "M: base: expected 0 to 100, found -1"),
        ({"credits": {"PROPOSED": "1.5"}}, "M: credit of PROPOSED: expected 0 to 1, found 1.5"),
        ({"credits": {"PROPOSED": "much"}}, "credit of PROPOSED: expected a decimal number"),
    ],
)
def test_a_share_that_no_percentage_can_have_is_a_located_error(changes, message):
    one = Criterion("AC", "c", (), "1", ())
    plain = {"id": "M", "name": "m", "base": "0", "criteria": (one,), "path": ()}
    with pytest.raises(UsageError, match=message):
        standing(CONTRACT, ShipModel(**{**plain, **changes}), states_of(set()))


def test_a_negative_weight_is_a_located_error():
    with pytest.raises(UsageError, match="AC-1: weight: expected 0 or more, found -2"):
        standing(CONTRACT, model({"1": "-2"}), states_of(set()))


@given(st.lists(st.fractions(0, 10), min_size=1, max_size=6), st.fractions(0, 99), st.data())
def test_gains_of_open_criteria_add_up_to_what_is_missing(weights, base, data):
    total = sum(weights, Fraction(0))
    if total == 0:
        assert percentage(base, Fraction(0), total) is None
        return
    named = {str(i): str(w) for i, w in enumerate(weights)}
    done = data.draw(st.sets(st.sampled_from(sorted(named))))
    shown = standing(CONTRACT, model(named, base=str(base)), states_of(done))
    assert shown.percent + sum(each.gain for each in shown.criteria) == 100


def test_the_state_on_the_model_to_ship_counts_where_the_falsifier_judges_it():
    from pv.evidence.shipping import states_on
    from pv.model.status import ContractStatus, FalsifierStatus, ModelStatus, Standing

    on = (ModelStatus("small", State.DISCHARGED, None), ModelStatus("large", State.BOUND, None))
    partial = State.PARTIAL_ALGORITHM_LEVEL
    live = FalsifierStatus("F-1", None, partial, Standing.AGREES, (), on, None, (), True, True)
    status = ContractStatus("C", "c", None, "", Standing.AGREES, (), (live,), (), (), None)
    assert states_on([status], "small")("F-1") is State.DISCHARGED
    assert states_on([status], "large")("F-1") is State.BOUND
    assert states_on([status], "another")("F-1") is partial
    assert states_on([status], "small")("F-2") is State.PROPOSED


def test_the_first_line_has_the_figure_its_parts_and_what_is_asserted():
    from pv.report.build import ship_view

    done = {"002", "006", "008", "005"}
    typed = model(LEDGER, base="91", asserted_percent={"value": "95", "by": "the authors"})
    view = ship_view(standing(CONTRACT, typed, states_of(done)))
    assert view.headline == (
        "MODEL 95 % (computed; 4.0 of 9.0 weighted, base 91; asserted 95 %) — 6 open"
    )
    assert view.asserted_percent == "95 % by the authors"
    bare = ship_view(standing(CONTRACT, model(dict.fromkeys("12", "1")), states_of({"1"})))
    assert bare.headline == (
        "MODEL 50 % (computed; 1 of 2 weighted, base 0; nobody asserts a figure) — 1 open"
    )


def test_the_text_forecasts_what_is_next_and_calls_it_a_forecast():
    from pv.report.ship_data import data_of
    from pv.report.ship_text import text_of

    shown = standing(CONTRACT, model(LEDGER, base="91"), states_of({"002", "006", "008", "005"}))
    text = " ".join(text_of([shown]).split())
    assert text.endswith(
        "next AC-007 adds 1 point: F-007 is BOUND forecast 96 % if AC-007 were discharged,"
        " 100 % if all that is open were; it is no state and earns nothing"
    )
    assert data_of(shown)["forecast"][:2] == [
        {"if_discharged": "AC-007", "percent": 96.0},
        {"if_discharged": "AC-001", "percent": 95.8},
    ]
    whole = standing(CONTRACT, model(LEDGER, base="91"), states_of(set(LEDGER)))
    assert "forecast" not in text_of([whole])
    assert "next" not in text_of([whole])


def test_what_is_next_can_be_moved_by_a_run_and_is_the_same_wherever_it_is_told():
    from pv.report.banner import _action
    from pv.report.build import ship_view
    from pv.report.ship_data import data_of
    from pv.report.ship_text import text_of

    states = {"F-1": State.PLANNED, "F-2": State.BOUND, "F-3": State.BOUND, "F-4": State.REFUTED}
    made = model({"1": "4", "2": "3", "3": "1", "4": "2"})
    ungated = made.criteria[1]._replace(gates=())
    criteria = (made.criteria[0], ungated, *made.criteria[2:])
    shown = standing(CONTRACT, made._replace(criteria=criteria), states.__getitem__)
    assert [each.id for each in shown.open] == ["AC-1", "AC-2", "AC-4", "AC-3"]
    assert ship_view(shown).next.id == data_of(shown)["next"] == "AC-4"
    assert "next  AC-4 adds 20 points" in text_of([shown])
    assert "20 % if AC-4 were discharged" in text_of([shown])
    shown = standing(CONTRACT, made, states.__getitem__, lambda gate: "run 41" * (gate == "F-4"))
    assert shown.next.id == "AC-2"  # a number from outside is not measured by a run here
    shown = standing(CONTRACT, made._replace(criteria=criteria), states.__getitem__)
    assert _action([shown]) == ("AC-4", "criterion 4: F-4 is REFUTED; it adds 20 points to MODEL")
