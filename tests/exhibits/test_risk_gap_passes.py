"""The figure of how near methods come to a risk's minimum: a curve a method, from the start, a panel a variant."""

from types import SimpleNamespace

from pipeline.exhibits.figures import risk_gap_passes


def cell(*values):
    metrics = {f"risk_course_{10 * tenth}": value for tenth, value in enumerate(values, 1)}

    def estimate(name):
        return SimpleNamespace(mean=metrics[name], low=metrics[name] - 0.1, high=metrics[name] + 0.1)

    return SimpleNamespace(metrics=metrics, estimate=estimate, runs=[SimpleNamespace(settings={"epochs": 30})])


def results(cells):
    study = SimpleNamespace(
        methods=[SimpleNamespace(key=key) for key in ("a", "b", "best")], ceiling=SimpleNamespace(method="best")
    )
    return SimpleNamespace(cells=cells, study=study, variants=lambda: ["default", "alone"])


def test_a_curve_for_each_method_but_the_ceiling():
    falling, flat = cell(*range(-1, -11, -1)), cell(*[-2.0] * 10)
    cells = {("default", "a"): falling, ("default", "b"): flat, ("default", "best"): flat, ("alone", "a"): falling}
    drawn = risk_gap_passes.draw(results(cells))
    axis, *others = [each for each in drawn.axes if each.get_title()]
    assert not others and axis.get_title() == "default"
    curves = {line.get_label(): line for line in axis.lines if len(line.get_xdata()) == 11}
    assert set(curves) == {"a", "b"}
    assert list(curves["a"].get_xdata()) == list(range(0, 33, 3))
    assert list(curves["a"].get_ydata()) == list(range(0, -11, -1))


def test_it_is_for_studies_that_measure_it_and_says_where_nothing_is():
    assert risk_gap_passes.applies(SimpleNamespace(measured=["risk_course"])) and risk_gap_passes.caption(None)
    assert not risk_gap_passes.applies(SimpleNamespace(measured=["top1"]))
    assert risk_gap_passes.draw(results({})).texts
