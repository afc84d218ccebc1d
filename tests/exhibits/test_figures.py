"""Figures of fabricated run folders."""

import ast
import json
import subprocess
import sys
import xml.etree.ElementTree
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import pytest

from pipeline import files
from pipeline.errors import UserError
from pipeline.exhibits import cells, figures, tables
from pipeline.exhibits.figures import _best, _style, _sweeps
from pipeline.planning.model import Paper, Study
from tests.kit import exhibits as kit


def test_figures_are_declared_without_matplotlib_and_all_written(made: Any) -> None:
    code = "import sys, pipeline.exhibits.figures as f; [f.module(n) for n in f.available()]; "
    code += "sys.exit(any(m in sys.modules for m in ('matplotlib', 'numpy', 'polars', 'torch')))"
    root = Path(__file__).parents[2]
    subprocess.run([sys.executable, "-c", code], check=True, cwd=root)
    expected = {
        f"{key}-{name}.{suffix}"
        for key, study in made.plan.studies.items()
        for name in figures.names(study)
        for suffix in ("svg", "png")
    }
    assert {path.name for path in (made.root / "results/figures").iterdir()} == expected
    assert figures.names(made.plan.studies["ood"]) == ["metrics", "score_histograms"]  # it asks for none
    assert "learning_curves" in figures.names(made.plan.studies["ssl"])


def test_figures_are_repeatable(made: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(made.root / "runs")
    for path in figures.write(cells.Results(made.plan, "ood", tmp_path)):
        assert path.read_bytes() == (made.root / path.relative_to(tmp_path)).read_bytes()


def test_an_unknown_figure_is_an_error(made: Any) -> None:
    odd = made.plan.studies["ssl"].model_copy(update={"figures": ["metric"]})
    with pytest.raises(UserError, match=r"studies/ssl.yaml: unknown figure 'metric'; did you mean 'metrics'"):
        figures.names(odd)


def test_figures_without_data_say_so(made: Any, tmp_path: Path) -> None:
    for run in made.plan.study_runs("ssl"):
        path = made.root / run.path / "result.json"
        result = json.loads(path.read_text(encoding="utf-8")) | {
            "status": "diverged",
            "reason": "loss is NaN",
            "metrics": {},
        }
        kit.write_run(tmp_path, run, result, {})
    written = figures.write(cells.Results(made.plan, "ssl", tmp_path))
    assert len(written) == 2 * len(figures.names(made.plan.studies["ssl"]))
    tables.write(cells.Results(made.plan, "ssl", tmp_path), {})
    assert {row["status"] for row in kit.rows(tmp_path, "tables/ssl.csv")} == {"diverged"}


@pytest.mark.parametrize("name", ["accuracy_time", "uniformity_tolerance", "alignment_uniformity", "embedding",
                                  "sweeps", "labels_accuracy", "metrics", "learning_curves"])  # fmt: skip
def test_every_figure_of_the_study_is_drawn_and_captioned(large: Any, name: str) -> None:
    study = large.plan.studies["ssl"]
    assert name in figures.names(study)
    assert figures.module(name).caption(study).endswith(".")
    with _style.applied("x"):
        figure = figures.module(name).draw(large.results)
    assert figure.axes, "the figure shows nothing"
    assert any(axis.lines for axis in figure.axes)


def test_a_figure_without_its_data_says_so(large: Any, tmp_path: Path) -> None:
    for run in large.plan.runs:
        result = json.loads((large.root / run.path / "result.json").read_text(encoding="utf-8"))
        few = {"linear_top1": result["metrics"]["linear_top1"]}
        kit.write_run(tmp_path, run, {**result, "metrics": few}, {})
    bare = cells.Results(large.plan, "ssl", tmp_path)
    for name in ("accuracy_time", "uniformity_tolerance", "alignment_uniformity", "embedding", "labels_accuracy"):
        with _style.applied("x"):
            figure = figures.module(name).draw(bare)
        assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study"), name


def test_a_list_that_is_left_out_is_no_change_of_a_sweep() -> None:
    """As where a variant is measured at fewer radii; a list with something in it is one."""
    for radii, swept in (([], True), ([0.1], False)):
        study = SimpleNamespace(variants={"default": {}, "a": {"settings": {"alpha": 0.5}, "attack": {"radii": radii}}})
        assert _sweeps.declared(study) is swept  # type: ignore[arg-type]


def test_sweeps_are_the_variants_that_change_numbers_alone(large: Any) -> None:
    found = {(s.name, s.along, s.method): s.points for s in _sweeps.find(large.results)}
    views = ((2, "default"), (3, "views_3"), (4, "views_4"))
    assert found["num_views", (), "objective_07"] == found["num_views", (), "objective_08"] == views
    temperatures = [value for value, _ in found["temperature", (), "simclr"]]
    assert temperatures == [0.07, 0.1, 0.3, 1.0]
    # the setting that the variant names first is the axis, and what changes with it is said
    assert found["batch_size", ("epochs",), "dcl"] == ((32, "small_batch"), (128, "default"))
    assert len(found) == 2 + 2 + 2  # other data are no sweep
    assert _sweeps.declared(large.plan.studies["ssl"])
    assert not _sweeps.declared(
        Study.model_validate({**kit.large(), "variants": {"default": {}, "p": {"dataset": "q"}}})
    )


def test_the_best_is_ranked_complete_and_not_the_baseline(large: Any) -> None:
    means = {m: kit.metric_of(large, m, "default", "linear_top1") for m in large.results.methods("default")}
    for method in ("random_encoder", "supervised_encoder", "simclr"):
        means.pop(method)
    assert _best.other(large.results) == max(means, key=lambda method: means[method])
    lost = cells.Results(large.plan, "ssl", large.root)
    best = lost.cells["default", str(_best.other(lost))]
    best.results[0] = {**best.results[0], "status": "diverged"}
    assert _best.other(lost) != max(means, key=lambda method: means[method])


def test_metrics_are_sorted_by_the_first(large: Any) -> None:
    with _style.applied("x"):
        figure = figures.module("metrics").draw(large.results)
    names = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    means = [kit.metric_of(large, name, "default", "linear_top1") for name in names]
    assert means == sorted(means, reverse=True)


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


def test_a_figure_of_stored_features_is_drawn_where_a_study_asks(made: Any) -> None:
    study = made.plan.studies["ssl"]
    assert "embedding" in figures.names(study)
    assert "embedding" not in figures.names(study.model_copy(update={"figures": []}))


NASTY = ["$5_to_$10", "_bg", "a\nb", "%s \\z {", "é 日 😀", "w" * 300, "", "\x01\u202e", "--><!--"]


def test_names_from_data_are_drawn_as_they_are(made: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").symlink_to(made.root / "runs")
    manifest = tmp_path / "data/prepared/fashion_mnist/manifest.json"
    files.write_sealed(manifest, {"key": "fashion_mnist", "classes": [*NASTY, "last"]})
    with _style.applied("test"):
        figure = figures.module("embedding").draw(cells.Results(made.plan, "ssl", tmp_path))
        (legend,) = figure.legends
        shown = [text.get_text() for text in legend.get_texts()]
        figure.savefig(tmp_path / "figure.svg")
    assert shown[:5] == ["$5_to_$10", " _bg", "a b", "%s \\z {", "é 日 😀"]
    assert shown[5:] == ["w" * 23 + "…", " ", "\ufffd\ufffd", "--><!--", "last"]
    xml.etree.ElementTree.parse(tmp_path / "figure.svg")


def test_exhibits_name_no_protocol_and_no_method() -> None:
    """What they show follows from metrics, budgets and files: a new protocol needs no edit here."""
    root = Path(__file__).parents[2] / "pipeline"
    names = {path.name for path in (root / "protocols").iterdir()} | {p.stem for p in (root / "methods").rglob("*.py")}
    names -= set(get_args(Paper.model_fields["status"].annotation))  # "theory" is what a paper may be
    for path in (root / "exhibits").rglob("*.py"):
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant)
        }
        assert not texts & (names - {"__init__"}), path


def test_clean_against_robust_accuracy_has_intervals_and_joins_a_path(
    large: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On the large study's metrics in place of its own, and one attack for all but one variant."""
    from pipeline.exhibits.figures import clean_robust

    shown = [name for name in large.results.study.metrics if name.startswith(("linear", "knn"))][:2]
    monkeypatch.setattr(clean_robust, "CLEAN", shown[0])
    monkeypatch.setattr(clean_robust, "ROBUST", shown[1])
    odd = large.results.variants()[-1]
    monkeypatch.setattr(clean_robust, "_attack", lambda cell: cell.runs[0].variant == odd)
    with _style.applied("x"):
        (axis,) = clean_robust.draw(large.results).axes
    points = [line for line in axis.lines if len(line.get_xdata()) == 1]
    expected = [
        place for place, cell in large.results.cells.items() if place[0] != odd and cell.sample(shown[1]).values
    ]
    assert len(points) == len(expected)
    hollow = sum(line.get_markerfacecolor() == "white" for line in points)
    assert hollow == sum(variant != large.results.variants()[0] for variant, _ in expected)
    assert len(axis.collections) == 2 * len(points)  # an interval of either accuracy
    paths = [line for line in axis.lines if len(line.get_xdata()) > 2]
    sweeps = [s for s in _sweeps.find(large.results) if len([v for v in s.variants if v != odd]) > 2]
    assert len(paths) == len(sweeps) > 0
    monkeypatch.setattr(clean_robust, "ROBUST", "robust_aa")
    with _style.applied("x"):
        figure = clean_robust.draw(large.results)
    assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study")
