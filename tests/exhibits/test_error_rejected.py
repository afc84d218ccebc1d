"""Curves of errors against what is rejected, on fabricated runs: means over seeds of methods that predict a quality."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.exhibits import cells, figures
from pipeline.exhibits.figures import _style
from pipeline.planning.model import Study
from tests.kit import exhibits as kit

STUDY = {
    "key": "embedded",
    "title": "t",
    "protocol": "p",
    "dataset": "glyphs",
    "baseline": "b",
    "metrics": {"recall_1": "higher"},
    "further_metrics": ["auerc"],
    "budget": {"laptop": {"epochs": 1}},
    "variants": {"default": {}, "worse": {"methods": ["b", "c"]}},
    "methods": ["b", "c"],
}


def made(folder: Path, predicting: str) -> cells.Results:
    runs = []
    for method in "bc":
        for variant in ("default", "worse"):
            for seed in (0, 1):
                path = f"runs/embedded/{method}/{variant}-s{seed}-0"
                run = kit.Run(f"{variant}{method}{seed}", "embedded", "glyphs", method, variant, seed, {}, path, (), "")
                runs.append(run)
                level = 0.2 + 0.2 * seed
                arrays: dict[str, Any] = {"labels": np.zeros(3)}
                if method in predicting:
                    names = ("rejected_own", "rejected_norm", "rejected_random")
                    arrays |= {name: np.linspace(level, level / (1 + k), 31) for k, name in enumerate(names)}
                named = {n: getattr(run, n) for n in ("id", "study", "dataset", "method", "variant", "seed", "paper")}
                result = {"tier": "laptop", "status": "ok", "reason": None, "metrics": {"recall_1": 5.0}}
                kit.write_run(folder, run, named | result | {"settings": {}}, arrays)
    plan = kit.Plan({"embedded": Study.model_validate(STUDY)}, tuple(runs))
    return cells.Results(plan, "embedded", folder)


def drawn(of: Any) -> Any:
    with _style.applied("x"):
        figure = figures.module("error_rejected").draw(of)
        figure.draw_without_rendering()
    return figure


def test_it_applies_where_the_area_is_measured() -> None:
    study = Study.model_validate(STUDY)
    assert "error_rejected" in figures.names(study)
    assert "error_rejected" not in figures.names(study.model_copy(update={"further_metrics": []}))


def test_three_curves_of_what_predicts(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, "c"))
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["default", "worse"]
    for axis in figure.axes:
        lines = [line for line in axis.lines if len(line.get_xdata()) == 31]
        assert len(lines) == 3
        assert lines[0].get_ydata() == pytest.approx(np.full(31, 30.0))
        assert lines[1].get_ydata()[-1] == pytest.approx(15)
        assert lines[1].get_xdata()[-1] == pytest.approx(30)


def test_without_any_it_says_so(tmp_path: Path) -> None:
    figure = drawn(made(tmp_path, ""))
    assert not figure.axes and figure.texts[0].get_text().startswith("No run of this study")
