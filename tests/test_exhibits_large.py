"""Figures, tables, claims and report of a study with many methods, variants and metrics."""

import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import synthetic
from synthetic import verdict

from pipeline.errors import UserError
from pipeline.exhibits import cells, claims, figures, labels, page, tables
from pipeline.exhibits.figures import _best, _style, _sweeps
from pipeline.settings import Claim, Study, check


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root, plan = tmp_path_factory.mktemp("large"), synthetic.plan(entries=[synthetic.large(14)])
    synthetic.write(root, plan)
    return SimpleNamespace(root=root, plan=plan, results=cells.Results(plan, "ssl", root))


def metric_of(made: Any, method: str, variant: str, metric: str) -> float:
    runs = made.results.cells[variant, method].runs
    return float(
        np.mean([json.loads((made.root / r.path / "result.json").read_text())["metrics"][metric] for r in runs])
    )


# --- claims with two variants or two metrics ---


def test_sides_of_a_claim_in_two_variants(made: Any) -> None:
    found = verdict(made, better="objective_07", than="objective_07", variant="views_4", than_variant="default")
    expected = metric_of(made, "objective_07", "views_4", "linear_top1")
    expected -= metric_of(made, "objective_07", "default", "linear_top1")
    assert found.effect.mean == pytest.approx(expected)
    assert found.comparison == "objective_07 (views_4) against objective_07 (default)"
    turned = verdict(made, better="objective_07", than="objective_07", than_variant="views_4")
    assert turned.effect.mean == pytest.approx(-expected)
    absent = verdict(made, better="simclr", than="objective_07", than_variant="plain")
    assert (absent.verdict, absent.reason) == ("not_tested", "objective_07 (plain) is not in the plan of study ssl")


def test_sides_of_a_claim_in_two_metrics(made: Any) -> None:
    few = {"metric": "naive_bayes_top1_1pct", "than_metric": "linear_top1_1pct", "direction": "higher"}
    found = verdict(made, better="simclr", than="simclr", **few)
    expected = metric_of(made, "simclr", "default", "naive_bayes_top1_1pct")
    expected -= metric_of(made, "simclr", "default", "linear_top1_1pct")
    assert found.effect.mean == pytest.approx(expected)
    assert found.effect.levels == "seeds and examples"
    assert found.measure == "Naive Bayes top-1 (%), 1% of labels against Linear probe top-1 (%), 1% of labels"
    assert found.comparison == "simclr"
    # the sign follows `metric`, whatever the other side's direction
    lower = verdict(made, better="simclr", than="dcl", metric="alignment", than_metric="tolerance")
    gap = metric_of(made, "simclr", "default", "alignment") - metric_of(made, "dcl", "default", "tolerance")
    assert lower.effect.mean == pytest.approx(-gap)
    with pytest.raises(UserError, match="metric without a direction"):
        verdict(made, better="simclr", than="simclr", metric="naive_bayes_top1", than_metric="linear_top1")


def test_two_metrics_in_a_difference_of_differences(made: Any) -> None:
    both = {"better": "simclr", "than": "dcl", "metric": "knn_top1", "than_metric": "linear_top1"}
    found = verdict(made, **both, variant="small_batch", relative_to="default")
    gaps = [verdict(made, **both, variant=variant).effect.mean for variant in ("small_batch", "default")]
    assert found.effect.mean == pytest.approx(gaps[0] - gaps[1])


def test_what_is_not_measured_is_named(made: Any) -> None:
    found = verdict(made, better="simclr", than="simclr", than_metric="linear_top1_projector")
    assert (found.verdict, found.reason) == ("inconclusive", "the runs do not measure linear_top1_projector")


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"than": 10.0, "than_variant": "plain"}, "'than_variant' is a method's, and than = 10 is a number"),
        ({"than": 0.5, "than_metric": "knn_top1"}, "'than_metric' is a method's, and than = 0.5 is a number"),
        ({"than": "b", "than_variant": "plain", "relative_to": "default"}, "'than_variant' and 'relative_to' exclude"),
        ({"than": "a"}, "'a' is compared with itself"),
        ({"than": "a", "than_variant": "default", "than_metric": "m"}, "'a' is compared with itself"),
        ({"than": "b", "than_variants": "plain"}, "did you mean 'than_variant'"),
    ],
)
def test_sides_that_cannot_be_compared_are_one_line(test: dict[str, Any], message: str) -> None:
    whole = {"study": "ssl", "metric": "m", "better": "a", **test}
    with pytest.raises(UserError, match=re.escape(message)) as caught:
        check(Claim, {"id": "c", "statement": "s", "test": whole}, "papers/p.yaml")
    assert "\n" not in str(caught.value)


# --- tables ---


def test_measured_time_and_rates_are_for_people_only(made: Any) -> None:
    table = tables.build(made.results)
    assert table.facts == ["seconds per epoch"]  # all methods of this study have one rate
    rows = {row.method: row for row in table.blocks[0].rows}
    assert rows["random_encoder"].facts == ["–"]
    lines = made.results.source.history(made.results.cells["default", "dcl"].runs[0])
    assert float(rows["dcl"].facts[0]) == pytest.approx(lines[0]["seconds"], rel=0.01)
    for text in (tables.markdown(table), tables.latex(table), tables.html(table)):
        assert "Seconds per epoch" in text
    assert "econds" not in tables.tidy(made.results)


def test_the_csv_does_not_depend_on_the_time_that_runs_took(made: Any) -> None:
    class Slow:
        def results(self, runs: Any) -> Any:
            return [{**r, "seconds": {"train": 99.0, "evaluate": 9.0}} for r in made.results.source.results(runs)]

        def examples(self, run: Any) -> Any:
            return made.results.source.examples(run)

        def history(self, run: Any) -> Any:
            return [{**line, "seconds": 99.0} for line in made.results.source.history(run)]

    slow = cells.Results(made.plan, "ssl", made.root, Slow())
    assert tables.tidy(slow) == tables.tidy(made.results)
    assert tables.markdown(tables.build(slow)) != tables.markdown(tables.build(made.results))


def test_rates_are_shown_where_methods_differ_in_them(made: Any) -> None:
    runs = [
        replace(
            run, settings={**run.settings, "optimizer": {"learning_rate": 0.0005 if run.method == "dcl" else 0.003}}
        )
        for run in made.plan.runs
    ]
    table = tables.build(cells.Results(synthetic.Plan(made.plan.studies, tuple(runs)), "ssl", made.root))
    assert table.facts == ["learning rate", "seconds per epoch"]
    rates = {row.method: row.facts[0] for row in table.blocks[0].rows}
    assert (rates["dcl"], rates["simclr"], rates["random_encoder"]) == ("0.0005", "0.003", "–")


def test_a_long_wide_latex_table_breaks_over_pages(made: Any) -> None:
    table = tables.build(made.results)
    table.blocks[0].rows *= 4
    text = tables.latex(table)
    assert text.startswith(r"% needs \usepackage{booktabs,longtable,pdflscape}")
    for name in ("longtable", "landscape", "minipage"):
        assert text.count(rf"\begin{{{name}}}") == text.count(rf"\end{{{name}}}") == 1
    assert r"\begin{table}" not in text
    assert text.count("{") == text.count("}")
    body = text[text.index(r"\endhead") : text.index(r"\bottomrule")].splitlines()
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body if "&" in line and "multicolumn" not in line} == {8}


# --- resampling together ---


def test_resampling_together_gives_what_resampling_alone_gives(made: Any) -> None:
    cell = made.results.cells["default", "dcl"]
    for metric in ("linear_top1", "alignment", "uniformity"):
        sample = cell.sample(metric)
        alone = type(sample)(sample.values, sample.examples)
        for seed, row in alone.replicates.items():
            np.testing.assert_allclose(sample.replicates[seed], row, atol=1e-9)
    assert cell.sample("linear_top1") is cell.sample("linear_top1")
    assert cell.sample("unknown").values == {}
    assert "features" not in cell.examples[0] and "labels" in cell.examples[0]


# --- figures ---


def test_sweeps_are_the_variants_that_change_numbers_alone(made: Any) -> None:
    found = {(s.name, s.along, s.method): s.points for s in _sweeps.find(made.results)}
    views = ((2, "default"), (3, "views_3"), (4, "views_4"))
    assert found["num_views", (), "objective_07"] == found["num_views", (), "objective_08"] == views
    temperatures = [value for value, _ in found["temperature", (), "simclr"]]
    assert temperatures == [0.07, 0.1, 0.3, 1.0]
    # the setting that the variant names first is the axis, and what changes with it is said
    assert found["batch_size", ("epochs",), "dcl"] == ((32, "small_batch"), (128, "default"))
    assert len(found) == 2 + 2 + 2  # other data are no sweep
    assert _sweeps.declared(made.plan.studies["ssl"])
    assert not _sweeps.declared(
        Study.model_validate({**synthetic.large(), "variants": {"default": {}, "p": {"dataset": "q"}}})
    )


def test_the_best_is_ranked_complete_and_not_the_baseline(made: Any) -> None:
    means = {m: metric_of(made, m, "default", "linear_top1") for m in made.results.methods("default")}
    for method in ("random_encoder", "supervised_encoder", "simclr"):
        means.pop(method)
    assert _best.other(made.results) == max(means, key=lambda method: means[method])
    lost = cells.Results(made.plan, "ssl", made.root)
    best = lost.cells["default", str(_best.other(lost))]
    best.results[0] = {**best.results[0], "status": "diverged"}
    assert _best.other(lost) != max(means, key=lambda method: means[method])


@pytest.mark.parametrize("name", ["accuracy_time", "uniformity_tolerance", "alignment_uniformity", "embedding",
                                  "sweeps", "labels_accuracy", "metrics", "learning_curves"])  # fmt: skip
def test_every_figure_of_the_study_is_drawn_and_captioned(made: Any, name: str) -> None:
    study = made.plan.studies["ssl"]
    assert name in figures.names(study)
    assert figures.module(name).caption(study).endswith(".")
    with _style.applied("x"):
        figure = figures.module(name).draw(made.results)
    assert figure.axes, "the figure shows nothing"
    assert any(axis.lines for axis in figure.axes)


def test_names_of_points_hide_neither_points_nor_names() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    random = np.random.default_rng(0)
    points = [(*random.normal(size=2), f"method_{n:02d}") for n in range(45)]
    with _style.applied("x"):
        figure = Figure(figsize=(_style.WIDTH, 4.5))
        axis = figure.subplots()
        axis.plot(*zip(*((x, y) for x, y, _ in points), strict=True), "o", markersize=3.5)
        _style.name_points(axis, points)
        renderer = FigureCanvasAgg(figure).get_renderer()
        figure.draw_without_rendering()
        boxes = [text.get_window_extent(renderer).extents for text in axis.texts]
    assert [text.get_text() for text in axis.texts] == [name for *_, name in points]
    overlaps = [_style._overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
    assert sum(area > 5 for area in overlaps) == 0
    dots = [axis.transData.transform((x, y)) for x, y, _ in points]
    hidden = [(x, y) for x, y in dots for a in boxes if a[0] < x < a[2] and a[1] < y < a[3]]
    assert not hidden


def test_a_figure_without_its_data_says_so(made: Any, tmp_path: Path) -> None:
    for run in made.plan.runs:
        result = json.loads((made.root / run.path / "result.json").read_text())
        few = {"linear_top1": result["metrics"]["linear_top1"]}
        synthetic.write_run(tmp_path, run, {**result, "metrics": few}, {})
    bare = cells.Results(made.plan, "ssl", tmp_path)
    for name in ("accuracy_time", "uniformity_tolerance", "alignment_uniformity", "embedding", "labels_accuracy"):
        with _style.applied("x"):
            figure = figures.module(name).draw(bare)
        assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study"), name


def test_metrics_are_sorted_by_the_first(made: Any) -> None:
    with _style.applied("x"):
        figure = figures.module("metrics").draw(made.results)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    means = [metric_of(made, name, "default", "linear_top1") for name in names]
    assert means == sorted(means, reverse=True)


# --- the report ---


def test_the_report_groups_claims_and_links_every_table(made: Any) -> None:
    for name in figures.names(made.plan.studies["ssl"]):
        path = made.root / "results" / "figures" / f"ssl-{name}.svg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text('<svg width="1" height="1"></svg>')
    page.write(made.plan, synthetic.papers(), made.root)
    text = (made.root / "results/report.html").read_text()
    for variant in made.results.variants():
        assert f'id="table-ssl-{variant}"' in text and f'href="#table-ssl-{variant}"' in text
    for name in figures.names(made.plan.studies["ssl"]):
        assert f'id="figure-ssl-{name}"' in text and f'href="#figure-ssl-{name}"' in text
    rows = re.findall(r'<tr id="claim-(\w+)-[\w-]+" data-verdict="(\w+)"( class="again")?>', text)
    papers = [paper for paper, *_ in rows]
    assert [bool(again) for *_, again in rows] == [a == b for a, b in zip([None, *papers], papers, strict=False)]
    chips = re.findall(r'<button type="button" class="badge \w+" data-verdict="(\w+)" aria-pressed="false">(\d+)', text)
    assert {name: int(count) for name, count in chips} == {
        name: sum(found == name for _, found, _ in rows) for name in claims.VERDICTS
    }
    assert text.count("Seconds per epoch") == len(made.results.variants())


def test_labels_of_metrics() -> None:
    assert labels.metric("linear_top1_projector") == "Linear probe top-1 (%), projector"
    assert labels.metric("linear_top1_10pct") == "Linear probe top-1 (%), 10% of labels"
    assert labels.metric("top1") == "Top-1 (%)"
    assert labels.bounds("naive_bayes_top1_1pct") == (0.0, 100.0)
    assert [labels.significant(v) for v in (0.01234, 0.5, 4.567, 12.34, 1234.5, 0.0)] == [
        "0.0123", "0.500", "4.57", "12.3", "1234", "0"]  # fmt: skip


def test_the_table_says_from_where_to_where_the_methods_lie(made: Any) -> None:
    table = tables.build(made.results)
    block = table.blocks[0]
    means = {row.method: row.entries[0].estimate.mean for row in block.rows if not row.reference}  # type: ignore[union-attr]
    low, high = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
    assert f"from {means[low]:.1f} ({low}) to {means[high]:.1f} ({high}); for reference random_encoder" in block.reach
    assert block.reach.replace("_", "\\_") in tables.markdown(table)
    # a block without floors and ceilings has nothing to be placed between
    small = next(each for each in table.blocks if each.variant == "small_batch")
    assert small.reach == ""


def test_the_table_says_how_rates_were_chosen_and_that_settings_are_reduced(made: Any) -> None:
    search = {"laptop": {"learning_rates": [0.01, 0.1], "validation_examples": 2000}}
    study = Study.model_validate({**synthetic.large(14), "search": search, "reduced": ["laptop"]})
    plan = replace(made.plan, studies={"ssl": study})
    told = " ".join(tables.build(cells.Results(plan, "ssl", made.root)).protocol)
    assert "the best of 0.01 and 0.1, on 2,000 training images kept out of training (1 seed)" in told
    assert "settings are reduced" in told
    assert "Learning rate" not in " ".join(tables.build(made.results).protocol)
