"""Varied text, the same everywhere: scripts, code, numbers, spaces, emoji, controls, oddities.

A line is one text to encode; some hold line ends. No code point was assigned lately: what a table
of characters says of a new one depends on its version, not on a tokenizer.
"""

from __future__ import annotations

import random
from collections.abc import Callable

SENTENCES = (
    "The quick brown fox jumps over the lazy dog, doesn't it?",
    "We'll see what they've DONE; I'd say it's O'Neil's, y'all'LL agree they'RE right.",
    "Größere Übungsflächen gibt's für Straßenkünstler nicht überall.",
    "L'été dernier, où étiez-vous ? À l'hôtel « Élysée », n'est-ce pas…",
    "El niño comió piñas; ¿por qué no? ¡Qué alegría!",
    "Zażółć gęślą jaźń, pchnąć w tę łódź jeża lub ośm skrzyń fig.",
    "Příliš žluťoučký kůň úpěl ďábelské ódy.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία· τι κάνεις;",
    "Pijamalı hasta yağız şoföre çabucak güvendi. İIıi",
    "نص حكيم له سر قاطع وذو شأن عظيم مكتوب على ثوب أخضر ومغلف بجلد أزرق.",
    "דג סקרן שט בים מאוכזב ולפתע מצא לו חברה.",
    "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा रावण का सर्वनाश।",
    "আমি বাংলায় গান গাই, আমি বাংলার গান গাই।",
    "தமிழ் மொழி உலகின் பழமையான மொழிகளில் ஒன்று.",
    "ฉันกินข้าวผัดที่ร้านอาหารใกล้บ้านทุกวัน",
    "いろはにほへと ちりぬるを。カタカナとｶﾀｶﾅ、漢字が混ざる文。",
    "我能吞下玻璃而不伤身体。天地玄黃，宇宙洪荒。",
    "다람쥐 헌 쳇바퀴에 타고파. ㄱㄴㄷ 한글",
    "Tôi có thể ăn thủy tinh mà không hại gì.",
    "ქართული ენა და Ⴀ ძველი ასოები.",
    "Բարեւ ձեզ, ինչպե՞ս եք։",
    "ሰላም ለሁሉም፡ እንዴት ነህ።",
    "ᚠᛇᚻ᛫ᛒᛦᚦ᛫ᚠᚱᚩᚠᚢᚱ",
    "𐌼𐌰𐌲 𐌲𐌻𐌴𐍃 𐌹̈𐍄𐌰𐌽 𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝟘𝟙𝟚 ℝ∀x∈ℤ: x² ≥ 0 ⇒ ∃y≠∅",
)
CODE = (
    "def fib(n: int) -> int:\n    return n if n < 2 else fib(n - 1) + fib(n - 2)\n",
    "for (int i = 0; i < 10; ++i) { sum += a[i] * b[i]; } // O(n)\r\n",
    '{"key": [1, 2.50, null, true], "nested": {"a\\tb": "\\u00e9"}}',
    "SELECT * FROM t WHERE x <> 'it''s' AND y >= 1e-5; --\t$1",
    "<div class='a-b_c' data-x=\"1\">&nbsp;&lt;tag/&gt;</div><!-- note -->",
    "#!/bin/sh\n\tset -euo pipefail\n\techo \"$HOME/${1:-x}\" | sed 's/[^a-z]//g'\n",
    'fn main() -> Result<(), Box<dyn Error>> { println!("{:?}", x?.y::<u8>()); }',
    "@app.route('/x')\nasync def f(*a, **k):\n        pass  # todo\n\n\n",
    "\\frac{a_1^{2}}{\\sqrt{b}} \\le \\sum_{i=0}^{n} x_i",
    "https://example.org:8080/a/b?q=%20x&y=1#frag user+tag@mail.example",
    "0xDEADBEEF & ~(1<<31) ^ a|b && !c ?? d ?. e ... f :: g => h -> i <- j",
)
SPACES = (" ", "  ", "   ", "\t", "\n", "\r\n", "\r", "\n\n", " \n", "\u00a0", "\u3000", "\u2003")
ODD_SPACES = ("\u0085", "\u2028", "\u2029", "\u1680", "\u202f", "\u205f", "\v", "\f", "\u200b")
EMOJI = (
    "😀", "👍🏽", "👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪🇫🇷", "1️⃣", "❤️", "✈︎", "🤷🏻‍♂️", "☃", "♠♥", "©®™", "→⇒",
)  # fmt: skip
SPECIAL = (
    "<|im_start|>", "<|im_end|>", "<|endoftext|>", "<|im_end", "|im_end|>", "<file_sep>", "<s>",
    "</s>", "<unk>", "<0x0A>", "<|im_start|><|im_start|>", "<<|im_end|>>", "<|user|>", "<tool>",
)  # fmt: skip
NUMBERS = "0123456789٠١٢٣४५६௧๑²³¹½¾Ⅳⅷ①⑩㊿〇一二１２"
MARKS = "\u0301\u0308\u0327\u20dd\u0940\u0e31\u3099\ufe0f\u200d\u200c\u200f\u202e\u2066\u00ad\ufeff"
RANGES = (
    (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x374), (0x391, 0x3A2), (0x400, 0x480), (0x5D0, 0x5EB),
    (0x621, 0x64B), (0x905, 0x93A), (0xE01, 0xE31), (0x1100, 0x1160), (0x2010, 0x2028),
    (0x2190, 0x2300), (0x2500, 0x25A0), (0x3041, 0x3097), (0x30A1, 0x30FB), (0x4E00, 0x9FA6),
    (0xAC00, 0xD7A4), (0xE000, 0xE100), (0xFF01, 0xFF5F), (0xFFFC, 0x10000), (0x1D400, 0x1D455),
    (0x1F300, 0x1F321), (0x20000, 0x20100), (0xF0000, 0xF0010), (0x10FFFE, 0x110000),
)  # fmt: skip

LINES = 10_000


def lines(count: int = LINES, seed: int = 20) -> list[str]:
    """Return `count` texts; the first are the samples as they stand."""
    dice = random.Random(seed)  # noqa: S311 - the same text every time
    found = ["", *SENTENCES, *CODE, *SPACES, *ODD_SPACES, *EMOJI, *SPECIAL]
    makers: tuple[Callable[[random.Random], str], ...] = (
        _prose, _prose, _code, _numbers, _spaced, _pictures, _controls, _mixed, _marked, _shouted,
    )  # fmt: skip
    while len(found) < count:
        found.append(makers[len(found) % len(makers)](dice))
    return found[:count]


def _prose(dice: random.Random) -> str:
    words = [word for _ in range(2) for word in dice.choice(SENTENCES).split(" ")]
    start = dice.randrange(len(words))
    return " ".join(words[start : start + dice.randrange(1, 12)])


def _code(dice: random.Random) -> str:
    one, other = dice.choice(CODE), dice.choice(CODE)
    return one[dice.randrange(len(one)) :] + other[: dice.randrange(len(other))]


def _numbers(dice: random.Random) -> str:
    shapes = (
        lambda: str(dice.randrange(10 ** dice.randrange(1, 20))),
        lambda: f"{dice.random() * 10 ** dice.randrange(-5, 9):,.{dice.randrange(6)}f}",
        lambda: f"{dice.randrange(1 << 40):#x}",
        lambda: "".join(dice.choice(NUMBERS) for _ in range(dice.randrange(1, 9))),
        lambda: f"{dice.randrange(24):02}:{dice.randrange(60):02}",
        lambda: f"{dice.randrange(100)}% v1.{dice.randrange(9)}",
    )
    return dice.choice(("", " ", "-", "$", "€", ", ")).join(
        dice.choice(shapes)() for _ in range(dice.randrange(1, 5))
    )


def _spaced(dice: random.Random) -> str:
    parts = []
    for _ in range(dice.randrange(1, 7)):
        space = dice.choice(SPACES if dice.random() < 0.7 else ODD_SPACES)
        parts.append(space * dice.randrange(1, dice.choice((2, 3, 20, 70))))
        parts.append(dice.choice(("", "a", "1", "'s", "?", "\n", "end", "—")))
    return "".join(parts)


def _pictures(dice: random.Random) -> str:
    return "".join(
        dice.choice((dice.choice(EMOJI), " ", "ok", "!!", dice.choice(SPECIAL)))
        for _ in range(dice.randrange(1, 12))
    )


def _controls(dice: random.Random) -> str:
    codes = [*range(0x20), *range(0x7F, 0xA0), 0xFFFD, 0xFFFE, 0xFFFF]
    return "".join(
        chr(dice.choice(codes)) if dice.random() < 0.5 else dice.choice((" ", "x", "9", ".", "é"))
        for _ in range(dice.randrange(1, 30))
    )


def _mixed(dice: random.Random) -> str:
    return "".join(chr(dice.randrange(*dice.choice(RANGES))) for _ in range(dice.randrange(1, 40)))


def _marked(dice: random.Random) -> str:
    sentence = dice.choice(SENTENCES)
    start = dice.randrange(len(sentence))
    return "".join(
        letter + dice.choice(MARKS) * (dice.random() < 0.3) for letter in sentence[start:][:30]
    )


def _shouted(dice: random.Random) -> str:
    words = _prose(dice).split(" ")
    return dice.choice((" ", "'", "’", "_", "-", "/", "")).join(
        dice.choice((str.upper, str.lower, str.title, str.swapcase))(word) for word in words
    )
