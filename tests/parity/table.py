"""The agreement with llama.cpp as a table, from the figures on record."""

from __future__ import annotations

import json
import sys

from tests.parity import continuations, logit_goldens, token_goldens


def agreement_rows() -> list[str]:
    """Return a row for each small random model: ours, then llama.cpp against itself."""
    rows = []
    for case, entry in logit_goldens.golden().items():
        architecture, _, kind = case.partition(" ")
        ours = entry["ours"]
        names = ("ours one by one", "llama.cpp with itself", "reference")
        one_by_one, itself, reference = (f"{1 - entry[name]['cosine']:.1e}" for name in names)
        rows.append(
            f"| {architecture} | {kind} | {1 - ours['cosine']:.1e} | {ours['difference']:.1e}"
            f" | {ours['same_top']} of {ours['tokens']} | {ours['as_rounded']}"
            f" | {one_by_one} | {itself} | {reference} |"
        )
    return rows


def continuation_row() -> str:
    """Return the sentence about greedy continuations."""
    found = json.loads(continuations.GOLDENS.read_text("utf-8"))
    count = len(found["continuations"])
    return (
        f"{found['equal']} of {count} continuations of {continuations.TOKENS} tokens are those of"
        f" llama.cpp token by token, {found['equal to batches']} those of llama.cpp with prompts in"
        f" batches; itself it agrees in {found['llama.cpp with itself']} between the two."
    )


def token_row() -> str:
    """Return the sentence about token ids."""
    count = len(json.loads(token_goldens.GOLDENS.read_text("utf-8"))["vocabularies"])
    return f"The ids of all lines are equal for all {count} vocabularies and ways of cutting."


HEAD = (
    (
        "| architecture | weights | 1 − cosine | logit | likeliest | as rounded | one by one"
        " | itself | reference |"
    ),
    "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
)


def main() -> None:
    """Print all of it."""
    sys.stdout.write("\n".join([*HEAD, *agreement_rows(), "", continuation_row(), token_row(), ""]))


if __name__ == "__main__":
    main()
