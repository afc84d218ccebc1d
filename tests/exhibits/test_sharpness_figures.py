"""The figures of the loss around solutions and between them, and of what sharpness says of test error."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.exhibits.figures import _style, loss_between, loss_directions, sharpness_error

ENTRIES = [
    SimpleNamespace(key="sgd", bases={}),
    SimpleNamespace(key="flat", bases={}),
    SimpleNamespace(
        key="half_way", bases={"first": SimpleNamespace(method="sgd"), "second": SimpleNamespace(method="flat")}
    ),
]
STUDY = SimpleNamespace(
    baseline="sgd", methods=ENTRIES, metrics={"top1": "higher", "lambda_max": "lower"}, measured=["top1", "lambda_max"]
)


def results(cells, variants=("default",)):
    def methods(variant):
        return [method for of, method in cells if of == variant]

    return SimpleNamespace(cells=cells, study=STUDY, variants=lambda: list(variants), methods=methods)


def drawn(figure, made):
    with _style.applied("test"):
        return figure.draw(made)


def measured(sharp, right):
    values = {"lambda_max": dict(enumerate(sharp)), "top1": dict(enumerate(right))}
    return SimpleNamespace(sample=lambda name: SimpleNamespace(values=values[name]))


def test_error_rises_with_sharpness_where_their_ranks_agree():
    cells = {
        ("default", "sgd"): measured([10.0, 30.0], [70.0, 60.0]),
        ("default", "flat"): measured([1.0, 2.0], [90.0, 80.0]),
    }
    (axis,) = drawn(sharpness_error, results(cells)).axes
    assert axis.get_title(loc="left") == "lambda max\n+1.00"
    points = {line.get_marker(): sorted(zip(*line.get_data(), strict=True)) for line in axis.lines}
    assert points == {"o": [(1.0, 10.0), (2.0, 20.0)], "x": [(10.0, 30.0), (30.0, 40.0)]}
    assert sharpness_error.applies(STUDY) and "sgd" in sharpness_error.caption(STUDY)


def test_what_is_not_above_zero_has_no_place_on_a_logarithmic_axis():
    cells = {("default", "sgd"): measured([-1.0, 0.0, 3.0], [70.0, 60.0, 50.0])}
    assert drawn(sharpness_error, results(cells)).texts[0].get_text().startswith("No variant")


def kept(**arrays):
    return SimpleNamespace(examples=dict.fromkeys(range(2), arrays))


def test_a_line_along_directions_is_the_mean_over_them():
    losses = np.array([[3.0, 1.0, 3.0], [5.0, 1.0, 7.0]])
    cells = {("default", "sgd"): kept(direction_steps=np.array([-1.0, 0.0, 1.0]), direction_losses=losses)}
    (axis,) = drawn(loss_directions, results(cells)).axes
    assert axis.lines[0].get_ydata().tolist() == [4.0, 1.0, 5.0] and axis.get_yscale() == "log"
    assert drawn(loss_directions, results({("default", "sgd"): kept()})).texts


def test_between_two_solutions_there_are_their_names_at_either_end():
    shares = np.array([0.0, 0.5, 1.0])
    own = kept(
        between_shares=shares, between_losses=np.array([0.1, 2.0, 0.2]), between_errors=np.array([0.2, 0.5, 0.1])
    )
    loss, error = drawn(loss_between, results({("default", "half_way"): own})).axes
    assert loss.lines[0].get_ydata().tolist() == [0.1, 2.0, 0.2]
    assert error.lines[0].get_ydata().tolist() == pytest.approx([20.0, 50.0, 10.0])
    assert {text.get_text() for text in loss.texts} == {"sgd", "flat"} and loss_between.applies(STUDY)
    assert "sgd" in loss_between.caption(STUDY) and "flat" in loss_between.caption(STUDY)
    assert drawn(loss_between, results({("default", "half_way"): kept()})).texts


def test_numbers_of_logarithmic_axes_are_no_formulas():
    from matplotlib.figure import Figure

    with _style.applied("test"):
        axis = Figure().subplots()
        axis.plot([0.5, 400.0], [2.0, 9.0])
        for which in "xy":
            _style.logarithmic(axis, which)
        shown = [axis.xaxis.get_major_formatter()(value) for value in (1.0, 100.0, 0.01)]
    assert shown == ["1", "100", "0.01"] and axis.get_xscale() == axis.get_yscale() == "log"
