"""The keys of a contract about models to ship: criteria, weights and what others assert."""

from __future__ import annotations

from pv.model.contract import Dialect
from pv.yamlfile.shapes import Key, Shape, section

_TEXT = Shape.TEXT
_TEXTS, _FREE = Shape.TEXTS, Shape.FREE
_RECORD, _RECORDS = Shape.RECORD, Shape.RECORDS

PERCENT = section(
    "asserted_percent",
    "asserted percentage",
    Key("value", Shape.DECIMAL, "The percentage as someone typed it", required=True),
    Key("by", _TEXT, "Who", required=True),
    Key("date", Shape.DATE, "When", required=True),
    Key("reason", _TEXT, "On what ground", required=True),
)

FOREIGN = section(
    "foreign",
    "foreign evidence",
    Key("status", _TEXT, "Status claimed there", required=True),
    Key("source", _TEXT, "Where", required=True),
    Key("metric", _TEXT, "The metric that was measured there, as the gates name it"),
    Key("value", Shape.NUMBER, "Its value"),
    Key("unit", _TEXT, "Unit of the value"),
    Key("note", _TEXT, "Remark"),
)

CRITERION = section(
    "criterion",
    "criterion",
    Key("id", _TEXT, "Name, unique in the registry", required=True, since=Dialect.SHIP),
    Key("criterion", _TEXT, "What must be shown", required=True, since=Dialect.SHIP),
    Key("gates", _TEXTS, "Falsifiers that must be DISCHARGED", since=Dialect.SHIP),
    Key("weight", Shape.DECIMAL, "Share of the credit; 1 where absent", since=Dialect.SHIP),
    Key("status", _TEXT, "Asserted status", since=Dialect.SHIP),
    Key("foreign", _RECORD, "Evidence made elsewhere", "foreign", since=Dialect.SHIP),
    Key("not_applicable", _TEXT, "Why it is outside the denominator", since=Dialect.SHIP),
)

SHIP_MODEL = section(
    "ship_model",
    "model to ship",
    Key("id", _TEXT, "Name, unique in the registry", required=True, since=Dialect.SHIP),
    Key("name", _TEXT, "The model", since=Dialect.SHIP),
    Key("model", _TEXT, "Its name among accepted models of falsifiers", since=Dialect.SHIP),
    Key("base", Shape.DECIMAL, "Percent credited for nothing listed; 0", since=Dialect.SHIP),
    Key(
        "credits",
        Shape.DECIMALS,
        "State to credit, where other than DISCHARGED: 1",
        since=Dialect.SHIP,
    ),
    Key("reasons", _FREE, "Why base, weights and credits are so", since=Dialect.SHIP),
    Key("asserted_percent", _RECORD, "Typed by someone", "asserted_percent", since=Dialect.SHIP),
    Key("criteria", _RECORDS, "What must be shown", "criterion", True, Dialect.SHIP),
)
