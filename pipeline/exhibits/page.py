"""results/report.html: tables, verdicts, figures, coverage and environment on one page that opens offline."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from pipeline.errors import UserError
from pipeline.exhibits import claims, figures, frame, labels, tables
from pipeline.exhibits.cells import Results
from pipeline.exhibits.claims import Verdict
from pipeline.exhibits.frame import PlanLike, Source
from pipeline.exhibits.tables import Entry, Table
from pipeline.files import write_text
from pipeline.settings import Paper

STATUSES = {
    "works": "implemented and compared",
    "partial": "implemented in part",
    "planned": "not implemented yet",
    "theory": "nothing to run",
    "out_of_reach": "cannot be run here",
}


def write(plan: PlanLike, papers: Mapping[str, Paper], root: str | Path = ".", source: Source | None = None) -> Path:
    """Write results/report.html below `root`. The figures are those already in results/figures (UserError if not)."""
    import jinja2

    read = {key: Results(plan, key, root, source) for key in plan.studies}
    verdicts = claims.judge(plan, papers, root, source, read)
    results = [result for study in read.values() for result in study.results]
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(metric=labels.metric, words=labels.words)
    page = environment.get_template("report.html").render(
        summary=_summary(read, verdicts, papers),
        tier=plan.tier,
        warnings=_warnings(read),
        studies=[_study(study, papers, Path(root)) for study in read.values()],
        verdicts=[_verdict(found, read, before) for found, before in zip(verdicts, [None, *verdicts], strict=False)],
        counts={name: sum(found.verdict == name for found in verdicts) for name in claims.VERDICTS},
        coverage=_coverage(papers),
        environment=_environment(results),
        work=_work(results),
        commits=sorted({(r.get("provenance") or {}).get("git_commit") or "" for r in results} - {""}),
        latest=max((r["finished"] for r in results if r.get("finished")), default=""),
        arrows=labels.ARROWS,
        dash=tables.DASH,
    )
    path = Path(root) / "results" / "report.html"
    write_text(path, page.rstrip() + "\n")
    return path


def _summary(read: Mapping[str, Results], verdicts: list[Verdict], papers: Mapping[str, Paper]) -> str:
    """One sentence, from the data."""
    runs = sum(len(study.runs) for study in read.values())
    methods = {method for study in read.values() for _, method in study.cells}
    tested = Counter(found.verdict for found in verdicts)
    parts = [
        f"{labels.count(runs, 'run')} of {labels.count(len(methods), 'method')} in "
        f"{labels.count(len(read), 'study', 'studies')} put "
        f"{labels.count(len(verdicts) - tested['not_tested'], 'claim')} of "
        f"{labels.count(len({v.paper.key for v in verdicts if v.verdict != 'not_tested'}), 'paper')} to the test: "
    ]
    kinds = [name for name in claims.VERDICTS if name != "not_tested"]
    parts.append(labels.listing([f"{tested[name]} {name}" for name in kinds]))
    return "".join(parts) + "."


def _warnings(read: Mapping[str, Results]) -> list[dict[str, str]]:
    return [
        {
            "run": f"{run.study} / {run.method} / {run.variant}, seed {run.seed}",
            "status": result["status"],
            "reason": result.get("reason") or "no reason recorded",
            "path": run.path,
        }
        for study in read.values()
        for run, result in zip(study.runs, study.results, strict=True)
        if result["status"] != "ok"
    ]


def _study(results: Results, papers: Mapping[str, Paper], root: Path) -> dict[str, Any]:
    table = tables.build(results)
    key = results.study.key
    return {
        "key": key,
        "table": table,
        "blocks": [
            {
                "block": block,
                "id": _anchor(key, block.variant),
                "rows": [
                    {
                        "row": row,
                        "paper": papers.get(row.paper),
                        "entries": [
                            _entry(table, entry, f"{key}-{block.variant}-{row.method}") for entry in row.entries
                        ],
                    }
                    for row in block.rows
                ],
            }
            for block in table.blocks
        ],
        "reported": [
            (paper, number)
            for paper in papers.values()
            if {entry.key for entry in results.study.methods} & set(paper.methods)
            for number in paper.reported
        ],
        "figures": [
            {"name": name, "caption": figures.module(name).caption(results.study), "svg": _figure(root, key, name)}
            for name in figures.names(results.study)
        ],
    }


def _anchor(study: str, variant: str) -> str:
    return f"table-{study}-{variant}"


def _entry(table: Table, entry: Entry, place: str) -> dict[str, Any]:
    """A cell as the template shows it, with its runs."""
    mean, interval = table.text(entry)
    digits = table.decimals[entry.metric]
    runs = []
    for run, result in zip(entry.cell.runs, entry.cell.results, strict=True):
        value = entry.cell.value(run, entry.metric)
        shown = labels.number(value, digits) if value is not None else result["status"]
        runs.append({"run": run, "value": shown, "ok": value is not None})
    versus = ""
    if gap := entry.versus:
        versus = labels.number(gap.mean, digits, sign=True)
        if gap.low is not None and gap.high is not None:
            low, high = (labels.number(end, digits, sign=True) for end in (gap.low, gap.high))
            versus += f" [{low}, {high}]"
    return {
        "entry": entry,
        "mean": mean,
        "interval": interval,
        "sort": "" if entry.estimate is None else repr(round(entry.estimate.mean, 9)),
        "runs": runs,
        "versus": versus,
        "id": re.sub(r"[^A-Za-z0-9_-]", "-", f"runs-{place}-{entry.metric}"),
    }


def _figure(root: Path, study: str, name: str) -> Any:
    """The figure's SVG for use inside the page: ids of its own, and the page's colours for ink and grid."""
    from markupsafe import Markup

    from pipeline.exhibits.figures import _style

    path = root / "results" / "figures" / f"{study}-{name}.svg"
    try:
        text = path.read_text()
    except FileNotFoundError:
        raise UserError(f"{path}: missing; {frame.MAKE}") from None
    svg = text[text.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    mine = f"{study}-{name}-"
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{mine}", svg)
    for colour, variable in ((_style.INK, "--ink"), (_style.RULE, "--rule"), ("#ffffff", "--paper")):
        svg = svg.replace(colour, f"var({variable})")
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    return Markup(svg.replace("<svg", f'<svg role="img" aria-labelledby="caption-{study}-{name}"', 1))


# --- claims ---

WIDTH, HEIGHT, MARGIN = 180, 22, 8


def _verdict(found: Verdict, read: Mapping[str, Results], before: Verdict | None) -> dict[str, Any]:
    """A claim as the template shows it, its effect drawn in units of the farthest end of its interval.

    `before` is the claim in the row above: a paper is named in the first of its rows only.
    """
    effect, test = found.effect, found.claim.test
    shown: dict[str, Any] = {"found": found, "forest": None, "effect": "", "interval": "", "study": ""}
    shown["again"] = before is not None and before.paper.key == found.paper.key
    if test and test.study in read:
        shown["study"] = test.study
        known = test.variant in read[test.study].variants()
        shown["place"] = _anchor(test.study, test.variant) if known else test.study
    if effect is None:
        return shown
    ends = [end for end in (effect.low, effect.mean, effect.high) if end is not None]
    digits = tables.decimals_of([effect])
    shown["effect"] = labels.number(effect.mean, digits, sign=True)
    if effect.low is not None and effect.high is not None:
        low, high = (labels.number(end, digits, sign=True) for end in (effect.low, effect.high))
        shown["interval"] = f"[{low}, {high}]"
    reach = max(abs(end) for end in ends) or 1.0

    def x(value: float) -> float:
        return round(WIDTH / 2 + value / reach * (WIDTH / 2 - MARGIN), 1)

    shown["forest"] = {
        "width": WIDTH,
        "height": HEIGHT,
        "zero": WIDTH / 2,
        "mean": x(effect.mean),
        "low": None if effect.low is None else x(effect.low),
        "high": None if effect.high is None else x(effect.high),
    }
    return shown


# --- coverage and environment ---


def _coverage(papers: Mapping[str, Paper]) -> list[dict[str, Any]]:
    groups = {status: [papers[key] for key in sorted(papers) if papers[key].status == status] for status in STATUSES}
    return [
        {"status": status, "meaning": STATUSES[status], "papers": group, "size": len(group)}
        for status, group in groups.items()
    ]


def _environment(results: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Facts and their values, each with the number of runs where runs differ."""
    facts: dict[str, Counter[str]] = {}
    for result in results:
        device = result.get("device") or {}
        found = {f"device {name}": device.get(name) for name in ("name", "kind", "precision", "threads")}
        for name, value in (found | (result.get("versions") or {})).items():
            if value not in (None, ""):
                facts.setdefault(name, Counter())[str(value)] += 1
    return [(name, _spread(seen)) for name, seen in facts.items()]


def _spread(seen: Counter[str]) -> str:
    if len(seen) == 1:
        return next(iter(seen))
    return ", ".join(f"{value} ({labels.count(runs, 'run')})" for value, runs in sorted(seen.items()))


def _work(results: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The share of wall time spent in training and evaluation; None where the runs do not say when they ran.

    (training + evaluation seconds) x threads / (cores x span). The cores used are the most threads at work at once:
    a run trains from its start and is evaluated up to its end; between the two it may wait for others.
    """
    events: list[tuple[datetime, int]] = []
    ends: list[datetime] = []
    train = evaluate = spent = 0.0
    for result in results:
        if not (result.get("started") and result.get("finished")):
            continue
        began, ended = (datetime.fromisoformat(result[name]) for name in ("started", "finished"))
        device, seconds = result.get("device") or {}, result.get("seconds") or {}
        threads = (device.get("threads") or 1) if device.get("kind", "cpu") == "cpu" else 1
        trained, evaluated = ((seconds.get(name) or 0.0) for name in ("train", "evaluate"))
        events += [(began, threads), (began + timedelta(seconds=trained), -threads)]
        events += [(ended - timedelta(seconds=evaluated), threads), (ended, -threads)]
        ends += [began, ended]
        train += trained
        evaluate += evaluated
        spent += threads * (trained + evaluated)
    level = most = 0
    for _, change in sorted(events):
        level += change
        most = max(most, level)
    span = (max(ends) - min(ends)).total_seconds() if ends else 0.0
    if span <= 0 or most == 0:
        return None
    return {
        "train": labels.duration(train),
        "evaluate": labels.duration(evaluate),
        "spent": f"{spent:,.0f}",
        "cores": most,
        "span": f"{span:,.0f}",
        "share": f"{100 * spent / (most * span):.0f}",
        "began": min(ends).strftime("%Y-%m-%d %H:%M UTC"),
        "ended": max(ends).strftime("%Y-%m-%d %H:%M UTC"),
    }
