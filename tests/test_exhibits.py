"""Tables, verdicts, figures and the report from fabricated run folders."""

import csv
import json
import random
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import synthetic
from synthetic import verdict

from pipeline.errors import UserError
from pipeline.exhibits import cells, claims, figures, frame, labels, page, tables
from pipeline.settings import Study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A root with every exhibit of the fabricated plan."""
    root, plan = tmp_path_factory.mktemp("recount"), synthetic.plan()
    synthetic.write(root, plan)
    for study in plan.studies:
        tables.write(plan, study, root)
        figures.write(plan, study, root)
    claims.write(plan, synthetic.papers(), root)
    page.write(plan, synthetic.papers(), root)
    return SimpleNamespace(root=root, plan=plan)


def rows(root: Path, name: str) -> list[dict[str, str]]:
    with (root / "results" / name).open() as stream:
        return list(csv.DictReader(stream))


def value_of(root: Path, run: Any, metric: str) -> float:
    return json.loads((root / run.path / "result.json").read_text())["metrics"][metric]


# --- frame and CSV ---


def test_csv_has_every_number_and_its_key(made: Any) -> None:
    found = rows(made.root, "tables/ssl.csv")
    head = "study,dataset,method,variant,paper,metric,mean,ci_low,ci_high,n_seeds,status"
    assert ",".join(found[0]) == head
    for row in found:
        if row["status"] != "ok":
            continue
        runs = [r for r in made.plan.study_runs("ssl") if (r.method, r.variant) == (row["method"], row["variant"])]
        expected = sum(value_of(made.root, r, row["metric"]) for r in runs) / 3
        assert float(row["mean"]) == pytest.approx(expected, abs=6e-7)
        assert float(row["ci_low"]) <= float(row["mean"]) <= float(row["ci_high"])
        assert re.fullmatch(r"-?\d+\.\d{6}", row["mean"])
    keys = [tuple(row.values())[:6] for row in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) == 7 * 4


def test_csv_does_not_depend_on_the_order_of_runs(made: Any, tmp_path: Path) -> None:
    shuffled = list(made.plan.runs)
    random.Random(1).shuffle(shuffled)
    other = synthetic.Plan(made.plan.studies, tuple(shuffled))
    for name in ("runs", "data"):
        (tmp_path / name).symlink_to(made.root / name)
    for study in made.plan.studies:
        tables.write(other, study, tmp_path)
        for suffix in ("csv", "md", "tex", "html"):
            path = f"results/tables/{study}.{suffix}"
            assert (tmp_path / path).read_bytes() == (made.root / path).read_bytes()


def test_lost_runs_are_cells_without_numbers(made: Any) -> None:
    mochi = [row for row in rows(made.root, "tables/ssl.csv") if row["method"] == "mochi"]
    assert [row["metric"] for row in mochi] == ["alignment", "knn_top1", "linear_top1", "uniformity"]
    assert {(r["mean"], r["ci_low"], r["ci_high"], r["n_seeds"], r["status"]) for r in mochi} == {
        ("", "", "", "0", "diverged")
    }
    partial = {row["method"]: row for row in rows(made.root, "tables/classification.csv") if row["metric"] == "top1"}
    assert (partial["cosface"]["n_seeds"], partial["cosface"]["status"]) == ("2", "diverged")
    assert (partial["max_sup"]["n_seeds"], partial["max_sup"]["status"]) == ("2", "failed")
    markdown = (made.root / "results/tables/ssl.md").read_text()
    assert next(line for line in markdown.splitlines() if line.startswith("| mochi")).count("*diverged*") == 4


def test_missing_and_foreign_results_are_named(made: Any, tmp_path: Path) -> None:
    run = made.plan.study_runs("ssl")[0]
    with pytest.raises(UserError, match=rf"{run.path}/result.json: missing; `snakemake --cores all` makes it"):
        frame.read(made.plan, "ssl", tmp_path)
    shutil.copytree(made.root / "runs/ssl", tmp_path / "runs/ssl")
    path = tmp_path / run.path / "result.json"
    path.write_text(path.read_text().replace(run.id, "0" * 64))
    with pytest.raises(UserError, match="is not the planned"):
        frame.read(made.plan, "ssl", tmp_path)
    path.write_text("{")
    with pytest.raises(UserError, match="not valid JSON"):
        tables.write(made.plan, "ssl", tmp_path)
    assert not (tmp_path / "results").exists()
    with pytest.raises(UserError, match="did you mean 'ssl'"):
        frame.read(made.plan, "sll", tmp_path)


def test_examples_that_contradict_the_metric_are_refused(made: Any, tmp_path: Path) -> None:
    shutil.copytree(made.root / "runs/ssl", tmp_path / "runs/ssl")
    run = made.plan.study_runs("ssl")[0]
    path = tmp_path / run.path / "predictions.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "example_knn_top1": arrays["example_knn_top1"] + 1})
    with pytest.raises(UserError, match="example_knn_top1 has mean"):
        tables.write(made.plan, "ssl", tmp_path)


def test_another_source_gives_the_same_bytes(made: Any, tmp_path: Path) -> None:
    files = frame.Files(made.root)

    class Memory:
        def results(self, runs: Any) -> list[dict[str, Any]]:
            return files.results(runs)

        def examples(self, run: Any) -> dict[str, Any]:
            return files.examples(run)

        def history(self, run: Any) -> list[dict[str, Any]]:
            return files.history(run)

    tables.write(made.plan, "ssl", tmp_path, Memory())
    name = "results/tables/ssl.csv"
    assert (tmp_path / name).read_bytes() == (made.root / name).read_bytes()


# --- marks ---


def marks(made: Any, study: str, variant: str = "default") -> dict[tuple[str, str], Any]:
    table = tables.build(cells.Results(made.plan, study, made.root))
    block = next(block for block in table.blocks if block.variant == variant)
    return {(row.method, entry.metric): entry for row in block.rows for entry in row.entries}


def test_the_best_follows_the_direction(made: Any) -> None:
    found = marks(made, "ssl")
    for metric, pick in {"linear_top1": max, "alignment": min, "uniformity": min}.items():
        entries = {m: e for (m, name), e in found.items() if name == metric and e.estimate}
        best = pick(entries, key=lambda m: entries[m].estimate.mean)
        assert [m for m, e in entries.items() if e.best] == [best]


def test_no_mark_without_evidence(made: Any) -> None:
    found = marks(made, "classification")
    for method in ("cosface", "max_sup"):  # lost a seed
        entry = found[method, "nll"]
        assert not (entry.best or entry.tied or entry.differs)
    for metric in ("top1", "nll", "ece"):
        assert found["arcface", metric].differs
        assert not found["arcface", metric].best
        assert not found["cross_entropy", metric].differs


def test_one_seed_without_examples_is_never_bold(tmp_path: Path) -> None:
    plan = synthetic.plan(seeds=1)
    synthetic.write(tmp_path, plan)
    study = plan.studies["classification"]
    found = marks(SimpleNamespace(plan=plan, root=tmp_path), study.key)
    for (_, metric), entry in found.items():
        if metric == "ece":
            assert not (entry.best or entry.tied or entry.differs)
            assert entry.estimate is None or entry.estimate.low is None


@pytest.mark.parametrize(("width", "decimals"), [(24.0, 0), (2.4, 1), (0.24, 2), (0.024, 3), (1e-9, 4)])
def test_decimals_keep_two_figures_of_the_half_width(width: float, decimals: int) -> None:
    from pipeline.exhibits.statistics import Estimate

    assert tables.decimals_of([Estimate(50.0, 50 - width / 2, 50 + width / 2, 3, "seeds")]) == decimals


def test_numbers_are_spelled_one_way() -> None:
    assert tables.fixed(-1e-9) == "0.000000"
    assert tables.fixed(None) == ""
    assert labels.number(-0.001, 1) == "0.0"
    assert labels.number(-1.25, 1, sign=True) == "−1.2"
    assert labels.number(0.3, 1, sign=True) == "+0.3"


# --- escaping ---

NASTY = r"a_b & 100% #1 {x} $y$ ~^ \z <b>*|`[c]"


def test_specials_are_escaped_in_every_format(made: Any) -> None:
    study = made.plan.studies["classification"]
    odd = study.model_copy(update={"title": NASTY, "selection": NASTY})
    plan = synthetic.Plan({**made.plan.studies, "classification": odd}, made.plan.runs)
    table = tables.build(cells.Results(plan, "classification", made.root))
    escaped = r"a\_b \& 100\% \#1 \{x\} \$y\$ \textasciitilde{}\textasciicircum{} \textbackslash{}z \textless{}b"
    assert escaped in tables.latex(table)
    assert "<b>*" not in tables.html(table)
    assert "&lt;b&gt;*|`[c]" in tables.html(table)
    title = tables.markdown(table).splitlines()[0]
    assert title == r"# a\_b &amp; 100% \#1 {x} $y$ \~^ \\z \<b\>\*\|\`\[c\]"
    # reasons come from runs: markup in them stays text everywhere
    for text in (tables.html(table), tables.markdown(table), (made.root / "results/report.html").read_text()):
        assert "<b>patience</b>" not in text
        assert "patience" in text


def test_markdown_rows_all_have_the_columns_of_their_head(made: Any) -> None:
    lines = (made.root / "results/tables/ssl.md").read_text().splitlines()
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")}
    assert widths == {9}  # method, paper, four metrics, learning rate, seconds per epoch


def test_latex_rows_all_have_the_columns_of_their_head(made: Any) -> None:
    text = (made.root / "results/tables/ssl.tex").read_text()
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    widths = {len(re.findall(r"(?<!\\)&", line)) for line in body if "&" in line and "multicolumn" not in line}
    assert widths == {6}
    assert text.count("{") == text.count("}")


# --- claims ---


def test_the_four_verdicts(made: Any) -> None:
    better = verdict(made, better="dcl", than="random_encoder")
    assert (better.verdict, better.effect.low > 0, better.effect.n_seeds) == ("supported", True, 3)
    assert verdict(made, better="random_encoder", than="dcl").verdict == "contradicted"
    assert verdict(made, better="simclr", than="swav").verdict == "inconclusive"
    for absent in ({"better": "byol", "than": "dcl"}, {"better": "dcl", "than": "simclr", "variant": "large"},
                   {"better": "swav", "than": "dcl", "variant": "small_batch"},
                   {"study": "segmentation", "better": "a", "than": "b"}):  # fmt: skip
        assert verdict(made, **absent).verdict == "not_tested"


def test_the_effect_follows_the_direction_of_the_metric(made: Any) -> None:
    lower = verdict(made, metric="alignment", better="dcl", than="random_encoder")
    plain = verdict(made, metric="alignment", better="dcl", than="random_encoder", direction="higher")
    assert (lower.verdict, plain.verdict) == ("supported", "contradicted")
    assert lower.effect.mean == pytest.approx(-plain.effect.mean)


def test_margin_and_numbers_are_subtracted(made: Any) -> None:
    plain = verdict(made, better="dcl", than="random_encoder").effect
    margin = verdict(made, better="dcl", than="random_encoder", margin=plain.high + 1)
    assert margin.verdict == "contradicted"
    assert margin.effect.high == pytest.approx(-1)
    runs = [r for r in made.plan.study_runs("ssl") if (r.method, r.variant) == ("dcl", "default")]
    accuracy = np.mean([value_of(made.root, r, "linear_top1") for r in runs])
    chance = verdict(made, better="dcl", than=10.0)
    assert chance.verdict == "supported"
    assert chance.effect.mean == pytest.approx(accuracy - 10)
    error = verdict(made, better="dcl", than=10.0, metric="alignment")
    assert (error.verdict, error.effect.mean > 9) == ("supported", True)


def test_relative_to_is_the_difference_of_differences(made: Any) -> None:
    def gap(variant: str) -> float:
        return verdict(made, better="dcl", than="simclr", variant=variant).effect.mean

    both = verdict(made, better="dcl", than="simclr", variant="small_batch", relative_to="default")
    assert both.effect.mean == pytest.approx(gap("small_batch") - gap("default"))


def test_lost_seeds_decide_nothing(made: Any) -> None:
    gone = verdict(made, better="dcl", than="mochi")
    assert (gone.verdict, gone.effect) == ("inconclusive", None)
    assert gone.reason == "mochi (default): diverged at 3 of 3 seeds"
    some = verdict(made, study="classification", metric="top1", better="cosface", than="arcface")
    assert (some.verdict, some.effect.n_seeds) == ("inconclusive", 2)
    assert "1 of 3 seeds" in some.reason


def test_a_metric_without_direction_is_an_error(made: Any) -> None:
    with pytest.raises(UserError, match=r"papers/p.yaml: claim 'c': metric without a direction.*linear_top1"):
        verdict(made, metric="linear_top", better="dcl", than="simclr")


def test_claims_csv(made: Any) -> None:
    found = rows(made.root, "claims.csv")
    head = "paper,claim,statement,study,metric,verdict,effect,ci_low,ci_high,n_seeds,tier"
    assert list(found[0]) == head.split(",")
    verdicts = {(row["paper"], row["claim"]): row["verdict"] for row in found}
    assert verdicts["arcface", "margin"] == "contradicted"
    assert verdicts["label_smoothing", "scale"] == "not_tested"
    assert len(found) == sum(len(paper.claims) for paper in synthetic.papers().values())
    assert {row["tier"] for row in found} == {"laptop"}


# --- figures ---


def test_figures_are_declared_without_matplotlib_and_all_written(made: Any) -> None:
    import subprocess
    import sys

    code = "import sys, pipeline.exhibits.figures as f; [f.module(n) for n in f.available()]; "
    code += "sys.exit(any(m in sys.modules for m in ('matplotlib', 'numpy', 'polars', 'torch')))"
    root = Path(__file__).parent.parent
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    expected = {
        f"{key}-{name}.{suffix}"
        for key, study in made.plan.studies.items()
        for name in figures.names(study)
        for suffix in ("svg", "png")
    }
    assert {path.name for path in (made.root / "results/figures").iterdir()} == expected
    assert figures.names(made.plan.studies["ood"]) == ["metrics", "score_histograms"]
    assert "learning_curves" in figures.names(made.plan.studies["ssl"])


def test_figures_are_repeatable(made: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(made.root / "runs")
    for path in figures.write(made.plan, "ood", tmp_path):
        assert path.read_bytes() == (made.root / path.relative_to(tmp_path)).read_bytes()


def test_an_unknown_figure_is_an_error(made: Any) -> None:
    odd = made.plan.studies["ssl"].model_copy(update={"figures": ["metric"]})
    with pytest.raises(UserError, match=r"studies/ssl.yaml: unknown figure 'metric'; did you mean 'metrics'"):
        figures.names(odd)


def test_figures_without_data_say_so(made: Any, tmp_path: Path) -> None:
    for run in made.plan.study_runs("ssl"):
        path = made.root / run.path / "result.json"
        result = json.loads(path.read_text()) | {"status": "diverged", "reason": "loss is NaN", "metrics": {}}
        synthetic.write_run(tmp_path, run, result, {})
    written = figures.write(made.plan, "ssl", tmp_path)
    assert len(written) == 2 * len(figures.names(made.plan.studies["ssl"]))
    tables.write(made.plan, "ssl", tmp_path)
    assert {row["status"] for row in rows(tmp_path, "tables/ssl.csv")} == {"diverged"}


# --- the report ---


class Page(HTMLParser):
    """Tags, ids and links of a page, and whether its tags nest."""

    VOID = {"meta", "link", "br", "input", "hr", "img", "wbr"}

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def parsed(made: Any) -> Page:
    return Page((made.root / "results/report.html").read_text())


def test_the_page_nests_and_its_anchors_exist(parsed: Page) -> None:
    assert parsed.open == []
    ids = [attrs["id"] for _, attrs in parsed.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for tag, attrs in parsed.tags if tag == "a" and (attrs.get("href") or "").startswith("#")]
    targets += ["#" + str(attrs["popovertarget"]) for _, attrs in parsed.tags if "popovertarget" in attrs]
    assert {target[1:] for target in targets if target} <= set(ids)


def test_the_page_loads_nothing_from_outside(made: Any, parsed: Page) -> None:
    for tag, attrs in parsed.tags:
        assert tag not in ("iframe", "object", "embed", "base")
        assert "src" not in attrs
        if tag == "link":
            assert attrs["href"] == "data:,"
    style = re.findall(r"<style.*?</style>", (made.root / "results/report.html").read_text(), re.DOTALL)
    assert not any("@import" in part or "url(http" in part for part in style)


def test_every_cell_leads_to_its_runs(made: Any, parsed: Page) -> None:
    links = {attrs.get("href") for tag, attrs in parsed.tags if tag == "a"}
    for run in made.plan.runs:
        assert f"../{run.path}/result.json" in links
        assert (made.root / "results" / f"../{run.path}/result.json").exists()
    for study in made.plan.studies:
        assert f"tables/{study}.csv" in links
        assert (made.root / f"results/tables/{study}.csv").exists()


def test_tables_can_be_sorted_by_keyboard(made: Any, parsed: Page) -> None:
    heads = [attrs for tag, attrs in parsed.tags if tag == "th" and "aria-sort" in attrs]
    assert len(heads) >= 4 + sum(len(study.metrics) + 1 for study in made.plan.studies.values())
    assert {attrs["aria-sort"] for attrs in heads} == {"none"}
    text = (made.root / "results/report.html").read_text()
    assert len(re.findall(r'aria-sort="none"><button type="button"', text)) == len(heads)


def test_the_page_states_its_numbers(made: Any) -> None:
    text = (made.root / "results/report.html").read_text()
    assert "54 runs of 13 methods in 3 studies put 5 claims of 4 papers to the test" in text
    assert "5 runs gave no numbers." in text
    assert "Theory: 1 of 5" in text
    for row in rows(made.root, "claims.csv"):
        assert f'id="claim-{row["paper"]}-{row["claim"]}"' in text
    assert re.search(r"<button[^>]*data-verdict=\"supported\"[^>]*>2 supported", text)


def test_share_of_wall_time() -> None:
    def result(start: int, end: int, train: float, evaluate: float) -> dict[str, Any]:
        stamp = "2026-01-01T00:{:02d}:00+00:00"
        return {"started": stamp.format(start), "finished": stamp.format(end),
                "seconds": {"train": train, "evaluate": evaluate}, "device": {"kind": "cpu", "threads": 1}}  # fmt: skip

    # two at work at once over four minutes, 6 of 8 core-minutes used; the wait of the second run is not work
    work = page._work([result(0, 2, 60, 60), result(0, 4, 120, 60), result(2, 3, 30, 30)])
    assert work is not None
    assert (work["cores"], work["span"], work["spent"], work["share"]) == (2, "240", "360", "75")
    assert page._work([]) is None


def test_a_page_without_figures_says_what_makes_them(made: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(made.root / "runs")
    with pytest.raises(UserError, match=r"results/figures/.*svg: missing; `snakemake"):
        page.write(made.plan, {}, tmp_path)
    assert not (tmp_path / "results/report.html").exists()


def test_links_of_papers_are_only_web_addresses(made: Any) -> None:
    paper = synthetic.papers()["dcl"].model_copy(update={"url": "javascript:alert(1)", "title": "<script>x</script>"})
    page.write(made.plan, {**synthetic.papers(), "dcl": paper}, made.root)
    text = (made.root / "results/report.html").read_text()
    page.write(made.plan, synthetic.papers(), made.root)
    assert "javascript:" not in text
    assert "<script>x" not in text


def test_ten_thousand_results_aggregate(made: Any) -> None:
    """One row per cell and metric, whatever the number of runs (the time is the benchmark's business)."""
    base = made.plan.study_runs("classification")[0]
    result = json.loads((made.root / base.path / "result.json").read_text())
    runs = [replace(base, id=str(i), method=f"m{i % 100:02d}", seed=i // 100) for i in range(2000)]
    results = [{**result, "metrics": {"top1": float(i % 100), "nll": 1.0}} for i in range(2000)]
    found = frame.aggregate(frame.from_results(runs, results))
    assert found.height == 200
    assert set(found["n_seeds"]) == {20}
    assert found.filter(method="m42", metric="top1")["mean"].item() == 42.0


def test_a_reference_is_shown_and_not_ranked(made: Any) -> None:
    assert isinstance(made.plan.studies["ssl"], Study)
    rows_ = tables.build(cells.Results(made.plan, "ssl", made.root)).blocks[0].rows
    dcl = next(row for row in rows_ if row.method == "dcl")
    assert dcl.entries[0].best
    for row in rows_:
        row.reference = row.method == "dcl"
        for entry in row.entries:
            entry.best = entry.tied = False
    tables._mark(rows_, made.plan.studies["ssl"].metrics)
    assert not dcl.entries[0].best
    assert any(row.entries[0].best for row in rows_)
    assert dcl.entries[0].differs
