"""Figures of category discovery on fabricated runs: bars, points and confusions of what was kept."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.exhibits import cells, figures
from pipeline.exhibits.figures import _style
from pipeline.planning.model import Study
from tests.kit import exhibits as kit

NAMES = ("cluster_accuracy", "cluster_accuracy_old", "cluster_accuracy_new")
STUDY = {
    "key": "discovered",
    "title": "t",
    "protocol": "p",
    "dataset": "fashion_mnist",
    "baseline": "b",
    "metrics": dict.fromkeys(NAMES, "higher"),
    "budget": {"laptop": {"epochs": 1, "old_classes": [3, 0]}},
    "variants": {"default": {}, "alone": {"methods": ["b"]}, "sessions": {"methods": ["b", "c"]}},
    "methods": [{"key": "a", "reference": True}, "b", "c"],
}


def result(run: kit.Run, values: dict[str, float]) -> dict[str, Any]:
    named = {name: getattr(run, name) for name in ("id", "study", "dataset", "method", "variant", "seed", "paper")}
    return named | {"tier": "laptop", "status": "ok", "reason": None, "metrics": values, "settings": run.settings}


@pytest.fixture
def results(tmp_path: Path) -> cells.Results:
    study = Study.model_validate(STUDY)
    runs = []
    for variant, methods in (("default", "abc"), ("alone", "b"), ("sessions", "bc")):
        for method in methods:
            for seed in (0, 1):
                settings = {"old_classes": [3, 0], "sessions": [[2], [1]] if variant == "sessions" else []}
                path = f"runs/discovered/{method}/{variant}-s{seed}-0"
                run = kit.Run(f"{variant}{method}{seed}", "discovered", "fashion_mnist", method, variant, seed,
                              settings, path, (), "")  # fmt: skip
                runs.append(run)
                draws = np.random.default_rng(seed)
                labels = draws.integers(0, 10, 60)
                predictions = np.where(draws.random(60) < 0.5, labels, draws.integers(-1, 10, 60))
                right = 100.0 * (labels == predictions)
                arrays = {
                    "labels": labels,
                    "plane": draws.normal(size=(60, 2)).astype(np.float32),
                    "unlabelled_labels": labels,
                    "unlabelled_predictions": predictions,
                    "example_cluster_accuracy": right,
                    "example_cluster_accuracy_old": right[labels < 2],
                    "example_cluster_accuracy_new": right[labels >= 2],
                }
                values = {name: float(arrays[f"example_{name}"].mean()) for name in NAMES}
                rows = [{"epoch": e, "test_old": 90.0 - e - seed, "test_all": 40.0 + e} for e in (1, 2, 3)]
                watched = rows if variant == "sessions" else [{"epoch": 1}]
                kit.write_run(tmp_path, run, result(run, values), arrays, watched)
    return cells.Results(kit.Plan({"discovered": study}, tuple(runs)), "discovered", tmp_path)


def drawn(name: str, of: Any) -> Any:
    with _style.applied("x"):
        figure = figures.module(name).draw(of)
        figure.draw_without_rendering()
    return figure


def test_they_apply_to_a_study_of_old_and_new_classes() -> None:
    study = Study.model_validate(STUDY)
    assert {"old_new_accuracy", "discovered_clusters"} <= set(figures.names(study))
    other = study.model_copy(update={"metrics": {"cluster_accuracy": "higher"}})
    assert not {"old_new_accuracy", "discovered_clusters"} & set(figures.names(other))
    assert all(
        figures.module(name).caption(study).endswith(".") for name in ("old_new_accuracy", "discovered_clusters")
    )


def test_bars_are_the_means_of_variants_of_several_methods(results: cells.Results) -> None:
    figure = drawn("old_new_accuracy", results)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["default", "sessions"]
    for axis, methods in zip(figure.axes, ("abc", "bc"), strict=True):
        assert [label.get_text() for label in axis.get_yticklabels()] == list(methods)
        found = sorted(bar.get_width() for bar in axis.patches)
        variant = axis.get_title(loc="left")
        wanted = [results.cells[variant, m].estimate(name).mean for m in methods for name in NAMES]  # type: ignore[union-attr]
        assert found == pytest.approx(sorted(wanted))


def test_points_have_both_colourings_and_confusions_sum_to_what_is_matched(results: cells.Results) -> None:
    figure = drawn("discovered_clusters", results)
    assert len(figure.axes) == 9
    arrays = results.cells["default", "a"].examples[0]
    labels, predictions = arrays["unlabelled_labels"], arrays["unlabelled_predictions"]
    true, predicted, taken = figure.axes[:3]
    assert sum(len(line.get_xdata()) for line in true.lines) == 60
    assert len(true.lines) == len(np.unique(labels)) and len(predicted.lines) == len(np.unique(predictions))
    shares = taken.images[0].get_array()
    for k in range(10):
        assert shares[k].sum() == pytest.approx((predictions[labels == k] >= 0).mean())
        assert shares[k, k] == pytest.approx((predictions[labels == k] == k).mean())
    # classes 0 and 3 of the data set are the old ones
    names = [label.get_text() for label in taken.get_yticklabels()]
    assert names[:3] == ["T-shirt/top", "Dress", "Trouser"]


def test_accuracy_by_epoch_is_of_methods_that_were_watched(results: cells.Results) -> None:
    figure = drawn("session_accuracy", results)
    assert len(figure.axes) == 2
    for axis, means in zip(figure.axes, ([41, 42, 43], [88.5, 87.5, 86.5]), strict=True):
        assert [line.get_label() for line in axis.lines] == ["b", "c"]
        assert all(line.get_ydata() == pytest.approx(means) for line in axis.lines)


def test_without_what_they_show_they_say_so(results: cells.Results, tmp_path: Path) -> None:
    for run in results.plan.runs:
        path = tmp_path / run.path / "result.json"
        found = json.loads(path.read_text(encoding="utf-8")) | {"status": "diverged", "reason": "r", "metrics": {}}
        kit.write_run(tmp_path, run, found, {})
    bare = cells.Results(results.plan, "discovered", tmp_path)
    for name in ("old_new_accuracy", "discovered_clusters", "session_accuracy"):
        figure = drawn(name, bare)
        assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study")
