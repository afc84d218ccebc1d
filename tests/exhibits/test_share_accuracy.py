"""The figure of a metric against the share kept: which runs make a line, which a panel, and what is the band."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.exhibits.figures import _style, share_accuracy

BUDGET = {"epochs": 3, "label_noise": None}
NOISY = {"epochs": 3, "label_noise": {"rate": 0.2, "flips": []}}
CELLS = {
    # (variant, method): (budget, settings of the method, mean)
    ("default", "chance"): (BUDGET, {"share": 0.1}, 50.0),
    ("default", "choice"): (BUDGET, {"share": 0.1, "odd": False}, 55.0),
    ("tiny", "chance"): (BUDGET, {"share": 0.05}, 40.0),
    ("tiny", "choice"): (BUDGET, {"share": 0.05, "odd": False}, 20.0),
    ("odd", "choice"): (BUDGET, {"share": 0.5, "odd": True}, 99.0),
    ("all", "chance"): (BUDGET, {"share": 1.0}, 80.0),
    ("noise", "chance"): (NOISY, {"share": 0.2}, 45.0),
    ("noise", "choice"): (NOISY, {"share": 0.2, "odd": False}, 10.0),
    ("noise_half", "choice"): (NOISY, {"share": 0.5, "odd": False}, 30.0),
    ("other", "plain"): (BUDGET, {}, 60.0),
}


RATES = {"chance": 0.1, "choice": 0.3, "plain": 0.1}


def fabricated(cells: dict[Any, Any], lost: Any = None) -> Any:
    variants = list(dict.fromkeys(variant for variant, _ in cells))
    made = {
        place: SimpleNamespace(
            runs=[
                SimpleNamespace(
                    settings={**budget, "method": settings, "optimizer": {"learning_rate": RATES[place[1]]}}
                )
            ],
            estimate=lambda _, mean=mean, place=place: (
                None if place == lost else SimpleNamespace(mean=mean, low=mean - 2, high=mean + 3)
            ),
        )
        for place, (budget, settings, mean) in cells.items()
    }
    return SimpleNamespace(
        study=SimpleNamespace(
            baseline="chance",
            metrics={"top1": "higher"},
            methods=[SimpleNamespace(key=key) for key in ("chance", "choice", "plain")],
        ),
        cells=made,
        variants=lambda: variants,
        methods=lambda variant: [method for at, method in cells if at == variant],
    )


def means(panels: Any) -> Any:
    return {
        title: {method: [(share, estimate.mean) for share, estimate in points] for method, points in lines.items()}
        for title, lines in panels.items()
    }


def test_runs_that_differ_in_the_share_alone_make_a_line() -> None:
    assert means(share_accuracy.found(fabricated(CELLS), "top1")) == {
        "default": {"chance": [(0.05, 40.0), (0.1, 50.0), (1.0, 80.0)], "choice": [(0.05, 20.0), (0.1, 55.0)]},
        "label noise rate 0.2": {"choice": [(0.2, 10.0), (0.5, 30.0)]},
    }


def test_a_cell_without_a_value_is_left_out() -> None:
    panels = share_accuracy.found(fabricated(CELLS, lost=("tiny", "choice")), "top1")
    assert panels.keys() == {"default", "label noise rate 0.2"} and panels["default"].keys() == {"chance"}


def test_the_band_is_the_baselines_and_the_others_have_lines_with_intervals() -> None:
    with _style.applied("x"):
        figure = share_accuracy.draw(fabricated(CELLS))
    default, noise = figure.axes
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["default", "label noise rate 0.2"]
    (band,) = [c for c in default.collections if type(c).__name__ in ("PolyCollection", "FillBetweenPolyCollection")]
    corners = band.get_paths()[0].vertices
    assert corners[:, 1].min() == 38.0 and corners[:, 1].max() == 83.0
    assert [list(line.get_ydata()) for line in default.lines] == [[40.0, 50.0, 80.0], [20.0, 55.0]]
    (intervals,) = noise.collections
    assert [segment[:, 1].tolist() for segment in intervals.get_segments()] == [[8.0, 13.0], [28.0, 33.0]]
    assert [text.get_text() for text in default.get_xticklabels()] == ["5%", "10%", "100%"]


def test_one_share_is_no_line() -> None:
    few = {place: cell for place, cell in CELLS.items() if place[0] in ("default", "other")}
    with _style.applied("x"):
        figure = share_accuracy.draw(fabricated(few))
    assert not figure.axes and figure.texts[0].get_text().startswith("No method of this study keeps")


@pytest.mark.parametrize(
    ("variants", "drawn"),
    [
        ({"a": {"settings": {"share": 0.1}}, "b": {"settings": {"share": 0.2}}}, True),
        ({"a": {"settings": {"share": 0.1}}, "b": {}}, False),
        ({"a": {"settings": {"alpha": 0.1}}, "b": {"settings": {"alpha": 0.2}}}, False),
    ],
)
def test_it_applies_where_the_share_is_varied(variants: dict[str, Any], drawn: bool) -> None:
    study: Any = SimpleNamespace(metrics={"top1": "higher"}, variants=variants, baseline="chance")
    assert share_accuracy.applies(study) is drawn
    assert share_accuracy.caption(study).endswith(".")
