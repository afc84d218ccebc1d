"""Accuracy against labels and unknown classes, and the course of pseudo-labels: which runs are where."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipeline.exhibits.figures import _style, label_counts
from pipeline.planning import load
from tests.kit import project

STUDY = load.study(project.HERE, "semi_supervised", "laptop")
COUNTS = {"default": 40, "labels_250": 250, "all_labels": None, "weak_views": 40, "mismatch_0": 20, "mismatch_0_6": 20}
SHARES = {"mismatch_0_6": 0.6}


def cell(variant: str, value: float, course: bool) -> Any:
    values = {"top1": value} | {f"pseudo_course_used_{x}": x / 2 for x in (100, 10, 50) if course}
    settings = {"labelled_examples": COUNTS[variant], "unknown_share": SHARES.get(variant, 0.0)}
    return SimpleNamespace(
        runs=[SimpleNamespace(settings=settings)],
        metrics=sorted(values),
        estimate=lambda name: SimpleNamespace(mean=values[name], low=values[name] - 1, high=values[name] + 1),
    )


def fake(top1: dict[tuple[str, str], float], course: bool = True) -> Any:
    cells = {(v, m): cell(v, value, course and m != "cross_entropy") for (v, m), value in top1.items()}
    variants = list(dict.fromkeys(variant for variant, _ in cells))
    return SimpleNamespace(cells=cells, study=STUDY, variants=lambda: variants)


ALL = {
    ("default", "cross_entropy"): 60.0,
    ("default", "fixmatch"): 70.0,
    ("labels_250", "cross_entropy"): 75.0,
    ("labels_250", "fixmatch"): 76.0,
    ("all_labels", "cross_entropy"): 80.0,
    ("weak_views", "fixmatch"): 61.0,
    ("mismatch_0", "fixmatch"): 85.0,
    ("mismatch_0_6", "fixmatch"): 82.0,
}


def drawn(results: Any) -> Any:
    with _style.applied("x"):
        return label_counts.draw(results)


def test_what_differs_in_the_number_alone_is_joined() -> None:
    labels, unknown, used = drawn(fake(ALL)).axes
    joined = {line.get_label(): line for line in labels.lines if not line.get_label().startswith("_")}
    assert joined.keys() == {"cross_entropy", "fixmatch"}
    assert joined["fixmatch"].get_ydata().tolist() == [70, 76]
    assert np.allclose(joined["fixmatch"].get_xdata(), [40, 250], rtol=0.06)
    assert labels.get_xscale() == "log"
    assert 80.0 in [line.get_ydata()[0] for line in labels.lines if line.get_linestyle() == "--"]  # the ceiling
    (line,) = [line for line in unknown.lines if line.get_label() == "fixmatch"]
    assert line.get_ydata().tolist() == [85, 82] and np.allclose(line.get_xdata(), [0, 0.6], atol=0.02)
    intervals = [line for line in labels.lines if len(set(line.get_xdata())) == 1]
    assert len(intervals) == 4
    (course,) = used.lines
    assert course.get_xydata().tolist() == [[10, 5], [50, 25], [100, 50]]


@pytest.mark.parametrize(("left", "panels"), [(["default"], 1), (["default", "labels_250"], 2), (["weak_views"], 1)])
def test_panels_without_data_are_left_out(left: list[str], panels: int) -> None:
    assert len(drawn(fake({place: value for place, value in ALL.items() if place[0] in left})).axes) == panels


def test_without_runs_it_says_so() -> None:
    for nothing in (fake({}), fake({("default", "fixmatch"): 70.0}, course=False)):
        figure = drawn(nothing)
        assert not figure.axes and figure.texts[0].get_text()


def test_it_is_of_studies_that_follow_pseudo_labels() -> None:
    assert label_counts.applies(STUDY) and "unknown" in label_counts.caption(STUDY)
    assert label_counts.caption(STUDY).endswith(".")
    assert not label_counts.applies(load.study(project.HERE, "ssl", "laptop"))
