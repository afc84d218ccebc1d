"""results/claims.csv: what the papers claim, and what the runs say about it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.errors import unknown
from pipeline.exhibits import floors, labels, phenomena, statistics
from pipeline.exhibits.cells import Cell, Results, Source, stated
from pipeline.exhibits.frame import PlanLike, Records
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tidy import fixed, lines
from pipeline.files import write_text
from pipeline.planning import scope

if TYPE_CHECKING:
    from pipeline.planning.model import Claim, Paper, Side, Study, Test

COLUMNS = ["paper", "claim", "statement", "study", "metric", "verdict"]
COLUMNS += ["effect", "ci_low", "ci_high", "n_seeds", "tier", "resolution", "q_value", "source"]
VERDICTS = ("supported", "contradicted", "no_difference", "inconclusive", "not_tested")
DECIDED = ("supported", "contradicted", "no_difference")
DISCOVERY = 0.05
"""The false discovery rate at which the report says how many verdicts survive."""


@dataclass(frozen=True)
class Verdict:
    """A claim, tested. `effect` is the difference, positive where the runs lean the claim's way; the verdict is on what
    is left of it after the claim's margin. `reason` says what stood in the way, `unequal` what one side has seen that
    the other has not.

    A verdict needs every planned seed of every side: seeds that diverged or failed are not lost at random, nor are
    those at which the metric has no value, so with any of them gone the claim is inconclusive, and the effect is that
    of the seeds which all sides have. A method
    that diverges at every seed contradicts nothing: no number of it exists.

    `no_difference` is what would else be inconclusive, where the whole interval is inside plus and minus the
    resolution: whatever the difference is, nobody would care.
    """

    paper: "Paper"
    claim: "Claim"
    verdict: str
    effect: Estimate | None
    reason: str = ""
    unequal: str = ""
    resolution: float | None = None
    """The smallest difference of the metric that a reader would care about; None where its study does not say."""
    source: Source = "run"
    published: str = ""
    """The published verdict by the very runs that were made here again; empty where there is none."""
    q_value: float | None = None
    """The false discovery rate at which it is a discovery that the effect is not the margin; None of what is not
    tested."""

    @property
    def p_value(self) -> float | None:
        """The same for this claim alone; None where nothing is tested, 1 where nothing can be told."""
        if self.claim.test is None or self.verdict == "not_tested":
            return None
        return 1.0 if self.effect is None else p_value(self.effect, self.claim.test)

    @property
    def comparison(self) -> str:
        """What was subtracted from what, in words."""
        test = self.claim.test
        if test is None:
            return ""
        if test.relative_to is not None:
            return f"{test.better} against {test.than}, {test.variant} against {test.relative_to}"
        if test.than_variant not in (None, test.variant):
            return f"{test.better} ({test.variant}) against {test.than} ({test.than_variant})"
        where = "" if test.variant == "default" else f" ({test.variant})"
        if test.better == test.than or test.than is None:
            return f"{test.better}{where}"
        return f"{test.better} against {test.than}{where}"

    @property
    def measure(self) -> str:
        """What was measured, in words."""
        test = self.claim.test
        if test is None:
            return ""
        against = "" if test.than_metric in (None, test.metric) else f" against {labels.metric(str(test.than_metric))}"
        return labels.metric(test.metric) + against


def write(
    plan: PlanLike, papers: "Mapping[str, Paper]", root: str | Path = ".", records: Records | None = None
) -> Path:
    """Write results/claims.csv below `root`: one row per claim, sorted by paper, in the paper's order; and
    results/phenomena.csv beside it. Return the path of the former."""
    path, read = Path(root) / "results" / "claims.csv", dict[str, Results]()
    write_text(path, lines(COLUMNS, [line(found, plan.tier) for found in judge(plan, papers, root, records, read)]))
    for results in read.values():
        results.known.keep("claims")
    phenomena.write({key: read.get(key) or Results(plan, key, root, records) for key in plan.studies}, Path(root))
    return path


def line(found: Verdict, tier: str) -> list[str]:
    """In the order of COLUMNS."""
    test, effect = found.claim.test, found.effect
    about = [found.paper.key, found.claim.id, " ".join(found.claim.statement.split())]
    about += [test.study, test.metric] if test else ["", ""]
    numbers = [fixed(effect.mean), fixed(effect.low), fixed(effect.high)] if effect else ["", "", ""]
    resolution = "" if found.resolution is None else f"{found.resolution:g}"
    source = "" if found.verdict == "not_tested" else found.source
    return [
        *about,
        found.verdict,
        *numbers,
        str(effect.n_seeds if effect else 0),
        tier,
        resolution,
        fixed(found.q_value),
        source,
    ]


def judge(
    plan: PlanLike,
    papers: "Mapping[str, Paper]",
    root: str | Path = ".",
    records: Records | None = None,
    read: dict[str, Results] | None = None,
) -> list[Verdict]:
    """The verdict on every claim. `read` holds the results of studies that were read already.

    UserError where a claim's metric has no direction: neither in the claim's test, nor in its study, nor of its own.
    """
    results = {} if read is None else read
    verdicts = []
    for key in sorted(papers):
        for claim in papers[key].claims:
            if claim.test and claim.test.study in plan.studies and claim.test.study not in results:
                results[claim.test.study] = Results(plan, claim.test.study, root, records)
            verdicts.append(_judge(papers[key], claim, results))
    return _corrected(verdicts)


def p_value(effect: Estimate, test: "Test") -> float:
    """How unlikely so large an effect is where the truth is the margin, or one so near or far where it is at an end of
    what counts as equal."""
    if test.within is not None:
        return statistics.equivalence_p(effect, test.within)
    return statistics.p_value(effect.less(test.margin))


def of_study(papers: "Mapping[str, Paper]", study: str) -> "dict[str, Paper]":
    """The papers with those of their claims alone that the study tests."""
    return only(papers, lambda _key, _claim, test: test.study == study)


def only(papers: "Mapping[str, Paper]", wanted: "Callable[[str, Claim, Test], bool]") -> "dict[str, Paper]":
    """The papers with those of their claims alone that have a test and are wanted, by the paper's key."""
    found = {}
    for key, paper in papers.items():
        if own := [claim for claim in paper.claims if claim.test and wanted(key, claim, claim.test)]:
            found[key] = paper.model_copy(update={"claims": own})
    return found


def _corrected(verdicts: list[Verdict]) -> list[Verdict]:
    """With the q-values of all that were tested together."""
    tested = {place: p for place, found in enumerate(verdicts) if (p := found.p_value) is not None}
    values = dict(zip(tested, statistics.benjamini_hochberg(list(tested.values())), strict=True))
    return [replace(found, q_value=values.get(place)) for place, found in enumerate(verdicts)]


def _judge(paper: "Paper", claim: "Claim", results: Mapping[str, Results]) -> Verdict:
    test = claim.test
    if test is None:
        return Verdict(paper, claim, "not_tested", None, claim.why_not or "no test is stated")
    if test.study not in results:
        return Verdict(paper, claim, "not_tested", None, f"study {test.study} is not in the plan")
    study, sides = results[test.study], test.sides
    for side in sides:
        if (side.variant, side.method) not in study.cells:
            where = f"{side.method} ({side.variant})"
            return Verdict(paper, claim, "not_tested", None, f"{where} is not in the plan of study {test.study}")
    there = _published(paper, claim, study)
    if any(study.cells[side.variant, side.method].source != "run" for side in sides):
        shown = "some of its runs are not made here, and no verdict on it is published"
        return there or Verdict(paper, claim, "not_tested", None, shown)
    found = _made(paper, claim, test, study)
    return replace(found, published=there.verdict if there and there.source == "published" else "")


def _published(paper: "Paper", claim: "Claim", study: Results) -> Verdict | None:
    """The published verdict on what the claim asks today; None where there is none."""
    line = study.published.claims.get((paper.key, claim.id)) if study.published else None
    if line is None or claim.test is None or line["asked"] != scope.asked(claim):
        return None
    today = answered(claim.test, study.study, study.plan.study_runs(study.study.key))
    return Verdict(
        paper,
        claim,
        line["verdict"],
        stated(line, "effect", "ci_low", "ci_high"),
        line["reason"],
        line["unequal"],
        float(line["resolution"]) if line["resolution"] else None,
        "published" if line["answered"] == today else "published_earlier",
    )


def answered(test: "Test", study: "Study", runs: Iterable[Any]) -> str:
    """In a word what a verdict rests on: of its study's planned runs those of its sides and of the floor, and what the
    study says of the metric."""
    places = {(side.variant, side.method) for side in test.sides}
    own = [run for run in runs if (run.variant, run.method) in places or run.method == study.floor]
    return scope.answered(own, study.resolution.get(test.metric), study.metrics.get(test.metric), study.floor)


def _made(paper: "Paper", claim: "Claim", test: "Test", study: Results) -> Verdict:
    """The verdict by runs that are all made here."""
    sides = test.sides
    effect = _effect(test, study, sides, order(paper, claim, study))
    unequal = _unequal(study, sides)
    reason = _doubt(study, sides, effect) or _sunk(test, study, sides)
    if unequal and not test.despite:
        reason = reason or f"unequal information, which the claim does not allow for: {unequal}"
        unequal = ""
    resolution = study.study.resolution.get(test.metric)
    if reason:
        return Verdict(paper, claim, "inconclusive", effect, reason, unequal, resolution)
    assert effect is not None
    if test.within is not None:
        return Verdict(paper, claim, statistics.equivalence(effect, test.within), effect, "", unequal, resolution)
    return Verdict(paper, claim, decided(effect, test.margin, resolution), effect, "", unequal, resolution)


def decided(effect: Estimate, margin: float, resolution: float | None) -> str:
    """The verdict by an interval: on one side of the margin, or about it and inside the resolution."""
    sign = effect.less(margin).sign
    if sign:
        return "supported" if sign > 0 else "contradicted"
    if resolution is None or effect.low is None or effect.high is None:
        return "inconclusive"
    return "no_difference" if -resolution < effect.low and effect.high < resolution else "inconclusive"


def order(paper: "Paper", claim: "Claim", results: Results) -> float:
    """1 where the claim says more of what it measures or how much that is, -1 where it says less.

    UserError where neither it nor anybody else says which.
    """
    test = claim.test
    if test is None or test.equals is not None:
        return 1.0
    direction = test.direction or results.study.metrics.get(test.metric) or labels.direction(test.metric)
    if direction is None:
        where = f"papers/{paper.key}.yaml: claim '{claim.id}': metric without a direction"
        raise unknown("metric", test.metric, results.study.metrics, where)
    return 1.0 if direction == "higher" else -1.0


def _effect(test: "Test", study: Results, sides: "list[Side]", order: float) -> Estimate | None:
    """By how much the runs lean the claim's way: the difference, from a number where it is held against one."""
    effect = statistics.contrast(
        [(order * side.weight, study.cells[side.variant, side.method].sample(side.metric)) for side in sides]
    )
    if effect is None:
        return None
    return effect.less(level(test, order))


def level(test: "Test", order: float) -> float:
    """What is taken off the sides to have the effect: the number on the other side, or that which is predicted."""
    # a number on the other side cancels in a difference of differences
    number = test.than if isinstance(test.than, float) and test.relative_to is None else 0.0
    return order * number + (test.equals or 0.0)


def _unequal(study: Results, sides: "list[Side]") -> str:
    """What sides that are subtracted from each other have seen beyond their protocols, where that is not the same."""
    found = []
    for pair in zip(sides[::2], sides[1::2], strict=False):
        have = {side: study.plan.information(study.cells[side.variant, side.method].runs[0]) for side in pair}
        if len(set(have.values())) > 1:
            found += [f"{side.method} ({side.variant}) has: {info.words}" for side, info in have.items() if info.words]
    return "; ".join(dict.fromkeys(found))


def _sunk(test: "Test", study: Results, sides: "list[Side]") -> str:
    """Which sides are not shown to have learned by the metric that is compared; empty for none.

    A claim that holds a method against the floor, or says that a method falls to a level, is about just that.
    """
    falls = test.direction not in (None, labels.direction(test.metric)) and not isinstance(test.than, str)
    if falls or any(side.method == study.study.floor for side in sides):
        return ""
    found = {side: floors.under(study, side.variant, side.method, side.metric) for side in sides}
    return "; ".join(
        f"{side.method} ({side.variant}) is not shown to be better than {floor.name} ({floor.value:.1f}), and so not "
        "to have learned"
        for side, floor in found.items()
        if floor
    )


def _doubt(study: Results, sides: "list[Side]", effect: Estimate | None) -> str:
    """Why the effect decides nothing, whatever its sign; empty where it may."""
    cells = {side: study.cells[side.variant, side.method] for side in sides}
    lost = dict.fromkeys(_lost(side, cell) for side, cell in cells.items() if cell.lost)
    absent = dict.fromkeys(_absent(side, cell) for side, cell in cells.items() if cell.absent(side.metric))
    if lost or absent:
        return "; ".join([*lost, *absent])
    if effect is None:
        return "no seed is on both sides"
    return "one seed and no values per example: no interval" if effect.low is None else ""


def _lost(side: "Side", cell: Cell) -> str:
    statuses = " and ".join(sorted(set(cell.lost)))
    return f"{side.method} ({side.variant}): {statuses} at {len(cell.lost)} of {len(cell.runs)} seeds"


def _absent(side: "Side", cell: Cell) -> str:
    found = cell.absent(side.metric)
    reasons = "; ".join(sorted(set(found)))
    where = f"{side.method} ({side.variant}): no {labels.metric(side.metric)}"
    return f"{where} at {len(found)} of {len(cell.runs)} seeds, since {reasons}"
