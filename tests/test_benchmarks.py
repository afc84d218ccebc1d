"""Every benchmark runs, in miniature: what it measures is not looked at."""

import importlib.machinery
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
import torch

from benchmarks import __main__ as benchmarks
from benchmarks import aggregation, coverage, encoders, exhibits, planning, sanity, step, throughput
from pipeline import modalities
from pipeline.errors import UserError
from tests.kit import project

TESTED = {aggregation, coverage, encoders, exhibits, planning, sanity, step, throughput}


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


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.make(tmp_path / "project", own=True, data=True))


class NTXentLoss:
    """Stands in for lightly's."""

    def __init__(self, temperature: float) -> None:
        self.temperature = temperature

    def __call__(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return ((one - other) / self.temperature).square().mean()


def transform(input_size: int, **strengths: object) -> Callable[[object], list[torch.Tensor]]:
    """Stands in for lightly's transform."""
    assert len(strengths) == 10
    return lambda image: [torch.randn(1, input_size, input_size)] * 2


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.usefixtures("prepared")
def test_throughput(monkeypatch: pytest.MonkeyPatch, there: bool) -> None:
    parts = {
        "lightly": {"__spec__": importlib.machinery.ModuleSpec("lightly", None)},
        "lightly.loss": {"NTXentLoss": NTXentLoss},
        "lightly.transforms": {"SimCLRTransform": transform},
    }
    for name, content in parts.items() if there else [("lightly", None)]:
        module = None if content is None else ModuleType(name)
        vars(module).update(content) if module else None
        monkeypatch.setitem(sys.modules, name, module)
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    lines = list(throughput.run("smoke", examples=256, rounds=1, seconds=0.1))
    loops = 2 if there else 1  # beside ours, of SimCLR
    compared = [name for name in ("simclr", "simclr, 28 pixels, batch 256") for _ in range(loops)] + ["cross_entropy"]
    lines, rest = lines[: len(compared)], lines[len(compared) :]
    assert [line.split(":")[0] for line in lines] == compared
    if there:
        assert [line.split("training: ")[1].split()[0] for line in rest] == ["ours", "lightly"]
    else:
        assert rest == ["lightly is not installed: pip install -r benchmarks/requirements.txt"]
    assert all(" images/s, " in line and " loop " in line for line in lines)
    assert before is None or os.sched_getaffinity(0) == before


@pytest.mark.usefixtures("prepared")
def test_step() -> None:
    lines = list(step.run("smoke", (8, 16), 1))
    assert [line.split(":")[0] for line in lines] == ["simclr", "cross_entropy"]
    assert all("; without images " in line for line in lines)


@pytest.mark.usefixtures("prepared")
def test_encoders() -> None:
    tasks = ("cross-entropy, 14 pixels", "SimCLR, 16 pixels")
    few = {"8p 8p": ((8, 3, 1, True), (8, 3, 1, True)), "8/4": ((8, 5, 4, False),)}
    lines = list(encoders.run("smoke", few, tasks, seconds=(0.01, 0.02), rates=(0.01,), rounds=1))
    assert [line.split(" | ")[:2] for line in lines] == [[task, name] for task in tasks for name in few]
    assert all(len(line.split(" | ")) == 5 for line in lines)


def test_exhibits() -> None:
    lines = list(exhibits.run(((2, 5),)))
    assert [line.split(": ")[0] for line in lines] == [
        "tables of 120 runs",
        "tables of 120 runs again",
        "claims of 120 runs",
        "report of 120 runs",
    ]


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
