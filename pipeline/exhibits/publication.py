"""What is published of a study, from its complete runs; and how its verdicts came out with other seeds."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline.exhibits import claims, phenomena
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.frame import PlanLike
from pipeline.exhibits.tables import build, csv
from pipeline.exhibits.tables.model import Entry
from pipeline.exhibits.tidy import fixed
from pipeline.planning import scope
from pipeline.publishing import store
from pipeline.publishing.store import Published, Table

if TYPE_CHECKING:
    from pipeline.planning.model import Claim, Paper, Study, Test

REPLICATION = ["paper", "claim", "verdict", "effect", "again", "again_effect", "again_low", "again_high"]
REPLICATION += ["first_seed", "answered"]
OPPOSITE = {"supported": "contradicted", "contradicted": "supported"}


def files(plan: PlanLike, study: str, papers: "Mapping[str, Paper]", root: Path) -> dict[str, Table]:
    """The tables of published/<study>/, from runs that are all made here."""
    results = Results(plan, study, root)
    verdicts = claims.judge(plan, claims.of_study(papers, study), root, read={study: results})
    return {
        store.RUNS: _runs(results),
        store.TABLE: _table(results),
        store.CLAIMS: _claims(verdicts, plan.tier, results),
        store.PHENOMENA: _phenomena(results),
    }


def _runs(results: Results) -> Table:
    metrics = sorted({name for result in results.results for name in result["metrics"]})
    lines = []
    for run, result in zip(results.runs, results.results, strict=True):
        told = [run.id, run.dataset, run.method, run.variant, str(run.seed), result["tier"], result["status"]]
        numbers = [fixed(result["metrics"].get(name)) for name in metrics]
        spent, device = result["seconds"], result["device"]
        made = [f"{spent['train']:.1f}", f"{spent['evaluate']:.1f}", store.device(device), device["precision"]]
        made += [str(device["threads"]), store.versions(result), result["provenance"]["git_commit"] or ""]
        lines.append([*told, " ".join((result["reason"] or "").split()), *numbers, *made])
    return [*store.HEAD, *metrics, *store.TAIL], sorted(lines, key=lambda line: (line[3], line[2], int(line[4])))


def _table(results: Results) -> Table:
    found: dict[tuple[str, ...], Entry] = {
        (block.variant, row.method, entry.metric): entry
        for block in build.table(results).blocks
        for row in block.rows
        for entry in row.entries
    }
    head = [*csv.COLUMNS, "against_baseline", "against_low", "against_high", "mark", "floor"]
    places = [csv.COLUMNS.index(name) for name in ("variant", "method", "metric")]
    return head, [[*line, *_marks(found.get(tuple(line[at] for at in places)))] for line in csv.rows(results)]


def _marks(entry: Entry | None) -> list[str]:
    """What the table says of a number beside the number."""
    if entry is None:
        return [""] * 5
    versus, floor = entry.versus, entry.floor
    against = [fixed(end) for end in (versus.mean, versus.low, versus.high)] if versus else [""] * 3
    mark = build.BEST if entry.best else build.TIED if entry.tied else ""
    return [*against, mark, f"{floor.name}={floor.value:.6f}" if floor else ""]


def _claims(verdicts: Sequence[Verdict], tier: str, results: Results) -> Table:
    head = [*claims.COLUMNS, "reason", "unequal", "asked", "answered"]
    lines = []
    for found in verdicts:
        assert found.claim.test is not None
        words = [scope.asked(found.claim), claims.answered(found.claim.test, results.study, results.runs)]
        lines.append([*claims.line(found, tier), found.reason, found.unequal, *words])
    return head, lines


def _phenomena(results: Results) -> Table:
    head = [*phenomena.COLUMNS, "n_seeds", "asked", "answered"]
    lines = []
    for found in phenomena.judge(results):
        runs = [run for side in found.stated.sides for run in results.planned[side.variant, side.method]]
        seeds = str(found.estimate.n_seeds if found.estimate else 0)
        words = [scope.stated(found.stated), scope.answered(runs)]
        lines.append([*found.line(results.study.key), seeds, *words])
    return head, lines


class Replication(NamedTuple):
    """How the decided verdicts of a study came out with other seeds."""

    decided: int
    same: int
    opposite: int

    @property
    def words(self) -> str:
        share = f" ({100 * self.same / self.decided:.0f}%)" if self.decided else ""
        return (
            f"of {self.decided} decided verdicts {self.same}{share} came out the same with other seeds, "
            f"{self.opposite} the opposite"
        )


def replication(lines: Iterable[Mapping[str, str]]) -> Replication:
    """Of the lines of a replication.csv."""
    pairs = [(line["verdict"], line["again"]) for line in lines if line["verdict"] in claims.DECIDED]
    return Replication(
        len(pairs), sum(first == again for first, again in pairs), sum(OPPOSITE.get(f) == again for f, again in pairs)
    )


def replicated(
    plan: PlanLike, study: str, papers: "Mapping[str, Paper]", published: Published, first_seed: int, root: Path
) -> Table:
    """What runs with other seeds say of claims whose verdicts are published: those of `papers`, as `current` has them.

    plan: of those runs. They are all that is read of its study: `sides`.
    """
    results = Results(plan, study, root, places=sides(plan.studies[study], papers))
    lines = []
    for again in claims.judge(plan, papers, root, read={study: results}):
        line, effect = published.claims[again.paper.key, again.claim.id], again.effect
        numbers = [fixed(end) for end in (effect.mean, effect.low, effect.high)] if effect else ["", "", ""]
        told = [line["paper"], line["claim"], line["verdict"], line["effect"], again.verdict]
        lines.append([*told, *numbers, str(first_seed), line["answered"]])
    return REPLICATION, lines


def current(plan: PlanLike, study: str, papers: "Mapping[str, Paper]") -> "dict[str, Paper]":
    """The papers with those of their claims alone on which a study's published verdict is today's."""
    there, runs = plan.published[study].claims, plan.study_runs(study)

    def is_current(key: str, claim: "Claim", test: "Test") -> bool:
        line = there.get((key, claim.id))
        today = [scope.asked(claim), claims.answered(test, plan.studies[study], runs)]
        return test.study == study and line is not None and [line["asked"], line["answered"]] == today

    return claims.only(papers, is_current)


def sides(study: "Study", papers: "Mapping[str, Paper]") -> set[tuple[str, str]]:
    """The cells (variant, method) that the papers' claims rest on: what they compare, and the floor."""
    tests = [claim.test for paper in papers.values() for claim in paper.claims if claim.test]
    floor = {(variant, study.floor) for variant in study.variants if study.floor}
    return floor | {(side.variant, side.method) for test in tests for side in test.sides}
