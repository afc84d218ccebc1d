"""The table of a study of theorems: a row a claim, by paper, with what was predicted and what was measured."""

from itertools import groupby

from pipeline.exhibits import claims, labels, phenomena
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tables import words
from pipeline.exhibits.tables.model import DASH, Block, Row, Table

FACTS = ["predicted", "measured", "control", "verdict"]


def table(results: Results, found: list[Verdict]) -> Table:
    """The study's claims, a block a paper. found: the verdicts on them."""
    facts = [*FACTS, *["source"] * any(each.source != "run" for each in found)]
    blocks = [
        _block(results, paper, list(group), facts) for paper, group in groupby(found, lambda each: each.paper.key)
    ]
    return Table(
        results=results,
        metrics={},
        decimals={},
        facts=facts,
        blocks=blocks,
        footnotes=[],
        protocol=_protocol(results),
        phenomena=[words.phenomenon(each) for each in phenomena.judge(results)],
        legend=LEGEND,
        hardware=words.hardware(results),
        subject="Theorem",
    )


LEGEND = [
    "Predicted: what the theorem says, and how far from it counts as that, fixed beforehand.",
    "Measured: mean over repetitions, with its 95% interval, by a bootstrap, or exact for shares.",
    "Control: what is measured and found where an assumption is removed.",
]


def _protocol(results: Results) -> list[str]:
    counts = sorted({run.settings["repetitions"] for run in results.runs})
    spread = f"{counts[0]:,}" if len(counts) == 1 else f"{counts[0]:,} to {counts[-1]:,}"
    return [f"Tier {results.plan.tier}.", f"{spread} repetitions of each experiment, in double precision."]


def _block(results: Results, key: str, found: list[Verdict], facts: list[str]) -> Block:
    paper = found[0].paper
    theirs = [each for each in found if not each.claim.control_of]
    rows = [_row(results, each, [o for o in found if o.claim.control_of == each.claim.id], facts) for each in theirs]
    return Block(key, "", f"{paper.title} ({paper.year})", "", "", rows)


def _row(results: Results, found: Verdict, controls: list[Verdict], facts: list[str]) -> Row:
    told = {
        "predicted": predicted(results, found),
        "measured": measured(results, found),
        "control": "; ".join(_control(results, each) for each in controls) or DASH,
        "verdict": labels.words(found.verdict),
        "source": labels.words(found.source),
    }
    statement = found.claim.statement
    return Row(statement, found.paper.key, False, False, [], source=found.source, facts=[told[name] for name in facts])


def _control(results: Results, found: Verdict) -> str:
    numbers = f"{measured(results, found)}, {predicted(results, found)}"
    return f"{found.claim.statement} {numbers}: {labels.words(found.verdict)}"


def predicted(results: Results, found: Verdict) -> str:
    """What the claim says of what is measured: a number and how near, or a bound."""
    test = found.claim.test
    if test is None:
        return ""
    if test.equals is not None:
        return f"= {labels.short(test.equals)} ± {labels.short(test.within or 0.0)}"
    order = claims.order(found.paper, found.claim, results)
    return f"{'≥' if order > 0 else '≤'} {labels.short(order * (test.margin + claims.level(test, order)))}"


def measured(results: Results, found: Verdict) -> str:
    """The quantity that is held against that, with its interval."""
    test, effect = found.claim.test, found.effect
    if test is None or effect is None:
        return DASH
    order = claims.order(found.paper, found.claim, results)
    value, *ends = (order * (number + claims.level(test, order)) for number in (effect.mean, *_ends(effect)))
    interval = f" [{', '.join(map(labels.short, sorted(ends)))}]" if ends else ""
    return labels.short(value) + interval


def _ends(effect: Estimate) -> list[float]:
    return [end for end in (effect.low, effect.high) if end is not None]
