"""Estimates that are kept: the same numbers without a run's predictions, and none of other runs or other code."""

from pathlib import Path
from typing import Any

import pytest

from pipeline.exhibits import cells, estimates, frame
from pipeline.exhibits.tables import csv
from tests.kit import exhibits as kit


class Blind(frame.Files):
    """Run folders whose predictions nobody may read."""

    def examples(self, run: Any, features: bool = False) -> Any:
        raise AssertionError(f"predictions of {run.path} were read")


@pytest.fixture
def made(tmp_path: Path) -> Any:
    plan = kit.plan(2, [kit.large(6)])
    kit.write(tmp_path, plan)
    return plan


def written(plan: Any, root: Path, records: type[frame.Files] = frame.Files) -> str:
    results = cells.Results(plan, "ssl", root, records(root))
    text = csv.text(results)
    results.known.keep("table")
    return text


def test_a_second_table_has_the_same_bytes_and_reads_no_predictions(made: Any, tmp_path: Path) -> None:
    first = written(made, tmp_path)
    assert written(made, tmp_path, Blind) == first
    assert written(made, tmp_path, Blind) == first  # what was only looked up is kept too


def test_a_run_that_was_made_again_has_its_numbers_computed(made: Any, tmp_path: Path) -> None:
    first = written(made, tmp_path)
    run = next(run for run in made.runs if run.method == "dcl")
    result = frame.Files(tmp_path).results([run])[0]
    arrays = frame.Files(tmp_path).examples(run)
    moved = {**arrays, "example_linear_top1": 100 - arrays["example_linear_top1"]}
    metrics = {**result["metrics"], "linear_top1": float(moved["example_linear_top1"].mean(dtype="float64"))}
    kit.write_run(tmp_path, run, {**result, "metrics": metrics}, moved)
    again = written(made, tmp_path)
    changed = {a for a, b in zip(first.splitlines(), again.splitlines(), strict=True) if a != b}
    assert {line.split(",")[2] for line in changed} == {"dcl"}
    assert written(made, tmp_path, Blind) == again


@pytest.mark.parametrize("harm", ["cut", "code"])
def test_a_file_that_is_spoilt_or_of_other_code_counts_for_nothing(
    made: Any, tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = written(made, tmp_path)
    (path,) = (tmp_path / estimates.FOLDER / "ssl").iterdir()
    if harm == "cut":
        path.write_text(path.read_text(encoding="utf-8")[:-40], encoding="utf-8")
    else:
        monkeypatch.setattr(estimates.identity, "digest", lambda *_: "other")
    with pytest.raises(AssertionError, match="were read"):
        written(made, tmp_path, Blind)
    assert written(made, tmp_path) == first
