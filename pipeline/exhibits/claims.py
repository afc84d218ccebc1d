"""results/claims.csv: what the papers claim, and what the runs say about it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.errors import unknown
from pipeline.exhibits import floors, labels, statistics
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.frame import PlanLike, Records
from pipeline.exhibits.statistics import Estimate
from pipeline.exhibits.tables.csv import fixed, lines
from pipeline.files import write_text

if TYPE_CHECKING:
    from pipeline.planning.model import Claim, Paper, Test

COLUMNS = ["paper", "claim", "statement", "study", "metric", "verdict"]
COLUMNS += ["effect", "ci_low", "ci_high", "n_seeds", "tier"]
VERDICTS = ("supported", "contradicted", "inconclusive", "not_tested")


@dataclass(frozen=True)
class Verdict:
    """A claim, tested. `effect` is the difference, positive where the runs lean the claim's way; the verdict is on what
    is left of it after the claim's margin. `reason` says what stood in the way, `unequal` what one side has seen that
    the other has not.

    A verdict needs every planned seed of every side: seeds that diverged or failed are not lost at random, nor are
    those at which the metric has no value, so with any of them gone the claim is inconclusive, and the effect is that
    of the seeds which all sides have. A method
    that diverges at every seed contradicts nothing: no number of it exists.
    """

    paper: "Paper"
    claim: "Claim"
    verdict: str
    effect: Estimate | None
    reason: str = ""
    unequal: str = ""

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
        if test.better == test.than:
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
    """Write results/claims.csv below `root`: one row per claim, sorted by paper, in the paper's order."""
    path, read = Path(root) / "results" / "claims.csv", dict[str, Results]()
    write_text(path, lines(COLUMNS, [[*_line(found), plan.tier] for found in judge(plan, papers, root, records, read)]))
    for results in read.values():
        results.known.keep("claims")
    return path


def _line(found: Verdict) -> list[str]:
    test, effect = found.claim.test, found.effect
    about = [found.paper.key, found.claim.id, " ".join(found.claim.statement.split())]
    about += [test.study, test.metric] if test else ["", ""]
    numbers = [fixed(effect.mean), fixed(effect.low), fixed(effect.high)] if effect else ["", "", ""]
    return [*about, found.verdict, *numbers, str(effect.n_seeds if effect else 0)]


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
    return verdicts


class Side(NamedTuple):
    """A cell of a comparison, and with which sign it counts."""

    weight: float
    method: str
    variant: str
    metric: str


def _judge(paper: "Paper", claim: "Claim", results: Mapping[str, Results]) -> Verdict:
    test = claim.test
    if test is None:
        return Verdict(paper, claim, "not_tested", None, claim.why_not or "no test is stated")
    if test.study not in results:
        return Verdict(paper, claim, "not_tested", None, f"study {test.study} is not in the plan")
    study, sides = results[test.study], _sides(test)
    for side in sides:
        if (side.variant, side.method) not in study.cells:
            where = f"{side.method} ({side.variant})"
            return Verdict(paper, claim, "not_tested", None, f"{where} is not in the plan of study {test.study}")
    effect = _effect(test, study, sides, _order(paper, claim, test, study))
    unequal = _unequal(study, sides)
    reason = _doubt(study, sides, effect) or _sunk(test, study, sides)
    if unequal and not test.despite:
        reason = reason or f"unequal information, which the claim does not allow for: {unequal}"
        unequal = ""
    if reason:
        return Verdict(paper, claim, "inconclusive", effect, reason, unequal)
    assert effect is not None
    decided = ("contradicted", "inconclusive", "supported")[effect.less(test.margin).sign + 1]
    return Verdict(paper, claim, decided, effect, unequal=unequal)


def _sides(test: "Test") -> list[Side]:
    """What is added and what is taken away: two sides, or four where differences are compared."""
    sides = [Side(1.0, test.better, test.variant, test.metric)]
    if isinstance(test.than, str):
        sides.append(Side(-1.0, test.than, test.than_variant or test.variant, test.than_metric or test.metric))
    if test.relative_to is not None:
        sides += [side._replace(weight=-side.weight, variant=test.relative_to) for side in sides]
    return sides


def _order(paper: "Paper", claim: "Claim", test: "Test", results: Results) -> float:
    direction = test.direction or results.study.metrics.get(test.metric) or labels.direction(test.metric)
    if direction is None:
        where = f"papers/{paper.key}.yaml: claim '{claim.id}': metric without a direction"
        raise unknown("metric", test.metric, results.study.metrics, where)
    return 1.0 if direction == "higher" else -1.0


def _effect(test: "Test", study: Results, sides: list[Side], order: float) -> Estimate | None:
    """By how much the runs lean the claim's way: the difference, from a number where it is held against one."""
    effect = statistics.contrast(
        [(order * side.weight, study.cells[side.variant, side.method].sample(side.metric)) for side in sides]
    )
    if effect is None:
        return None
    # a number on the other side cancels in a difference of differences
    level = 0.0 if isinstance(test.than, str) or test.relative_to is not None else order * test.than
    return effect.less(level)


def _unequal(study: Results, sides: list[Side]) -> str:
    """What sides that are subtracted from each other have seen beyond their protocols, where that is not the same."""
    found = []
    for pair in zip(sides[::2], sides[1::2], strict=False):
        have = {side: study.plan.information(study.cells[side.variant, side.method].runs[0]) for side in pair}
        if len(set(have.values())) > 1:
            found += [f"{side.method} ({side.variant}) has: {info.words}" for side, info in have.items() if info.words]
    return "; ".join(dict.fromkeys(found))


def _sunk(test: "Test", study: Results, sides: list[Side]) -> str:
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


def _doubt(study: Results, sides: list[Side], effect: Estimate | None) -> str:
    """Why the effect decides nothing, whatever its sign; empty where it may."""
    cells = {side: study.cells[side.variant, side.method] for side in sides}
    lost = dict.fromkeys(_lost(side, cell) for side, cell in cells.items() if cell.lost)
    absent = dict.fromkeys(_absent(side, cell) for side, cell in cells.items() if cell.absent(side.metric))
    if lost or absent:
        return "; ".join([*lost, *absent])
    if effect is None:
        return "no seed is on both sides"
    return "one seed and no values per example: no interval" if effect.low is None else ""


def _lost(side: Side, cell: Cell) -> str:
    statuses = " and ".join(sorted(set(cell.lost)))
    return f"{side.method} ({side.variant}): {statuses} at {len(cell.lost)} of {len(cell.runs)} seeds"


def _absent(side: Side, cell: Cell) -> str:
    found = cell.absent(side.metric)
    reasons = "; ".join(sorted(set(found)))
    where = f"{side.method} ({side.variant}): no {labels.metric(side.metric)}"
    return f"{where} at {len(found)} of {len(cell.runs)} seeds, since {reasons}"
