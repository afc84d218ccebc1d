"""Figures of metric learning on fabricated runs: pictures and their frames, curves, and the front of methods."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from pipeline.exhibits import cells, figures
from pipeline.exhibits.figures import _style, retrieved_images, threshold_consistency
from pipeline.planning.model import Study
from tests.kit import exhibits as kit

NAMES = ("retrieved_images", "accept_rates", "threshold_consistency")
STUDY = {
    "key": "embedded",
    "title": "t",
    "protocol": "p",
    "dataset": "glyphs",
    "baseline": "b",
    "metrics": {"recall_1": "higher", "tar_far3": "higher", "opis": "lower"},
    "budget": {"laptop": {"epochs": 1}},
    "variants": {"default": {}, "ablated": {"methods": ["c"]}, "others": {"methods": ["b", "c"]}},
    "methods": [{"key": "a", "reference": True}, "b", "c", "d"],
}
VALUES = {"a": (20.0, 1.0), "b": (80.0, 4.0), "c": (90.0, 6.0), "d": (79.0, 5.0)}
"""Recall and OPIS: d is exceeded by b in both."""


@pytest.fixture
def results(tmp_path: Path) -> cells.Results:
    study = Study.model_validate(STUDY)
    runs = []
    for variant, methods in (("default", "abcd"), ("ablated", "c"), ("others", "bc")):
        for method in methods:
            for seed in (0, 1):
                dataset = "glyphs_degraded" if variant == "others" else "glyphs"
                path = f"runs/embedded/{method}/{variant}-s{seed}-0"
                run = kit.Run(f"{variant}{method}{seed}", "embedded", dataset, method, variant, seed,
                              {"dataset": dataset}, path, (), "")  # fmt: skip
                runs.append(run)
                draws = np.random.default_rng(seed)
                hits = draws.random((4, 6)) < 0.5
                hits[:, 0] = True
                arrays = {
                    "row_images": draws.integers(0, 255, (4, 6, 1, 5, 5)).astype(np.uint8),
                    "row_hits": hits,
                    "false_accepts": np.array([1e-5, 1e-3, 1.0]),
                    "true_accepts": np.array([0.0, 0.2 + 0.2 * seed, 1.0]),
                }
                recall, opis = VALUES[method]
                named = {n: getattr(run, n) for n in ("id", "study", "dataset", "method", "variant", "seed", "paper")}
                values = {"recall_1": recall, "tar_far3": 30.0, "opis": opis + 0.01 * seed}
                result = {"tier": "laptop", "status": "ok", "reason": None, "metrics": values, "settings": run.settings}
                kit.write_run(tmp_path, run, named | result, arrays)
    return cells.Results(kit.Plan({"embedded": study}, tuple(runs)), "embedded", tmp_path)


def drawn(name: str, of: Any) -> Any:
    with _style.applied("x"):
        figure = figures.module(name).draw(of)
        figure.draw_without_rendering()
    return figure


def test_they_apply_where_there_is_what_they_show() -> None:
    study = Study.model_validate(STUDY)
    assert set(NAMES) <= set(figures.names(study))
    assert not set(NAMES) & set(figures.names(study.model_copy(update={"metrics": {"top1": "higher"}})))
    assert all(figures.module(name).caption(study).endswith(".") for name in NAMES)


def test_hits_are_green_and_misses_red(results: cells.Results) -> None:
    figure = drawn("retrieved_images", results)
    # the first reference, the baseline and the best other one
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["a", "b", "c"]
    for axis, method in zip(figure.axes, "abc", strict=True):
        hits = results.cells["default", method].examples[0]["row_hits"]
        colours = [to_hex(patch.get_edgecolor()) for patch in axis.patches]
        assert len(axis.images) == hits.size == len(colours)
        assert [c for c in colours if c != _style.INK] == [
            retrieved_images.HIT if hit else retrieved_images.MISS for hit in hits[:, 1:].ravel()
        ]


def test_rates_are_means_over_seeds_of_variants_of_several_methods(results: cells.Results) -> None:
    figure = drawn("accept_rates", results)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["default", "others"]
    assert [len(axis.lines) - 1 for axis in figure.axes] == [4, 2]
    assert figure.axes[0].lines[0].get_ydata().tolist() == pytest.approx([0, 30, 100])


def test_points_have_both_values_and_the_front_is_of_what_none_exceeds(results: cells.Results) -> None:
    (axis,) = drawn("threshold_consistency", results).axes
    points = [line.get_xydata()[0].tolist() for line in axis.lines if len(line.get_xdata()) == 1]
    # not the reference, and not what is tested on other images
    assert points == [pytest.approx([r, o + 0.005]) for r, o in (VALUES["b"], VALUES["c"], VALUES["d"], VALUES["c"])]
    (front,) = [line.get_xydata().tolist() for line in axis.lines if len(line.get_xdata()) > 1]
    assert front == [pytest.approx([80, 4.005]), pytest.approx([90, 6.005])]
    assert {note.get_text() for note in axis.texts} == {"b", "c", "d", "ablated"}
    assert threshold_consistency._front([(1.0, 1.0), (1.0, 1.0), (2.0, 0.5)]) == [(2.0, 0.5)]


def test_without_what_they_show_they_say_so(results: cells.Results, tmp_path: Path) -> None:
    for run in results.plan.runs:
        path = tmp_path / run.path / "result.json"
        found = json.loads(path.read_text(encoding="utf-8")) | {"status": "diverged", "reason": "r", "metrics": {}}
        kit.write_run(tmp_path, run, found, {})
    bare = cells.Results(results.plan, "embedded", tmp_path)
    for name in NAMES:
        figure = drawn(name, bare)
        assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study")
