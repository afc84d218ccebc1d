"""The figure of a search's course: a panel for each method that searches a surrogate, points in order."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.exhibits.figures import _style, design_course

MEANS = {"design_score": 0.5, "design_course": 0.4, **{f"design_course_true_{at}": at / 200 for at in (100, 0, 20)}}
SEARCHED = MEANS | {f"design_course_predicted_{at}": at / 100 for at in (20, 100, 0)}


def cell(means: dict[str, float], spread: float | None = 0.1) -> Any:
    def estimate(name: str) -> Any:
        low, high = (None, None) if spread is None else (means[name] - spread, means[name] + spread)
        return SimpleNamespace(mean=means[name], low=low, high=high)

    return SimpleNamespace(metrics=list(means), estimate=estimate)


def results(cells: dict[tuple[str, str], Any]) -> Any:
    return SimpleNamespace(
        study=SimpleNamespace(floor="known", measured=["design_course"]),
        cells=cells,
        variants=lambda: list(dict.fromkeys(variant for variant, _ in cells)),
        methods=lambda variant: [method for at, method in cells if at == variant],
    )


CELLS = {
    ("default", "known"): cell(MEANS),
    ("default", "climbing"): cell(SEARCHED),
    ("default", "once"): cell(SEARCHED, None),
    ("other", "climbing"): cell(SEARCHED),
}


def test_points_are_in_order() -> None:
    found = design_course._points(CELLS["default", "climbing"], "predicted")
    assert [(at, estimate.mean) for at, estimate in found] == [(0, 0.0), (20, 0.2), (100, 1.0)]
    assert not design_course._points(CELLS["default", "known"], "predicted")


@pytest.mark.parametrize("floor", ["known", None, "absent"])
def test_a_panel_for_each_method_that_searches(floor: str | None) -> None:
    given = results(CELLS)
    given.study.floor = floor
    assert design_course.applies(given.study)
    with _style.applied("test"):
        figure = design_course.draw(given)
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["climbing", "once"]
    dotted = [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
    assert len(dotted) == (floor == "known")
    curves = [line for line in figure.axes[1].lines if len(line.get_xdata()) == 3]
    assert [list(line.get_ydata()) for line in curves] == [[0.0, 0.1, 0.5], [0.0, 0.2, 1.0]]


def test_nothing_searched_is_said() -> None:
    with _style.applied("test"):
        figure = design_course.draw(results({("default", "known"): cell(MEANS)}))
    assert "No run" in "".join(text.get_text() for axis in figure.axes for text in axis.texts) or figure.texts
