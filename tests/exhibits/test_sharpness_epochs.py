"""The figure of sharpness over epochs: its curves, and the edges beside them."""

from types import SimpleNamespace

import pytest

from pipeline.exhibits.figures import _style, sharpness_epochs


def results(rows):
    cells = {("edge", method): SimpleNamespace(runs=[own, own]) for method, own in rows.items()}
    return SimpleNamespace(cells=cells, records=SimpleNamespace(history=lambda run: run))


def test_lines_lie_at_both_edges():
    plain = [{"epoch": e, "learning_rate": 0.1, "lambda_max": 20.0 - 9 / e} for e in range(1, 4)]
    sam = [{**row, "ascent": 0.2} for row in plain]
    with _style.applied("test"):
        figure = sharpness_epochs.draw(results({"gd": plain, "sam": sam}))
    axis = figure.axes[0]
    levels = sorted({line.get_ydata()[0] for line in axis.lines if line.get_linestyle() in (":", "--")})
    assert levels[-1] == pytest.approx(20)
    assert 0.1 * levels[0] * (1 + 0.2 * levels[0]) == pytest.approx(2)
    assert axis.lines[0].get_ydata()[-1] == 17.0


def test_it_says_where_there_is_nothing():
    with _style.applied("test"):
        figure = sharpness_epochs.draw(results({"gd": [{"epoch": 1, "learning_rate": 0.1}]}))
    assert "tracked" in figure.texts[0].get_text()
