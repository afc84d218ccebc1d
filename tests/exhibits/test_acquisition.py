"""Learning curves of active learning, and who beats whom."""

from types import SimpleNamespace
from typing import Any

import numpy as np

from pipeline.exhibits import statistics
from pipeline.exhibits.figures import _style, acquisition_curves, wins
from pipeline.planning import load
from tests.kit import project

STUDY = load.study(project.HERE, "active_learning", "laptop")
COUNTS = (12, 52, 92, 212)


def cell(levels: Any, interval: float | None = 2.0) -> Any:
    """A cell with these accuracies at COUNTS, and of the whole curve its mean at each of four seeds."""

    def estimate(name: str) -> Any:
        by_name = {f"bought_top1_{count}": level for count, level in zip(COUNTS, levels, strict=False)}
        mean = by_name.get(name, levels[-1])
        low, high = (None, None) if interval is None else (mean - interval, mean + interval)
        return SimpleNamespace(mean=mean, low=low, high=high)

    metrics = ["top1", *(f"bought_top1_{count}" for count, _ in zip(COUNTS, levels, strict=False))]
    return SimpleNamespace(metrics=metrics, estimate=estimate, sample=lambda _: sample(levels))


def sample(levels: Any) -> statistics.Sample:
    return statistics.Sample({seed: float(np.mean(levels)) + 0.1 * seed for seed in range(4)})


def results(cells: dict[tuple[str, str], Any]) -> Any:
    variants = [variant for variant in STUDY.variants if any(v == variant for v, _ in cells)]
    return SimpleNamespace(
        cells=cells,
        study=STUDY,
        variants=lambda: variants,
        methods=lambda variant: [e.key for e in STUDY.methods if (variant, e.key) in cells],
    )


FOUND = {
    ("default", "passive"): cell([60.0, 70.0, 75.0, 80.0]),
    ("default", "margin_sampling"): cell([60.0, 72.0, 79.0, 86.0]),
    ("default", "badge"): cell([60.0, 71.0, 79.0, 86.1]),
    ("all_labels", "passive"): cell([90.0]),
    ("shirt_stages", "passive"): cell([50.0, 60.0]),
    ("shirt_stages", "margin_sampling"): cell([50.0, 55.0]),
    ("vehicle", "passive"): cell([40.0, 50.0, 60.0, 61.0], None),
    ("vehicle", "margin_sampling"): cell([40.0, 49.0, 50.0, 60.0]),
}


def test_a_panel_for_each_variant_with_rounds_and_a_line_for_each_method() -> None:
    assert acquisition_curves.applies(STUDY) and acquisition_curves.caption(STUDY).endswith(".")
    with _style.applied("x"):
        figure = acquisition_curves.draw(results(FOUND))
    assert [axis.get_title("left") for axis in figure.axes] == ["default", "vehicle"]
    lines = {line.get_label(): list(line.get_ydata()) for line in figure.axes[0].lines}
    assert lines["margin_sampling"] == [60.0, 72.0, 79.0, 86.0] and lines["passive"][-1] == 80.0
    assert [90.0, 90.0] in lines.values()  # the ceiling
    assert list(figure.axes[0].lines[0].get_xdata()) == list(COUNTS)
    # by the lines, not the bands
    low, high = figure.axes[0].get_ylim()
    assert 57 < low < 60 and 90 < high < 94
    # one band, of the baseline; none where there is no interval
    assert [len(axis.collections) for axis in figure.axes] == [1, 0]


def test_methods_keep_their_colours_and_no_two_look_alike() -> None:
    others = [entry.key for entry in STUDY.methods if entry.key != "passive"]
    with _style.applied("x"):
        figure = acquisition_curves.draw(results({("default", key): cell([1.0, 2.0, 3.0]) for key in others}))
        alone = acquisition_curves.draw(results({("vehicle", others[-1]): cell([1.0, 2.0, 3.0])}))
    looks = [(line.get_color(), line.get_linestyle()) for line in figure.axes[0].lines]
    assert len(set(looks)) == len(others)
    assert (alone.axes[0].lines[0].get_color(), alone.axes[0].lines[0].get_linestyle()) == looks[-1]


def test_without_rounds_it_says_so() -> None:
    with _style.applied("x"):
        for drawn in (
            acquisition_curves.draw(results({("all_labels", "passive"): cell([90.0])})),
            acquisition_curves.draw(results({("shirt_stages", "passive"): cell([50.0, 60.0])})),
            wins.draw(results({})),
        ):
            assert not drawn.axes and drawn.texts[0].get_text()


def test_wins_and_losses_are_counted_over_variants() -> None:
    found = wins.pairs(results(FOUND))  # those of two methods alone left out
    assert found["margin_sampling", "passive"] == (1, 1) and found["passive", "margin_sampling"] == (1, 1)
    assert found["badge", "passive"] == (1, 0) and found["passive", "badge"] == (0, 1)


def test_the_most_winning_method_stands_above() -> None:
    assert wins.caption(STUDY).endswith(".")
    with _style.applied("x"):
        axis = wins.draw(results(FOUND)).axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()][-1] == "passive"
    shown = {text.get_position(): text.get_text() for text in axis.texts}
    assert len(shown) == 6 and "+1 −1" in shown.values()
