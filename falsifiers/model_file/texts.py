"""Texts written for this project, of several kinds: no corpus, and no licence but the project's."""

from __future__ import annotations

from pv.falsifiers.ffn_gguf.sentences import SENTENCES

_MORE: tuple[str, ...] = (
    "A lighthouse keeper climbs the stairs each evening and lights the lamp before dark.",
    "To make tea, boil the water, warm the pot, and let the leaves rest for four minutes.",
    "The committee will meet again on Thursday to vote on the new budget for the library.",
    "If a number is divisible by six, it is divisible by two and by three as well.",
    "def area(width, height):\n    return width * height\n",
    "Dear Anna, thank you for your letter; the photographs arrived safely this morning.",
    "Glaciers move slowly downhill under their own weight and carve deep valleys.",
    "The train to the coast leaves at seven in the morning from the second platform.",
    "for item in basket:\n    total = total + item.price\n",
    "My grandmother kept bees behind the house and sold the honey at the market.",
    "Question: What do plants need to grow?\nAnswer: They need light, water and air.",
    "The patient was given two tablets a day and felt better after one week.",
    "Iron rusts when it is left in damp air, because it reacts with oxygen.",
    "Once upon a time a fox lived at the edge of a forest with her three cubs.",
    "SELECT name, city FROM customers WHERE city = 'Paris' ORDER BY name;",
    "The company reported higher profits this year and plans to hire more engineers.",
)

TEXTS: tuple[str, ...] = (*(each.text for each in SENTENCES), *_MORE)
"""Short and unlike each other: what they show is a difference between files, no level."""
