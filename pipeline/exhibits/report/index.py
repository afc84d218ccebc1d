"""results/report.html: verdict counts, the studies, every claim, coverage of the papers, environment."""

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.exhibits import claims, labels
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.frame import PlanLike
from pipeline.exhibits.report import environment, pages, verdicts
from pipeline.exhibits.tables.model import AGREEMENT
from pipeline.publishing import compare

if TYPE_CHECKING:
    from pipeline.planning.model import Paper

STATUSES = {
    "works": "implemented and compared",
    "partial": "implemented in part",
    "planned": "not implemented yet",
    "theory": "nothing to run",
    "out_of_reach": "cannot be run here",
}


def text(plan: PlanLike, read: Mapping[str, Results], found: list[Verdict], papers: "Mapping[str, Paper]") -> str:
    """The first page. `read` holds every study's results, `found` the verdict on every claim."""
    results = [result for study in read.values() for result in study.made]
    theirs = [each for each in found if not each.claim.control_of]
    return pages.render(
        "index.html",
        up="",
        summary=summary(read, found),
        scope=scope(read),
        discoveries=discoveries(found),
        tier=plan.tier,
        latest=environment.latest(results),
        lost=[line for study in read.values() for line in study.lost],
        counts=verdicts.counts(theirs),
        listed=verdicts.counts(found),
        studies=[_study(study, theirs) for study in read.values()],
        claims=verdicts.rows(found, read),
        coverage=_coverage(papers),
        environment=environment.facts(results),
        commits=environment.commits(results),
        work=environment.work(results),
    )


def summary(read: Mapping[str, Results], found: list[Verdict]) -> str:
    """One sentence, from the data."""
    asked_of = [each for each in found if each.verdict != "not_tested"]
    tested = [each for each in asked_of if not each.claim.control_of]
    behaved = [each.verdict == "supported" for each in asked_of if each.claim.control_of]
    controls = f" Of {labels.count(len(behaved), 'negative control')} {sum(behaved)} came out as they should."
    kinds = Counter(each.verdict for each in tested)
    runs = labels.count(sum(len(study.runs) for study in read.values()), "run")
    methods = labels.count(len({method for study in read.values() for _, method in study.cells}), "method")
    papers = labels.count(len({each.paper.key for each in tested}), "paper")
    asked = [name for name in claims.VERDICTS if name != "not_tested"]
    outcome = labels.listing([f"{kinds[name]} {labels.words(name)}" for name in asked])
    return (
        f"{runs} of {methods} in {labels.count(len(read), 'study', 'studies')} put "
        f"{labels.count(len(tested), 'claim')} of {papers} to the test: {outcome}.{controls * bool(behaved)}"
    )


def scope(read: Mapping[str, Results]) -> str:
    """What was made here and what is published, and how the two agree."""
    made, runs = (sum(len(getattr(study, name)) for study in read.values()) for name in ("made", "runs"))
    if made == runs:
        told = "Every number in this report was computed from the runs' result files"
    else:
        told = f"{labels.count(made, 'run')} made here; {runs - made:,} others are shown as published, in grey"
    outcomes = Counter(outcome for study in read.values() for outcome in study.agreement.values())
    agree = labels.listing([f"{outcomes[name]} {AGREEMENT[name]}" for name in compare.OUTCOMES if outcomes[name]])
    against = f" Of {labels.count(outcomes.total(), 'cell')} both made here and published: {agree}." if agree else ""
    return f"{told}; open a number on a study's page to see the runs behind it.{against}"


def discoveries(found: list[Verdict]) -> str:
    """How many verdicts survive where many are tested at once."""
    papers = [each for each in found if not each.claim.control_of]
    sided = [each for each in papers if each.verdict in ("supported", "contradicted")]
    left = sum(each.q_value is not None and each.q_value <= claims.DISCOVERY for each in sided)
    return (
        f"Of {len(sided)} verdicts on one side {left} survive at a false discovery rate of {claims.DISCOVERY:g} over "
        "all tested claims."
    )


def _study(results: Results, found: list[Verdict]) -> dict[str, Any]:
    """A study's line."""
    return {
        "key": results.study.key,
        "title": results.study.title,
        "summary": results.study.summary,
        "size": ", ".join(
            [
                labels.count(len({method for _, method in results.cells}), "method"),
                labels.count(len(results.variants()), "variant"),
                labels.count(len(results.runs), "run"),
            ]
        ),
        "counts": verdicts.counts(verdicts.of_study(found, results.study.key)),
    }


def _coverage(papers: "Mapping[str, Paper]") -> list[dict[str, Any]]:
    groups = {status: [papers[key] for key in sorted(papers) if papers[key].status == status] for status in STATUSES}
    return [
        {"status": status, "meaning": STATUSES[status], "papers": group, "size": len(group)}
        for status, group in groups.items()
    ]
