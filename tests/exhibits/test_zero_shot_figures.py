"""Figures of seen and unseen classes: curves through the table's own point, and made examples in one plane."""

from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.exhibits.figures import made_examples, seen_unseen

LABELS = np.repeat(np.arange(5), 6)
DRAWS = np.random.default_rng(0)
ARRAYS = {
    "labels": LABELS,
    "of_seen": LABELS < 3,
    "lead": DRAWS.normal(size=30) + (LABELS < 3),
    "right_within": DRAWS.random(30) < 0.8,
}
PLANE = {
    "made_plane": DRAWS.normal(size=(20, 2)),
    "made_labels": np.arange(20) % 4,
    "made_from": np.arange(20) >= 8,
}


def results(**arrays):
    run = SimpleNamespace(seed=0)
    cells = {
        (variant, method): SimpleNamespace(runs=[run], examples={0: own})
        for (variant, method), own in ((tuple(name.split(".")), own) for name, own in arrays.items())
    }
    return SimpleNamespace(cells=cells, variants=lambda: ["default", "other"])


def test_curves_pass_through_what_the_table_has_and_end_on_both_axes():
    drawn = seen_unseen.draw(results(**{"default.a": ARRAYS, "default.b": {}, "other.a": ARRAYS}))
    assert len(drawn.axes) == 2
    curve, mark = drawn.axes[0].lines
    right = ARRAYS["right_within"] & (ARRAYS["of_seen"] == (ARRAYS["lead"] >= 0))
    expected = [100 * np.mean([right[c == LABELS].mean() for c in own]) for own in ((3, 4), (0, 1, 2))]
    assert [mark.get_xdata()[0], mark.get_ydata()[0]] == pytest.approx(expected)
    # the more is taken off, the fewer images of seen classes are right, and the more of unseen ones
    assert (np.diff(curve.get_xdata()) >= 0).all() and (np.diff(curve.get_ydata()) <= 0).all()
    assert curve.get_xdata()[0] == 0.0 and curve.get_ydata()[-1] == 0.0


def test_a_class_has_one_colour_for_real_and_made_examples():
    drawn = made_examples.draw(results(**{"default.a": PLANE, "default.b": ARRAYS}))
    (axis,) = drawn.axes
    colours = [line.get_color() for line in axis.lines]
    assert len(axis.lines) == 8 and colours[::2] == colours[1::2] and len(set(colours)) == 4
    assert sum(len(line.get_xdata()) for line in axis.lines) == 20


@pytest.mark.parametrize("module", [seen_unseen, made_examples])
def test_without_predictions_it_says_so(module):
    assert module.draw(results(**{"default.a": {}})).texts
    assert module.applies(SimpleNamespace(measured=["ausuc", "synthesis_error"])) and module.caption(None)
    assert not module.applies(SimpleNamespace(measured=["top1"]))
