"""Every benchmark runs, in miniature: what it measures is not looked at."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks import __main__ as benchmarks
from benchmarks import aggregation, coverage, planning, sanity, throughput
from pipeline import modalities
from pipeline.errors import UserError
from tests.kit import project

TESTED = {aggregation, coverage, planning, sanity, throughput}


def test_every_benchmark_is_tested(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert {f"benchmarks.{name}" for name in benchmarks.NAMES} == {module.__name__ for module in TESTED}
    monkeypatch.setattr("sys.argv", ["benchmarks", "througput"])
    assert benchmarks.main() == 2
    assert capsys.readouterr().err.startswith("benchmarks: unknown benchmark 'througput'; known: aggregation")


def test_aggregation_and_planning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.HERE)
    (line,) = aggregation.run(methods=3)
    assert line.startswith("30 files, 45 rows in ")
    told = [line.partition(" in ")[0] for line in planning.run((3, 3, 2), (3, 3, 1))]
    assert told == ["18 runs planned", "9 runs planned", "9 runs dry-run by Snakemake"]


def test_throughput(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.make(tmp_path / "project", own=True, data=True))
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    lines = list(throughput.run("smoke", examples=256, rounds=1))
    assert True
    assert all(" images/s, plain loop " in line for line in lines)
    assert before is None or os.sched_getaffinity(0) == before


def test_coverage() -> None:
    lines = list(coverage.run({10: 5}))
    assert len(lines) == 1 + len(coverage.KINDS) * len(coverage.SPREADS) * len(coverage.SEEDS)
    assert all(line.count("|") == 5 for line in lines)


def test_sanity(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_download(*_: object) -> None:
        raise UserError("no download")

    monkeypatch.setattr(modalities, "prepare", no_download)
    assert list(sanity.run()) == ["not run: no download"]
    images, labels = torch.randint(0, 256, (40, 1, 4, 4), dtype=torch.uint8), torch.arange(40) % 10
    data = SimpleNamespace(train_inputs=images, train_labels=labels, test_inputs=images, test_labels=labels)
    monkeypatch.setattr(modalities, "prepare", lambda *_: None)
    monkeypatch.setattr(modalities, "load", lambda *_: data)
    assert [line.partition(":")[0] for line in sanity.run()] == [
        "5-NN on standardised pixels",
        "5-NN on raw pixels",
    ]
