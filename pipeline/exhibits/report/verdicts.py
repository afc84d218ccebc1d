"""Claims as the pages show them."""

from collections.abc import Iterable, Mapping
from typing import Any

from pipeline.exhibits import claims, labels
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.report import pages
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tables.build import decimals_of

REACH = 46
"""Per cent of the drawing's width from zero, in its middle, to the farthest end of an interval."""


def of_study(verdicts: Iterable[Verdict], study: str) -> list[Verdict]:
    """Those on claims that the study tests."""
    return [found for found in verdicts if found.claim.test and found.claim.test.study == study]


def counts(verdicts: list[Verdict]) -> dict[str, int]:
    return {name: sum(found.verdict == name for found in verdicts) for name in claims.VERDICTS}


def rows(verdicts: list[Verdict], read: Mapping[str, Results]) -> list[dict[str, Any]]:
    """The claims as a table has them. A paper is named in the first of its rows only."""
    return [
        {
            "found": found,
            "again": before is not None and before.paper.key == found.paper.key,
            "study": _study(found, read),
            "place": _place(found, read),
            **_numbers(found.effect),
            "margin": _margin(found),
            "within": _within(found),
        }
        for found, before in zip(verdicts, [None, *verdicts], strict=False)
    ]


def _study(found: Verdict, read: Mapping[str, Results]) -> str:
    test = found.claim.test
    return test.study if test and test.study in read else ""


def _place(found: Verdict, read: Mapping[str, Results]) -> str:
    """Of the table that the claim is tested on, where its study has it."""
    test = found.claim.test
    if test is None or test.study not in read:
        return ""
    if not read[test.study].study.metrics:  # of theorems, whose tables are the papers'
        return pages.table_anchor(found.paper.key)
    return pages.table_anchor(test.variant) if test.variant in read[test.study].variants() else ""


def _margin(found: Verdict) -> str:
    """By how much more than zero the effect must be, or how much less it may be; empty for zero."""
    test = found.claim.test
    return labels.number(test.margin, decimals_of([found.effect]), sign=True) if test and test.margin else ""


def _within(found: Verdict) -> str:
    """The number that is predicted and how near counts as that; empty where it is which side is more."""
    test = found.claim.test
    if test is None or test.equals is None:
        return ""
    return f"{test.equals:g} ± {test.within:g}".replace("-", labels.MINUS)


def _numbers(effect: Estimate | None) -> dict[str, Any]:
    """The effect, its interval, and where both are drawn: in units of the farthest end, zero in the middle."""
    if effect is None:
        return {"effect": "", "interval": "", "forest": ""}
    digits = decimals_of([effect])
    low, high = effect.low, effect.high
    interval = ""
    if low is not None and high is not None:
        interval = f"[{labels.number(low, digits, sign=True)}, {labels.number(high, digits, sign=True)}]"
    ends = [effect.mean if end is None else end for end in (low, effect.mean, high)]
    reach = max(map(abs, ends)) or 1.0
    places = [f"{50 + REACH * end / reach:.1f}" for end in ends]
    return {
        "effect": labels.number(effect.mean, digits, sign=True),
        "interval": interval,
        "forest": ";".join(f"--{name}:{place}" for name, place in zip("lmh", places, strict=True)),
    }
