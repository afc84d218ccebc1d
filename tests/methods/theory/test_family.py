"""What every check of a theorem must be, whichever it is: planned, repeatable, and named after metrics."""

import dataclasses
from typing import Any

import numpy as np
import pytest
import torch

from pipeline import metrics
from pipeline.commands import stages
from pipeline.errors import UserError
from pipeline.methods.theory import Array, Check, Random, Sweep
from pipeline.planning import code, expand, load
from pipeline.planning.model import Run
from pipeline.protocols.theory import run as protocol
from pipeline.training.job import Recipe
from tests.kit import project

CHECKS = sorted(key for key in code.method_modules() if code.method(key).kind == "check")


def planned() -> list[Run]:
    """The runs of all studies of theorems at the smoke tier."""
    studies = {key: load.study(project.HERE, key, "smoke") for key in load.written(project.HERE)}
    theorems = {key: study for key, study in studies.items() if study.protocol == "theory"}
    runs = expand.runs(theorems, load.Params(tier="smoke", studies=list(theorems)))
    return [run for of_study in runs.values() for run in of_study]


RUNS = {f"{run.method}, {run.variant}": run for run in planned()}


def test_every_check_is_in_a_study() -> None:
    assert {run.method for run in RUNS.values()} == set(CHECKS)


@pytest.mark.parametrize("name", RUNS)
def test_a_check_measures_the_same_again_by_names_of_metrics(name: str) -> None:
    run = RUNS[name]
    recipe = stages.recipe(run)
    few = dataclasses.replace(recipe, settings={**recipe.settings, "repetitions": 2})
    first, again = (protocol.Evidence(few) for _ in range(2))
    assert first.quantities.keys() == again.quantities.keys() and first.quantities
    for quantity, values in first.quantities.items():
        assert torch.equal(values, again.quantities[quantity]), quantity
        assert values.isfinite().all(), quantity
        low, high = metrics.describe(quantity).bounds
        assert low <= values.min() and values.max() <= high, quantity
    measured = metrics.measure(first, run.metrics)
    assert measured.values.keys() == first.quantities.keys() and not measured.absent
    for quantity, line in first.arrays().items():
        if quantity.startswith("predicted_"):
            assert f"curve_{quantity.removeprefix('predicted_')}" in first.arrays() and line.isfinite().all()


# --- the family ---


class Mean(Sweep):
    """The mean of normal draws, and the first of them."""

    smallest, largest, steps = 2, 32, 5

    def draw(self, size: int, random: Random) -> Any:
        return random.normal(size=size)

    def measure(self, sample: Array, size: int) -> dict[str, float]:
        return {"first": float(sample[0]), "mean": float(sample.mean())}

    def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
        return {"gap": curves["first"][:, 0] - curves["first"][:, -1], "level_mean": curves["mean"][:, -1]}


class Once(Check):
    draws = False

    def measure(self, sample: Random, size: int) -> dict[str, float]:
        return {"level": 3.0}


def evidence(check: type[Check], monkeypatch: pytest.MonkeyPatch, study: str = "s", repetitions: int = 6) -> Any:
    monkeypatch.setattr(protocol.lookup, "module", lambda _: __import__("types").SimpleNamespace(Made=check))
    settings = {"method": {}, "repetitions": repetitions}
    return protocol.Evidence(Recipe(("", "Made"), "", "theory", settings, "", study, 0))


def test_sizes_grow_geometrically_and_repetitions_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    found = evidence(Mean, monkeypatch)
    assert found.sizes == [2, 4, 8, 16, 32]
    assert found.curves["mean"].shape == (6, 5)
    assert len(set(found.curves["first"][:, 0].tolist())) == 6


def test_a_smaller_size_begins_as_a_larger_one_and_checks_share_their_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    found = evidence(Mean, monkeypatch)
    assert not found.quantities["gap"].any()

    class Other(Mean):
        pass

    assert np.array_equal(evidence(Other, monkeypatch).curves["first"], found.curves["first"])
    assert not np.array_equal(evidence(Other, monkeypatch, study="t").curves["first"], found.curves["first"])
    fewer = evidence(Mean, monkeypatch, repetitions=2)
    assert np.array_equal(fewer.curves["mean"], found.curves["mean"][:2]), "more repetitions change none"


def test_where_nothing_is_drawn_one_repetition_stands_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    class Counted(Once):
        def measure(self, sample: Random, size: int) -> dict[str, float]:
            calls.append(size)
            return super().measure(sample, size)

    assert evidence(Counted, monkeypatch).quantities["level"].tolist() == [3.0] * 6
    assert calls == [1]


def test_what_is_not_a_value_a_repetition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Scalar(Once):
        def summary(self, sizes: list[int], curves: dict[str, Array]) -> dict[str, Array]:
            return {"level": np.array(3.0)}

    class Uneven(Mean):
        def measure(self, sample: Array, size: int) -> dict[str, float]:
            return {f"mean_{size}": 0.0}

    with pytest.raises(UserError, match="'Scalar': level: not a value a repetition"):
        _ = evidence(Scalar, monkeypatch).quantities
    with pytest.raises(UserError, match="'Uneven': measures other quantities at some size"):
        _ = evidence(Uneven, monkeypatch).quantities


def test_a_run_has_no_data_and_its_check_is_its_code() -> None:
    run = next(iter(RUNS.values()))
    assert (run.dataset, run.modality, run.recipes, run.trained_on, run.trains) == ("", "", {}, (), False)
    assert dataclasses.replace(run).path.startswith(f"runs/{run.study}/{run.method}/")
