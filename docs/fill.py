"""Fill the generated blocks of README.md and docs/, so that numbers are those of the last runs and lists are complete.

A block is what stands between `<!-- NAME -->` and `<!-- end -->`; NAME is a function of this module, with an argument
after a colon, such as `summary:ood`. `python docs/fill.py` writes the files; with `--check` it writes nothing and exits
with 1 where one is out of date. A block whose results are not there is left as it is.
"""

import csv
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from pipeline import metrics  # noqa: E402
from pipeline.errors import UserError  # noqa: E402
from pipeline.exhibits import labels  # noqa: E402
from pipeline.planning import code, load  # noqa: E402
from pipeline.planning import search as searching  # noqa: E402
from pipeline.planning.model import Study  # noqa: E402
from pipeline.yaml_files import read_yaml  # noqa: E402

BLOCK = re.compile(r"(<!-- (\w+)(?::(\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)
COLUMNS = 4
"""So many of a study's metrics stand in its block; the first orders the rows."""


def studies() -> dict[str, Study]:
    """The project's studies, in the order of params.yaml."""
    params = read_yaml(ROOT / "params.yaml")
    return {key: load.study(ROOT, key, params["tier"]) for key in params["studies"]}


def rows(path: str) -> list[dict[str, str]]:
    with (ROOT / "results" / path).open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def markdown(heads: list[str], lines: list[list[str]], right: bool = True) -> str:
    rule = ["---", *["---:" if right else "---"] * (len(heads) - 1)]
    return "".join(f"| {' | '.join(line)} |\n" for line in [heads, rule, *lines])


def study_list() -> str:
    """What each study is about, in its own words."""
    return "".join(f"- `{key}`: {' '.join(study.summary.split())}\n" for key, study in studies().items())


def results() -> str:
    """Every study's default variant."""
    parts = [f"## `{key}`\n\n{' '.join(s.summary.split())}\n\n{summary(key)}" for key, s in studies().items()]
    return "\n" + "\n".join(parts)


def summary(study: str) -> str:
    """The first variant's means and 95% intervals, best first."""
    columns = list(studies()[study].metrics)[:COLUMNS]
    return ranked(rows(f"tables/{study}.csv"), columns, next(iter(studies()[study].variants)))


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
        digits = 1 if metrics.describe(metric).unit == "%" else 2
        numbers = [row[name] for name in ("mean", "ci_low", "ci_high")]
        mean, low, high = (f"{float(number):.{digits}f}" if number else "" for number in numbers)
        return f"{mean} [{low}, {high}]" if low else mean

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
    lines = []
    for choice in found:
        best = choice.scores[choice.best] if choice.best else None
        for settings, scores in searching.rows(choice):
            texts = [
                f"{rate}: {'-' if s is None else f'**{s:.1f}**' if s == best else f'{s:.1f}'}" for rate, s in scores
            ]
            lines.append([f"`{choice.method}`", choice.variant, settings, ", ".join(texts)])
    return markdown(["method", "variant", "setting", "score by learning rate"], lines, right=False)


def verdicts() -> str:
    """How many claims of papers/ got which verdict."""
    counts = Counter(row["verdict"] for row in rows("claims.csv"))
    kinds = ("supported", "contradicted", "inconclusive", "not_tested")
    return markdown(["verdict", "claims"], [[kind, str(counts[kind])] for kind in kinds])


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
    made.__name__: made for made in (study_list, results, summary, search, verdicts, families, imports)
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
