"""The figure of sampled points: errors of every problem above, one square a scheme below."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.commands import stages
from pipeline.exhibits import figures
from pipeline.exhibits.cells import Results
from pipeline.exhibits.figures import _curves
from pipeline.planning import load as planning
from tests.kit import project

STUDY = "bought"
FEW = {"degree": 2, "side": 50, "steps": 2}
SCHEMES = ["pivotal", "bernoulli", "pivotal uniform", "bernoulli uniform"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    project.make(folder)
    for path in (folder / "studies").glob("*.yaml"):
        path.unlink()
    study: dict[str, Any] = {
        "title": "Bought",
        "protocol": "theory",
        "further_metrics": ["violation", "deviation", "log_ratio", "level", "holds"],
        "budget": {"smoke": {"repetitions": 2}},
        "variants": {"default": {}, "heat": {"settings": {"target": "heat"}, "methods": ["pivotal_leverage"]}},
        "methods": [
            {"key": "pivotal_leverage", "settings": FEW},
            {"key": "pivotal_coverage", "settings": {"samples": 12, "degree": 2}},
        ],
        "figures": ["sampled_points"],
    }
    project.write(folder / f"studies/{STUDY}.yaml", study)
    project.write(folder / "params.yaml", {"tier": "smoke", "studies": [STUDY]})
    project.edit(folder / "papers/label_smoothing.yaml", claims=[])
    monkeypatch.chdir(folder)
    return folder


def test_problems_stand_above_and_samples_below(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = planning.load()
    for run in plan.runs:
        stages.evaluate(run, plan, Path())
    results = Results(plan, STUDY)
    drawn = figures.module("sampled_points").draw(results)
    above, below = (part.axes for part in drawn.subfigs)
    assert [axis.get_title().split("\n")[1] for axis in above] == ["default", "heat"]
    for axis in above:
        *lines, everything = axis.lines
        assert [line.get_label() for line in lines] == SCHEMES
        assert (lines[0].get_ydata() > everything.get_ydata()[0]).all(), "no sample is better than all labels"
    assert [axis.get_title() for axis in below] == SCHEMES
    for axis in below:
        across, up = axis.lines[0].get_data()
        assert len(across) == 12 and abs(across).max() <= 1 and abs(up).max() <= 1
    monkeypatch.setattr(_curves, "arrays", lambda _: {})
    drawn = figures.module("sampled_points").draw(results)
    assert drawn.axes == [] and "was made here" in drawn.texts[0].get_text(), "published results have no arrays"
