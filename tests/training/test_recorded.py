"""What a training's record says survives a kill together with the training's state."""

import time
from pathlib import Path
from typing import Any

import pytest

from pipeline import modalities
from pipeline.commands import stages
from pipeline.ops.convergence import not_converged
from pipeline.planning import data
from pipeline.planning import load as planning
from pipeline.training import checkpoint, loop
from pipeline.training.recorded import Kept
from tests.kit import project


class KilledError(Exception):
    pass


def test_warnings_seconds_and_the_beginning_are_those_of_the_whole_training(tmp_path: Path) -> None:
    record: dict[str, Any] = {"warnings": ["a", "b"], "started": "then"}
    first = Kept(tmp_path / "state", "mine", record)
    assert first.load() is None
    time.sleep(0.02)
    first.save({"rows": []})
    later: dict[str, Any] = {"warnings": ["b", "c"], "started": "now"}
    second = Kept(tmp_path / "state", "mine", later)
    assert second.load() is not None
    assert later == {"warnings": ["a", "b", "c"], "started": "then"}
    assert second.seconds >= 0.02
    # a state of an earlier version says nothing of the record
    checkpoint.Kept(tmp_path / "state", "mine").save({"rows": []})
    third = Kept(tmp_path / "state", "mine", later)
    assert third.load() is not None and later["started"] == "then"


def test_a_warning_before_a_kill_is_in_the_record_after_the_resumption(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project.make(tmp_path / "project", data=True)
    modalities.prepare("fashion_mnist", folder, data.code("fashion_mnist"))
    monkeypatch.chdir(folder)
    project.edit(folder / "studies/classification.yaml", budget__smoke__epochs=3)
    monkeypatch.setenv("RECOUNT_CHECKPOINT_SECONDS", "0")
    plan = planning.load(only="classification")
    run, epoch = plan.study_runs("classification")[0], loop._epoch
    (folder / run.trained).mkdir(parents=True)

    def warning(job: Any, phase: Any, optimizers: Any, average: Any, number: int) -> Any:
        if number == 0:
            not_converged("a solver", 3, "much was left")
        return epoch(job, phase, optimizers, average, number)

    def killed(row: dict[str, Any]) -> None:
        if row["epoch"] == 2:
            raise KilledError

    monkeypatch.setattr(loop, "_epoch", warning)
    with pytest.raises(KilledError):
        stages.train(run, plan, folder, killed)
    assert (folder / run.trained / stages.CHECKPOINT).exists()
    reported: list[Any] = []
    record = stages.train(run, plan, folder, reported.append)
    assert [row["epoch"] for row in reported] == [2, 3]
    assert record["warnings"] == ["a solver did not converge: stopped after 3 steps, much was left"]
    assert record["seconds"] > sum(row["seconds"] for row in reported)
