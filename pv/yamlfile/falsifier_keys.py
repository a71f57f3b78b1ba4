"""The keys of a falsifier and of everything inside it."""

from __future__ import annotations

from typing import Final

from pv.yamlfile.shapes import Key, Shape, kept, older, section

_TEXT, _NUMBER, _INTEGER, _FLAG = Shape.TEXT, Shape.NUMBER, Shape.INTEGER, Shape.FLAG
_TEXTS, _FREE = Shape.TEXTS, Shape.FREE
_RECORD, _RECORDS = Shape.RECORD, Shape.RECORDS

OPERATORS: Final = ("<=", "<", ">=", ">", "==", "within", "near")
QUORUMS: Final = ("all", "any")
DEVICES: Final = ("cuda",)
BINDINGS: Final = (
    "harness",
    "pytest",
    "cargo",
    "command",
    "planned",
    "blocked",
    "manual",
    "external",
    "awaits",
)
"""The keys of which a falsifier has exactly one."""

EXPECTATION = section(
    "expectation",
    "expectation",
    Key("metric", _TEXT, "Name of the measurement", required=True),
    Key("op", _TEXT, "One of <=, <, >=, >, ==, within, near", required=True),
    Key("value", _NUMBER | Shape.NUMBERS | _TEXT | _FLAG, "The limit", required=True),
    Key("tolerance", _NUMBER, "Of near: how far from the value"),
    Key("unit", _TEXT, "Unit of the metric; a number in another one is not compared"),
    Key("reason", _TEXT, "Where the limit comes from"),
    labels=("metric",),
)

COMPANION = section(
    "companion",
    "companion",
    Key("name", _TEXT, "What the screen calls it", required=True),
    Key("harness", _TEXT, "path.py::function", required=True),
    Key("parameters", _FREE, "Inputs of the harness"),
    Key("expect", _RECORDS, "Limits on what it measures", "expectation", required=True),
    labels=("name",),
)

_ABSENCE = (
    Key("reason", _TEXT, "Why nothing runs", required=True),
    Key("since", Shape.DATE, "Day from which on"),
    Key("until", Shape.DATE, "Day of the next look at it"),
    Key("by", _TEXT, "Who does it, or decides"),
)
ABSENCE = section("absence", "reason", *_ABSENCE)

EXTERNAL = section(
    "external",
    "external test",
    Key("repository", _TEXT, "Where the test stands", required=True),
    Key("reference", _TEXT, "Its name there: node id, test path or command", required=True),
    Key("revision", _TEXT, "Commit or tag at which it was read"),
    labels=("reference",),
)

AWAITED = section(
    "awaited",
    "awaited number",
    Key("source", _TEXT, "Where the number will come from", required=True),
    Key("reason", _TEXT, "Why it is not measured here", required=True),
    Key("since", Shape.DATE, "Day from which on"),
    Key("until", Shape.DATE, "Day of the next look at it"),
    Key("by", _TEXT, "Who will enter it"),
    labels=("source",),
)

CARGO = section(
    "cargo",
    "cargo test",
    Key("package", _TEXT, "Package (-p)", required=True),
    Key("target", _TEXT, "Test target (--test); the library where absent"),
    Key("filter", _TEXT, "Exact path of the test inside the target", required=True),
    Key("features", _TEXTS, "Features to switch on"),
    Key("ignored", _FLAG, "Whether the test is marked #[ignore] and run nevertheless"),
    Key("manifest", _TEXT, "Cargo.toml, where not at the root"),
    labels=("package",),
)

SUCCESS = section(
    "success",
    "success",
    Key("exit", _INTEGER, "Exit code; 0 where absent"),
    Key("stdout", _TEXT, "Pattern that must be found in what it prints"),
    Key("checks", _FREE, "Name of a check to a pattern that must be found"),
    Key("measures", _FREE, "Metric to a pattern whose one group is its number"),
)

COMMAND = section(
    "command",
    "command",
    Key("argv", _TEXTS, "Program and arguments; no shell", required=True),
    Key("success", _RECORD, "What counts as success: at least a check or a measure", "success"),
    Key("timeout_seconds", _NUMBER, "Time limit"),
)

DERIVED = section(
    "derived",
    "derived model",
    Key("recipe", _TEXT, "How the file is made", required=True),
    Key("version", _INTEGER | _TEXT, "Version of the recipe"),
    Key("sha256", Shape.DIGEST, "Digest of the file it is made from"),
)

MODEL = section(
    "model",
    "model",
    Key("name", _TEXT, "Name under which the model is registered", required=True),
    Key("architecture", _TEXT, "general.architecture of the file", required=True),
    Key("sha256", Shape.DIGEST, "Digest of the file; unrecorded accepts nothing", required=True),
    Key("derived", _RECORD, "Of a model made from another: recipe and source", "derived"),
    Key("note", _TEXT, "Remark"),
    labels=("name",),
)

DEMAND = section(
    "models",
    "demand for models",
    Key("quorum", _TEXT, "all or any of the accepted models must be DISCHARGED"),
    Key("accept", _RECORDS, "Models that count", "model", required=True),
    Key("require", _FREE, "Tensor glob, type and count that the file must hold"),
)

FALSIFIER = section(
    "falsifier",
    "falsifier",
    Key("id", _TEXT, "Name, unique in the registry", required=True),
    Key("rule", _TEXT, "The claim under attack"),
    Key("prediction", _TEXT, "What is measured if the claim holds"),
    Key("if_fails", _TEXT, "What a red result means, and what to do then"),
    Key("harness", _TEXT, "path.py::function that measures"),
    Key("pytest", _TEXT, "Node id of a test"),
    Key("cargo", _TEXT | _RECORD, "cargo test line, or package, target and filter", "cargo"),
    Key("command", _RECORD | _TEXTS | _TEXT, "Arguments of a program; no shell", "command"),
    Key("planned", _RECORD, "Nothing runs yet, and why", "absence"),
    Key("blocked", _RECORD, "Nothing can run, and why", "absence"),
    Key("manual", _RECORD, "A person decides, and why", "absence"),
    Key("external", _RECORD, "A test of another repository; nothing runs here", "external"),
    Key("awaits", _RECORD, "A number from outside, entered by pv measure", "awaited"),
    Key("parameters", _FREE, "Inputs of the harness"),
    Key("expect", _RECORDS, "Limits on what the harness measures", "expectation"),
    Key("controls", _TEXTS, "Planted faults that must turn it red"),
    Key("green_controls", _TEXTS, "Planted changes that must leave it green"),
    Key("beside", _RECORDS, "Questions run and shown beside it", "companion"),
    Key("models", _RECORD, "Models that a live run needs", "models"),
    Key("device", _TEXT, "Device that it needs, asked for by --device: cuda"),
    Key("decides", _FREE, "Hypothesis to {verdict of the run: verdict on the hypothesis}"),
    Key("unblocks", _TEXTS, "What becomes possible"),
    Key("proxy_for", _TEXTS, "Falsifiers that this one may discharge"),
    Key("blocking", _FLAG, "Whether the contract waits for it; true where absent"),
    Key("status", _TEXT, "Claimed state, checked against receipts"),
    Key("evidence", _TEXT | _TEXTS | _FREE | Shape.ITEMS, "Receipts that decide the claimed state"),
    Key("note", _TEXT, "Remark"),
    Key("timeout_seconds", _NUMBER, "Time limit of a run"),
    Key("test", _TEXT, "What runs, as other teams write it: text that is classified"),
    older("test_harness", _TEXT, "test"),
    older("falsification_test", _TEXT, "test"),
    older("name", _TEXT, "test"),
    older("description", _TEXT, "rule"),
    older("claim", _TEXT, "rule"),
    older("expected", means="prediction"),
    older("expected_output", means="prediction"),
    older("fails_if", _TEXT, "if_fails"),
    older("action_if_falsified", _TEXT, "if_fails"),
    older("if_test_passes", _TEXT, "if_fails"),
    older("ship_blocking", _FLAG, "blocking"),
    older("discharge_status", _TEXT, "status"),
    *kept(
        "severity implementation input result reference references obligation "
        "site test_kind if_test_fails if_test_compiles if_catch_all_exists "
        "evidence_discharged_by evidence_discharged_by_live full_discharge_blocks_on "
        "partial_discharge_note counter_example_classes parent_acceptance_criteria "
        "falsification_id binds_to verdict notes algorithm_evidence live_evidence "
        "equation type tolerance threshold"
    ),
    patterns=(r"(discharge_)?(status|evidence|verdict|notes?)_v\d+(_\d+)*",),
)
