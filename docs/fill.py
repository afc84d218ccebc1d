"""Fill the generated blocks of README.md and docs/, so that numbers are those of the last runs and lists are complete.

A block is what stands between `<!-- NAME -->` and `<!-- end -->`; NAME is a function of this module, with an argument
after a colon, such as `summary:ood`. `python docs/fill.py` writes the files; with `--check` it writes nothing and exits
with 1 where one is out of date. A block whose results are not there is left as it is.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from math import fsum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "docs")]

import findings  # noqa: E402

from pipeline import metrics  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.exhibits import labels, publication  # noqa: E402
from pipeline.exhibits.claims import DISCOVERY, VERDICTS  # noqa: E402
from pipeline.planning import code, load  # noqa: E402
from pipeline.planning import papers as papers_  # noqa: E402
from pipeline.planning import search as searching  # noqa: E402
from pipeline.planning.model import Study  # noqa: E402
from pipeline.publishing import store  # noqa: E402
from pipeline.yaml_files import read_yaml  # noqa: E402

BLOCK = re.compile(r"(<!-- (\w+)(?::(\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)
CORES = 2
"""Of the machine whose minutes are told; each run has one."""
COLUMNS = 4
"""So many of a study's metrics stand in its block; the first orders the rows."""


def studies() -> dict[str, Study]:
    """The project's studies, in the order of params.yaml."""
    params = read_yaml(ROOT / "params.yaml")
    return {key: load.study(ROOT, key, params["tier"]) for key in params["studies"]}


def published() -> dict[str, store.Published]:
    """Study -> what is published of it, in the order of params.yaml."""
    found = {key: store.read(key, ROOT) for key in studies()}
    return {key: each for key, each in found.items() if each is not None}


def markdown(heads: list[str], lines: list[list[str]], right: bool = True) -> str:
    rule = ["---", *["---:" if right else "---"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [heads, rule, *lines])


def study_list() -> str:
    """What each study is about, in its own words."""
    return "".join(f"- `{key}`: {' '.join(study.summary.split())}\n" for key, study in studies().items())


def results() -> str:
    """Of every study that is published: what was found, and the default variant's table."""
    about, papers = studies(), papers_.load(ROOT)
    parts = []
    for key, found in published().items():
        told = "".join(f"- {each}\n" for each in findings.sentences(about[key], found, papers))
        parts.append(f"## `{key}`\n\n{' '.join(about[key].summary.split())}\n\n{told}\n{summary(key)}")
    return "\n" + "\n".join(parts)


def scope() -> str:
    """How much is made by default, how much is published, and what both take on two cores, by the runs' own clocks."""
    plan = load.load(ROOT, {"rerun": "core"})
    lines = []
    for key, found in published().items():
        made = {run.id for run in plan.made(key)}
        spent = {run.id: fsum(run.result["seconds"].values()) for run in found.runs}
        # A set has no order: a plain sum's last bit, and so what is rounded at a half, would be drawn by lot.
        lines.append(
            (key, [len(found.runs), len(made), fsum(spent.values()), fsum(spent.get(each, 0) for each in made)])
        )
    total = [fsum(column) for column in zip(*(numbers for _, numbers in lines), strict=True)]
    heads = ["study", "runs published", "of them made by default", "minutes for all", "seconds by default"]
    return markdown(heads, [*([f"`{key}`", *_costs(numbers)] for key, numbers in lines), ["all", *_costs(total)]])


def _costs(numbers: list[Any]) -> list[str]:
    return [f"{numbers[0]:,.0f}", f"{numbers[1]:,.0f}", f"{numbers[2] / 60 / CORES:.1f}", f"{numbers[3] / CORES:.0f}"]


def replications() -> str:
    """How verdicts came out with other seeds, study by study."""
    lines = []
    for key, found in published().items():
        if found.replication:
            again = publication.replication(found.replication)
            share = f"{100 * again.same / again.decided:.0f}%" if again.decided else "-"
            lines.append([f"`{key}`", str(again.decided), f"{again.same} ({share})", str(again.opposite)])
    return markdown(["study", "decided verdicts", "the same with other seeds", "the opposite"], lines)


def summary(study: str) -> str:
    """The first variant's means and 95% intervals, best first; of theorems what was claimed and what was found."""
    found = store.read(study, ROOT)
    if found is None:
        raise FileNotFoundError
    if not studies()[study].metrics:
        return theorems(found)
    columns = list(studies()[study].metrics)[:COLUMNS]
    return ranked(found.files[store.TABLE], columns, next(iter(studies()[study].variants)))


def theorems(found: store.Published) -> str:
    """A row a paper: how its claims came out, and its controls."""
    lines = []
    for key, paper in papers_.load(ROOT).items():
        stated = {claim.id: bool(claim.control_of) for claim in paper.claims}
        sides: dict[bool, list[str]] = {False: [], True: []}
        for (place, claim), line in found.claims.items():
            if place == key:
                sides[stated[claim]].append(line["verdict"])
        if any(sides.values()):
            told = [findings.verdicts(sides[side]) for side in (False, True)]
            lines.append([f"[{paper.title}]({paper.url})", f"`{key}`", *told])
    return markdown(["paper", "file", "claims", "controls"], lines, right=False)


def ranked(found: list[dict[str, str]], columns: list[str], variant: str) -> str:
    cells = {(row["method"], row["metric"]): row for row in found if row["variant"] == variant}
    first = columns[0]
    order = 1 if metrics.describe(first).direction == "lower" else -1
    means = {m: cells.get((m, first), {}).get("mean") for m, _ in cells}
    best = sorted(means, key=lambda m: (not means[m], order * float(means[m] or 0), m))

    def text(method: str, metric: str) -> str:
        row: Mapping[str, str] = cells.get((method, metric), {"status": "-"})
        if row["status"] != "ok":
            return row["status"]
        shown = findings.interval(row, "mean", "ci_low", "ci_high", findings.digits(metric))
        return f"**{shown}**" if row["mark"] == "best" else shown

    lines = [[f"`{method}`", *(text(method, metric) for metric in columns)] for method in best]
    heads = [f"{labels.metric(name)} {labels.ARROWS[metrics.describe(name).direction or 'higher']}" for name in columns]
    return markdown(["method", *heads], lines)


def search(study: str) -> str:
    """Every method's score at all that was tried, variant by variant, the best one bold."""
    key = study + searching.ENDING
    plan = load.load(ROOT, {"studies": [study, key]})
    try:
        found = searching.choices(plan, study, ROOT)
    except UserError as error:  # no search here
        raise FileNotFoundError from error
    about = plan.study(study)
    by, lines = about.search[plan.tier].by, []
    for choice in found:
        best = choice.scores[choice.best] if choice.best else None
        metric = by.get(choice.method, next(iter(about.metrics)))
        for settings, scores in searching.rows(choice):
            texts = [f"{rate}: {_scored(score, best, metric)}" for rate, score in scores]
            lines.append([f"`{choice.method}`", choice.variant, settings, ", ".join(texts)])
    return markdown(["method", "variant", "setting", "score by learning rate"], lines, right=False)


def _scored(score: float | None, best: float | None, metric: str) -> str:
    if score is None:
        return "-"
    shown = labels.rounded(score, metric)
    return f"**{shown}**" if score == best else shown


def verdicts() -> str:
    """How many claims of papers/ got which verdict, by what is published; controls are no claims of papers."""
    papers = papers_.load(ROOT)
    lines = [line for found in published().values() for line in found.claims.values()]
    if not lines:
        raise FileNotFoundError
    claims = {(key, claim.id): claim for key, paper in papers.items() for claim in paper.claims}
    theirs = {place for place, claim in claims.items() if not claim.control_of}
    counts = Counter(line["verdict"] for line in lines if (line["paper"], line["claim"]) in theirs)
    counts["not_tested"] += len(theirs) - counts.total()
    sided, left = findings.survivors(lines, claims)
    table = markdown(["verdict", "claims"], [[kind, str(counts[kind])] for kind in VERDICTS])
    survive = f"{left} of the {sided} verdicts on one side survive at a false discovery rate of {DISCOVERY:g}."
    return f"{table}\n{survive}\n"


def families() -> str:
    """The families of methods, what they share, and how many methods each has."""
    found: dict[str, list[str]] = {}
    for key in sorted(code.method_modules()):
        found.setdefault(code.method(key).family, []).append(key)
    lines = []
    for family, keys in sorted(found.items()):
        lines.append([f"`{family}`", code.summary(f"pipeline.methods.{family}"), str(len(keys))])
    return markdown(["family", "what it is", "methods"], lines, right=False)


def imports() -> str:
    """Which rooms of the project import which others."""
    return markdown(["room", "imports of this project"], [[f"`{a}`", b] for a, b in rooms().items()], right=False)


def rooms() -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        room = code.room_of(path)
        found.setdefault(room, set()).update(code.room_of(target) for target in code.imported(path))
    return {
        room: ", ".join(f"`{name}`" for name in sorted(names - {room})) or "nothing" for room, names in found.items()
    }


MAKERS: dict[str, Callable[..., str]] = {
    made.__name__: made
    for made in (study_list, results, scope, replications, summary, search, verdicts, families, imports)
}


def fill(match: re.Match[str]) -> str:
    start, name, argument, end = match.groups()
    try:
        return f"{start}{MAKERS[name](*[argument] if argument else [])}{end}"
    except FileNotFoundError:
        return match[0]


def main() -> int:
    stale = False
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        before = path.read_text(encoding="utf-8")
        after = BLOCK.sub(fill, before)
        if before == after:
            continue
        stale = True
        if "--check" in sys.argv[1:]:
            print(f"{path.relative_to(ROOT)} is out of date; run `python docs/fill.py`")
        else:
            path.write_text(after, encoding="utf-8")
    return int(stale and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
