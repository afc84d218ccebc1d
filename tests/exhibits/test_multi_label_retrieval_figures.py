"""Precision and recall by method on fabricated estimates: what is drawn is what the table has."""

from types import SimpleNamespace

import pytest

from pipeline.exhibits.figures import _style, labels_found

MEANS = {"a": (3.0, 3.0, 2.0, 20.0, 1.0, 0.0), "b": (70.0, 50.0, 40.0, 80.0, 60.0, 30.0)}
NAMES = [*labels_found.NAMED.values(), *labels_found.BY_FREQUENCY.values()]


def results(means=MEANS, missing=()):
    def cell(values):
        found = {n: SimpleNamespace(mean=v, low=v - 1, high=v + 1) for n, v in zip(NAMES, values, strict=True)}
        return SimpleNamespace(estimate=lambda name: None if name in missing else found[name])

    entries = [SimpleNamespace(key="a", reference=True), SimpleNamespace(key="b", reference=False)]
    return SimpleNamespace(
        study=SimpleNamespace(methods=entries),
        cells={("default", method): cell(values) for method, values in means.items()},
        variants=lambda: ["default"],
        methods=lambda variant: list(means),
    )


def drawn(of):
    with _style.applied("x"):
        figure = labels_found.draw(of)
        figure.draw_without_rendering()
    return figure


def test_it_applies_where_the_metrics_are():
    measured = ["precision_1", "precision_3", "precision_5", "recall_10"]
    assert labels_found.applies(SimpleNamespace(measured=measured))
    assert not labels_found.applies(SimpleNamespace(measured=measured[1:]))
    assert labels_found.caption(SimpleNamespace()).endswith(".")


def test_lines_are_the_estimates_and_references_dashed():
    figure = drawn(results())
    assert len(figure.axes) == 2
    for axis, part in zip(figure.axes, (slice(0, 3), slice(3, 6)), strict=True):
        assert [list(line.get_ydata()) for line in axis.lines] == [list(values[part]) for values in MEANS.values()]
        assert [line.get_linestyle() for line in axis.lines] == ["--", "-"]
    assert [text.get_text() for text in figure.axes[1].get_xticklabels()] == ["frequent", "medium", "rare"]


@pytest.mark.parametrize(("missing", "lines"), [(["recall_10_rare"], [2, 0]), (NAMES, None)])
def test_what_is_not_there_is_left_out(missing, lines):
    figure = drawn(results(missing=missing))
    assert (not figure.axes) if lines is None else [len(axis.lines) for axis in figure.axes] == lines
