"""Tables and the tidy CSV from fabricated run folders."""

import json
import random
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.exhibits import cells, frame, labels, tables
from pipeline.exhibits.tables import build, csv, html, latex, markdown, words
from pipeline.planning.information import Information
from pipeline.planning.model import Study
from tests.kit import exhibits as kit

# --- frame and CSV ---


def test_csv_has_every_number_and_its_key(made: Any) -> None:
    found = kit.rows(made.root, "tables/ssl.csv")
    head = "study,dataset,method,variant,paper,metric,mean,ci_low,ci_high,n_seeds,status,source"
    assert ",".join(found[0]) == head
    assert {row["source"] for row in found} == {"run"}
    for row in found:
        if row["status"] != "ok":
            continue
        runs = [r for r in made.plan.study_runs("ssl") if (r.method, r.variant) == (row["method"], row["variant"])]
        expected = sum(kit.value_of(made.root, r, row["metric"]) for r in runs) / 3
        assert float(row["mean"]) == pytest.approx(expected, abs=6e-7)
        assert float(row["ci_low"]) <= float(row["mean"]) <= float(row["ci_high"])
        assert re.fullmatch(r"-?\d+\.\d{6}", row["mean"])
    keys = [tuple(row.values())[:6] for row in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys) == 7 * 4


def test_csv_does_not_depend_on_the_order_of_runs(made: Any, tmp_path: Path) -> None:
    shuffled = list(made.plan.runs)
    random.Random(1).shuffle(shuffled)
    other = kit.Plan(made.plan.studies, tuple(shuffled))
    for name in ("runs", "data"):
        (tmp_path / name).symlink_to(made.root / name)
    for study in made.plan.studies:
        tables.write(cells.Results(other, study, tmp_path), {})
        for suffix in ("csv", "md", "tex", "html"):
            path = f"results/tables/{study}.{suffix}"
            assert (tmp_path / path).read_bytes() == (made.root / path).read_bytes()


def test_lost_runs_are_cells_without_numbers(made: Any) -> None:
    mochi = [row for row in kit.rows(made.root, "tables/ssl.csv") if row["method"] == "mochi"]
    assert [row["metric"] for row in mochi] == ["alignment", "knn_top1", "linear_top1", "uniformity"]
    assert {(r["mean"], r["ci_low"], r["ci_high"], r["n_seeds"], r["status"]) for r in mochi} == {
        ("", "", "", "0", "diverged")
    }
    partial = {
        row["method"]: row for row in kit.rows(made.root, "tables/classification.csv") if row["metric"] == "top1"
    }
    assert (partial["cosface"]["n_seeds"], partial["cosface"]["status"]) == ("2", "diverged")
    assert (partial["max_sup"]["n_seeds"], partial["max_sup"]["status"]) == ("2", "failed")
    markdown = (made.root / "results/tables/ssl.md").read_text(encoding="utf-8")
    assert next(line for line in markdown.splitlines() if line.startswith("| mochi")).count("*diverged*") == 4


def test_missing_and_foreign_results_are_named(made: Any, tmp_path: Path) -> None:
    run = made.plan.study_runs("ssl")[0]
    with pytest.raises(UserError, match=rf"{run.path}/result.json: missing; `snakemake --cores all` makes it"):
        frame.read(made.plan, "ssl", tmp_path)
    shutil.copytree(made.root / "runs/ssl", tmp_path / "runs/ssl")
    path = tmp_path / run.path / "result.json"
    good = files.read_sealed(path)
    files.write_sealed(path, {**good, "id": "0" * 64})
    with pytest.raises(UserError, match="is not the planned"):
        frame.read(made.plan, "ssl", tmp_path)
    for content in ("{", path.read_text(encoding="utf-8").replace('"status": "ok"', '"status": "OK"')):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(UserError, match=r"result.json: changed since it was written; delete .*/ssl/"):
            tables.write(cells.Results(made.plan, "ssl", tmp_path), {})
    assert not (tmp_path / "results").exists()
    with pytest.raises(UserError, match="did you mean 'ssl'"):
        frame.read(made.plan, "sll", tmp_path)


def test_examples_that_contradict_the_metric_are_refused(made: Any, tmp_path: Path) -> None:
    shutil.copytree(made.root / "runs/ssl", tmp_path / "runs/ssl")
    run = made.plan.study_runs("ssl")[0]
    path = tmp_path / run.path / "predictions.npz"
    arrays = dict(np.load(path))
    np.savez(path, **{**arrays, "example_knn_top1": arrays["example_knn_top1"] + 1})
    with pytest.raises(UserError, match=r"predictions.npz: changed since it was written"):
        tables.write(cells.Results(made.plan, "ssl", tmp_path), {})
    record = files.read_sealed(path.with_name("result.json"))
    files.write_sealed(path.with_name("result.json"), record, [path])
    with pytest.raises(UserError, match=r"by predictions.npz, knn_top1 is"):
        tables.write(cells.Results(made.plan, "ssl", tmp_path), {})


def test_other_records_give_the_same_bytes(made: Any, tmp_path: Path) -> None:
    read = frame.Files(made.root)

    class Memory:
        def results(self, runs: Any) -> list[dict[str, Any]]:
            return read.results(runs)

        def examples(self, run: Any, features: bool = False) -> dict[str, Any]:
            return read.examples(run, features)

        def history(self, run: Any) -> list[dict[str, Any]]:
            return read.history(run)

    tables.write(cells.Results(made.plan, "ssl", tmp_path, Memory()), {})
    name = "results/tables/ssl.csv"
    assert (tmp_path / name).read_bytes() == (made.root / name).read_bytes()


def test_ten_thousand_results_aggregate(made: Any) -> None:
    """One row per cell and metric, whatever the number of runs (the time is the benchmark's business)."""
    base = made.plan.study_runs("classification")[0]
    result = json.loads((made.root / base.path / "result.json").read_text(encoding="utf-8"))
    runs = [replace(base, id=str(i), method=f"m{i % 100:02d}", seed=i // 100) for i in range(2000)]
    results = [{**result, "metrics": {"top1": float(i % 100), "nll": 1.0}} for i in range(2000)]
    found = frame.aggregate(frame.from_results(runs, results))
    assert found.height == 200
    assert set(found["n_seeds"]) == {20}
    assert found.filter(method="m42", metric="top1")["mean"].item() == 42.0


# --- marks ---


def marks(made: Any, study: str, variant: str = "default") -> dict[tuple[str, str], Any]:
    table = build.table(cells.Results(made.plan, study, made.root))
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
    for metric in ("top1", "nll"):
        assert found["arcface", metric].differs
        assert not found["arcface", metric].best
        assert not found["cross_entropy", metric].differs


def test_one_seed_without_examples_is_never_bold(tmp_path: Path) -> None:
    plan = kit.plan(seeds=1)
    kit.write(tmp_path, plan)
    found = marks(SimpleNamespace(plan=plan, root=tmp_path), "ssl")
    for (_, metric), entry in found.items():
        if metric == "uniformity":
            assert not (entry.best or entry.tied or entry.differs)
            assert entry.estimate is None or entry.estimate.low is None


REASON = "no class has two examples & <b>more</b>"


def lacking(made: Any, root: Path, *seeds: int, method: str = "dcl") -> tuple[Any, Any, Any]:
    """Table, row and first entry of a method that lacks the first metric at these seeds, every file below root."""
    (root / "data").symlink_to(made.root / "data")
    records = kit.Lacking(made.root, method, "linear_top1", dict.fromkeys(seeds, REASON))
    tables.write(cells.Results(made.plan, "ssl", root, records), {})
    table = build.table(cells.Results(made.plan, "ssl", made.root, records))
    row = next(row for row in table.blocks[0].rows if row.method == method)
    return table, row, row.entries[0]


def test_a_metric_that_could_not_be_computed_is_absent_with_its_reason(made: Any, tmp_path: Path) -> None:
    table, row, entry = lacking(made, tmp_path, 0, 1, 2)
    assert table.text(entry) == ("absent", "")
    assert [table.footnotes[n - 1] for n in entry.notes] == [f"Linear probe top-1 (%): absent, since {REASON}."]
    assert not row.notes and not any(other.notes for other in row.entries[1:])
    (number,) = entry.notes
    assert f"*absent*<sup>{number}</sup>" in (tmp_path / "results/tables/ssl.md").read_text(encoding="utf-8")
    assert rf"\emph{{absent}}$^{{{number}}}$" in (tmp_path / "results/tables/ssl.tex").read_text(encoding="utf-8")
    assert f"<em>absent</em><sup>{number}</sup>" in (tmp_path / "results/tables/ssl.html").read_text(encoding="utf-8")
    gaps = [line for line in kit.rows(tmp_path, "tables/ssl.csv") if line["status"] == "missing"]
    assert [(g["method"], g["variant"], g["metric"], g["mean"], g["n_seeds"]) for g in gaps] == [
        ("dcl", "default", "linear_top1", "", "0"),
        ("dcl", "small_batch", "linear_top1", "", "0"),
    ]


def test_a_mean_over_fewer_seeds_says_so_and_is_not_ranked(made: Any, tmp_path: Path) -> None:
    assert marks(made, "ssl")["dcl", "linear_top1"].best
    table, _, entry = lacking(made, tmp_path, 1)
    assert entry.estimate.n_seeds == 2
    assert not (entry.best or entry.tied or entry.differs)
    told = f"Linear probe top-1 (%): absent in 1 of 3 runs, since {REASON}; the number is that of the others and is not"
    assert [table.footnotes[n - 1] for n in entry.notes] == [f"{told} ranked."]
    assert next(row for row in table.blocks[0].rows if row.entries[0].best).method != "dcl"
    (line,) = [
        line
        for line in kit.rows(tmp_path, "tables/ssl.csv")
        if (line["method"], line["variant"], line["metric"]) == ("dcl", "default", "linear_top1")
    ]
    assert (line["status"], line["n_seeds"], line["mean"] != "") == ("missing", "2", True)


def test_nothing_is_compared_with_a_baseline_of_fewer_seeds(made: Any, tmp_path: Path) -> None:
    table, _, _ = lacking(made, tmp_path, 1, method="simclr")
    assert marks(made, "ssl")["dcl", "linear_top1"].differs
    assert not any(row.entries[0].differs for row in table.blocks[0].rows)


def test_a_reason_is_that_of_the_whole_metric_where_a_part_has_none() -> None:
    result = {"status": "ok", "metrics": {"top1": 1.0}, "metrics_absent": {"linear_top1": REASON}}
    run = SimpleNamespace(seed=0)
    cell = cells.Cell([run], [result], None)  # type: ignore[arg-type]
    assert cell.absent("linear_top1_1pct") == [REASON]
    assert cell.absent("knn_top1") == [cells.UNMEASURED]
    assert cell.absent("top1") == [] and cell.whole("top1")


def test_baseline_and_floor_are_named_in_every_format(made: Any) -> None:
    studies = dict(made.plan.studies)
    entries = [e.model_copy(update={"reference": e.key == "random_encoder"}) for e in studies["ssl"].methods]
    studies["ssl"] = studies["ssl"].model_copy(update={"floor": "random_encoder", "methods": entries})
    table = build.table(cells.Results(replace(made.plan, studies=studies), "ssl", made.root))
    assert {row.method: row.roles for block in table.blocks for row in block.rows if row.roles} == {
        "simclr": "baseline",
        "random_encoder": "floor, not ranked",
    }
    for text, form in ((markdown.text(table), "({})"), (latex.text(table), r"{{\scriptsize ({})}}"),
                       (html.text(table), "<small>({})</small>")):  # fmt: skip
        for role in ("baseline", "floor, not ranked"):
            assert form.format(role) in text


def test_a_variant_on_whose_data_the_floor_does_not_run_says_so(made: Any) -> None:
    studies = dict(made.plan.studies)
    studies["ssl"] = studies["ssl"].model_copy(update={"floor": "random_encoder"})
    tailed = tuple(
        replace(run, settings={**run.settings, "imbalance": 100.0}) if run.variant == "small_batch" else run
        for run in made.plan.runs
    )

    def told(runs: Any) -> list[bool]:
        blocks = build.table(cells.Results(replace(made.plan, studies=studies, runs=runs), "ssl", made.root)).blocks
        return ["the floor, random_encoder, does not run on these data" in block.about for block in blocks]

    assert told(made.plan.runs) == [False, False]  # the default variant's serves both
    assert told(tailed) == [False, True]


def test_what_is_no_better_than_the_floor_is_marked(made: Any) -> None:
    studies = dict(made.plan.studies)
    studies["ssl"] = studies["ssl"].model_copy(update={"floor": "dcl"})
    plan = replace(made.plan, studies=studies, seen={("ssl", "dcl"): Information(told="the labels")})
    table = build.table(cells.Results(plan, "ssl", made.root))
    rows_ = {row.method: row for row in table.blocks[0].rows}
    marked = {method: [entry.signs[-1:] == "‡" for entry in row.entries] for method, row in rows_.items()}
    assert marked["simclr"] == marked["swav"] == [True, True, False, False]  # of accuracies alone
    assert not any(marked["dcl"] + marked["random_encoder"])  # the floor, and what does not train
    shown = "by the 95% interval of the difference, and so not to have learned by this measure"
    assert f"‡: not shown to be better than dcl, {shown}." in table.legend
    assert "‡" in markdown.text(table) and "‡" in html.text(table) and r"$^\ddagger$" in latex.text(table)
    assert table.footnotes[rows_["dcl"].notes[0] - 1] == "dcl has, beyond the protocol: the labels."


def test_a_reference_is_shown_and_not_ranked(made: Any) -> None:
    assert isinstance(made.plan.studies["ssl"], Study)
    rows_ = build.table(cells.Results(made.plan, "ssl", made.root)).blocks[0].rows
    dcl = next(row for row in rows_ if row.method == "dcl")
    assert dcl.entries[0].best
    for row in rows_:
        row.reference = row.method == "dcl"
        for entry in row.entries:
            entry.best = entry.tied = False
    build.mark(rows_, made.plan.studies["ssl"].metrics)
    assert not dcl.entries[0].best
    assert any(row.entries[0].best for row in rows_)
    assert dcl.entries[0].differs


@pytest.mark.parametrize(("width", "decimals"), [(24.0, 0), (2.4, 1), (0.24, 2), (0.024, 3), (1e-9, 4)])
def test_decimals_keep_two_figures_of_the_half_width(width: float, decimals: int) -> None:
    from pipeline.exhibits.statistics import Estimate

    assert build.decimals_of([Estimate(50.0, 50 - width / 2, 50 + width / 2, 3, "seeds")]) == decimals


def test_numbers_are_spelled_one_way() -> None:
    assert csv.fixed(-1e-9) == "0.000000"
    assert csv.fixed(None) == ""
    assert labels.number(-0.001, 1) == "0.0"
    assert labels.number(-1.25, 1, sign=True) == "−1.2"
    assert labels.number(0.3, 1, sign=True) == "+0.3"


# --- formats ---


NASTY = r"a_b & 100% #1 {x} $y$ ~^ \z <b>*|`[c]"


def test_specials_are_escaped_in_every_format(made: Any) -> None:
    study = made.plan.studies["classification"]
    odd = study.model_copy(update={"title": NASTY, "selection": NASTY})
    plan = kit.Plan({**made.plan.studies, "classification": odd}, made.plan.runs)
    table = build.table(cells.Results(plan, "classification", made.root))
    escaped = r"a\_b \& 100\% \#1 \{x\} \$y\$ \textasciitilde{}\textasciicircum{} \textbackslash{}z \textless{}b"
    assert escaped in latex.text(table)
    assert "<b>*" not in html.text(table)
    assert "&lt;b&gt;*|`[c]" in html.text(table)
    title = markdown.text(table).splitlines()[0]
    assert title == r"# a\_b &amp; 100% \#1 {x} \$y\$ \~^ \\z \<b\>\*\|\`\[c\]"
    # reasons come from runs: markup in them stays text everywhere
    for text in (
        html.text(table),
        markdown.text(table),
        (made.root / "results/report/classification.html").read_text(encoding="utf-8"),
    ):
        assert "<b>patience</b>" not in text
        assert "patience" in text


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("α, Ω, Α, ς, ά", r"$\alpha$, $\Omega$, A, $\varsigma$, $\alpha$"),
        ("é — “x” ½", "é — “x” ½"),
        ("→ ≤ ‡ × ﬁ", r"$\to$ $\leq$ $^\ddagger$ $\times$ fi"),
        ("日 😀 \u0001", r"\texttt{U+65E5} \texttt{U+1F600} \texttt{U+0001}"),
    ],
)
def test_latex_gets_no_letter_that_it_does_not_know(text: str, written: str) -> None:
    assert latex._escape(text) == written


@pytest.mark.parametrize(
    ("text", "written"), [("- x", r"\- x"), ("1. x", r"1\. x"), ("+ x", r"\+ x"), ("1.5 x", "1.5 x")]
)
def test_markdown_begins_no_list_with_a_sentence(text: str, written: str) -> None:
    assert markdown._escape(text) == written


def test_markdown_rows_all_have_the_columns_of_their_head(made: Any) -> None:
    lines = (made.root / "results/tables/ssl.md").read_text(encoding="utf-8").splitlines()
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")}
    assert widths == {9}  # method, paper, four metrics, learning rate, seconds per epoch


def test_latex_rows_all_have_the_columns_of_their_head(made: Any) -> None:
    text = (made.root / "results/tables/ssl.tex").read_text(encoding="utf-8")
    body = text[text.index(r"\toprule") : text.index(r"\bottomrule")].splitlines()
    widths = {len(re.findall(r"(?<!\\)&", line)) for line in body if "&" in line and "multicolumn" not in line}
    assert widths == {6}
    assert text.count("{") == text.count("}")


def test_a_long_wide_latex_table_breaks_over_pages(large: Any) -> None:
    table = build.table(large.results)
    table.blocks[0].rows *= 4
    text = latex.text(table)
    assert text.startswith(r"% needs \usepackage{booktabs,longtable,pdflscape}")
    for name in ("longtable", "landscape", "minipage"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert r"\begin{table}" not in text
    assert text.count("{") == text.count("}")
    body = text[text.index(r"\endhead") : text.index(r"\bottomrule")].splitlines()
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body if "&" in line and "multicolumn" not in line} == {8}


# --- what stands around the numbers ---


def test_measured_time_and_rates_are_for_people_only(large: Any) -> None:
    table = build.table(large.results)
    assert table.facts == ["seconds per epoch"]  # all methods of this study have one rate
    rows = {row.method: row for row in table.blocks[0].rows}
    assert rows["random_encoder"].facts == ["–"]
    lines = large.results.records.history(large.results.cells["default", "dcl"].runs[0])
    assert float(rows["dcl"].facts[0]) == pytest.approx(lines[0]["seconds"], rel=0.01)
    for text in (markdown.text(table), latex.text(table), html.text(table)):
        assert "Seconds per epoch" in text
    assert "econds" not in csv.text(large.results)


def test_the_csv_does_not_depend_on_the_time_that_runs_took(large: Any) -> None:
    class Slow:
        def results(self, runs: Any) -> Any:
            return [{**r, "seconds": {"train": 99.0, "evaluate": 9.0}} for r in large.results.records.results(runs)]

        def examples(self, run: Any, features: bool = False) -> Any:
            return large.results.records.examples(run, features)

        def history(self, run: Any) -> Any:
            return [{**line, "seconds": 99.0} for line in large.results.records.history(run)]

    slow = cells.Results(large.plan, "ssl", large.root, Slow())
    assert csv.text(slow) == csv.text(large.results)
    assert markdown.text(build.table(slow)) != markdown.text(build.table(large.results))


def test_rates_are_shown_where_methods_differ_in_them(large: Any) -> None:
    runs = [
        replace(
            run, settings={**run.settings, "optimizer": {"learning_rate": 0.0005 if run.method == "dcl" else 0.003}}
        )
        for run in large.plan.runs
    ]
    table = build.table(cells.Results(kit.Plan(large.plan.studies, tuple(runs)), "ssl", large.root))
    assert table.facts == ["learning rate", "seconds per epoch"]
    rates = {row.method: row.facts[0] for row in table.blocks[0].rows}
    assert (rates["dcl"], rates["simclr"], rates["random_encoder"]) == ("0.0005", "0.003", "–")


def test_the_table_says_from_where_to_where_the_methods_lie(large: Any) -> None:
    table = build.table(large.results)
    block = table.blocks[0]
    means = {row.method: row.entries[0].estimate.mean for row in block.rows if not row.reference}  # type: ignore[union-attr]
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    assert f"from {means[low]:.1f} ({low}) to {means[high]:.1f} ({high}); for reference random_encoder" in block.reach
    assert block.reach.replace("_", "\\_") in markdown.text(table)
    # a block without floors and ceilings has nothing to be placed between
    small = next(each for each in table.blocks if each.variant == "small_batch")
    assert small.reach == ""


def test_the_table_says_how_rates_were_chosen_and_that_settings_are_reduced(large: Any) -> None:
    search = {"laptop": {"learning_rates": [0.01, 0.1], "validation_examples": 2000}}
    study = Study.model_validate({**kit.large(14), "search": search, "reduced": ["laptop"]})
    plan = replace(large.plan, studies={"ssl": study})
    told = " ".join(build.table(cells.Results(plan, "ssl", large.root)).protocol)
    assert "the best of 0.01 and 0.1, on 2,000 training images kept out of training (1 seed)" in told
    assert "settings are reduced" in told
    assert "Learning rate" not in " ".join(build.table(large.results).protocol)


def test_examples_are_called_what_the_data_set_calls_them(large: Any, tmp_path: Path) -> None:
    def data(**manifest: Any) -> str:
        path = tmp_path / "data/prepared/fashion_mnist/manifest.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write_sealed(path, {"splits": {"train": 10000, "test": 200}, **manifest})
        moved = cells.Results(large.plan, "ssl", tmp_path, large.results.records)
        return words.data(moved, "default")

    assert data() == "fashion_mnist (1,000 training images, 200 test images)"
    assert data(noun="rows") == "fashion_mnist (1,000 training rows, 200 test rows)"


def test_the_table_says_how_labels_were_made_wrong_and_how_uneven_classes_are(large: Any) -> None:
    noise = {"rate": 0.4, "flips": [[2, 0], [4, 6]]}

    class Noisy:
        def results(self, runs: Any) -> Any:
            found = zip(runs, large.results.records.results(runs), strict=True)
            return [{**r, "data": {"label_noise": 0.4 + run.seed / 100, "class_counts": [9, 3]}} for run, r in found]

        def examples(self, run: Any, features: bool = False) -> Any:
            return {}

        def history(self, run: Any) -> Any:
            return []

    runs = [replace(r, settings={**r.settings, "label_noise": noise, "imbalance": 3.0}) for r in large.plan.runs]
    plan = kit.Plan(large.plan.studies, tuple(runs))
    told = words.data(cells.Results(plan, "ssl", large.root, Noisy()), "default")
    kind = "probability 0.4 (classes 2 to 0 and 4 to 6), drawn: 40.0%, 41.0% and 42.0% of all labels by seed"
    assert f"training labels made wrong with {kind}" in told
    assert told.endswith("training images by class: 9, 3")
