"""What the Unicode name of a letter says of it: script, case, letter, marks. Names never change once they are given.

LATIN SMALL LETTER E WITH CIRCUMFLEX AND ACUTE is a small Latin e with two marks. Words that say how a letter's form
differs from the plain one (TURNED E, OPEN E) count as marks too.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

KINDS = frozenset({"letter", "ligature", "symbol", "digraph", "small", "capital"})
"""Words that say what a character is, beside which letter."""
FORMS = frozenset(
    (
        *("archaic", "bar", "barred", "bottom", "closed", "diaeresized", "dotless", "dotted", "final"),
        *("half", "inverted", "khakassian", "loop", "lunate", "open", "reversed", "script", "sharp"),
        *("short", "sideways", "squat", "straight", "stretched", "tailless", "top", "turned", "ukrainian"),
    )
)
"""Words that say how a letter's form differs from the plain one's."""
SAME = {
    "oxia": "acute",
    "tonos": "acute",
    "varia": "grave",
    "dialytika": "diaeresis",
    "vrachy": "breve",
    "prosgegrammeni": "ypogegrammeni",
}
"""Greek names of marks -> what the same combining mark is called elsewhere."""


class Character(NamedTuple):
    script: str
    case: str
    """"small", "capital", "small capital" or "none"."""
    letter: str
    """Without case and marks."""
    marks: tuple[str, ...]
    """Sorted, with what its form is called."""

    @property
    def coarse(self) -> str:
        """What it is without its marks."""
        return " ".join(filter(None, (self.script, self.case if self.case != "none" else "", self.letter)))

    @property
    def attributes(self) -> tuple[str, ...]:
        """Each in words, of its kind: the script, the case, the letter of its script, marks."""
        return (
            f"script {self.script}",
            f"case {self.case}",
            f"letter {self.script} {self.letter}",
            *(f"mark {mark}" for mark in self.marks),
        )


@functools.cache
def character(code: int) -> Character:
    """A letter or digit by code point."""
    head, *further = re.split(" with | and |, ", unicodedata.name(chr(code)).lower())
    script, *words = head.split()
    case = "none"
    if {"small", "capital"} & set(words):
        case = "small capital" if {"small", "capital"} <= set(words) else "small" if "small" in words else "capital"
    words = [word for word in words if word not in KINDS]
    plain = [word for word in words if word not in FORMS]
    forms = [word for word in words if word in FORMS] if plain else []
    marks = (mark.removesuffix(" symbol") for mark in further)
    return Character(script, case, " ".join(plain or words), tuple(sorted({*forms, *(SAME.get(m, m) for m in marks)})))


def vocabulary(codes: Iterable[int]) -> tuple[str, ...]:
    """All attributes of some characters: scripts, cases, letters, marks, each kind sorted."""
    found = {attribute for code in codes for attribute in character(code).attributes}
    order = ("script", "case", "letter", "mark")
    return tuple(sorted(found, key=lambda attribute: (order.index(attribute.split()[0]), attribute)))
