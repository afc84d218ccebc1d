"""Runs made here against published ones."""

from typing import Any

import pytest

from pipeline.publishing import compare
from pipeline.publishing.compare import Comparison, Difference
from tests.kit import published as kit

PUBLISHED = kit.of(*(kit.line(seed, top1=50 + seed, nll="0.5") for seed in (0, 1, 2)))
"""top1 has a standard deviation of 1 over seeds, nll of none."""
OTHER = {"model": "6-143-8"}


def compared(metrics: dict[str, float], status: str = "ok", **device: Any) -> Comparison:
    """With the published run of seed 0: top1 is 50, nll 0.5."""
    result = kit.result(metrics, status, **device)
    return compare.run(result, PUBLISHED.by_id["plain-0"], compare.spreads(PUBLISHED))


@pytest.mark.parametrize("device", [{}, OTHER])
def test_what_is_the_same_to_the_published_digits_is_identical(device: dict[str, Any]) -> None:
    found = compared({"top1": 50.0000004, "nll": 0.4999996}, **device)
    assert found == Comparison("identical", None, alike=not device)


def test_on_the_same_machine_any_difference_is_off() -> None:
    found = compared({"top1": 50.000001, "nll": 0.5})
    assert found == Comparison("off", Difference("top1", 50.000001, 50.0, 1.0), alike=True)


@pytest.mark.parametrize("device", [{"name": "Another"}, OTHER, {"precision": "bf16"}, {"threads": 2}])
def test_elsewhere_a_difference_within_the_spread_of_seeds_is_none_of_the_runs(device: dict[str, Any]) -> None:
    assert compared({"top1": 55.9, "nll": 0.5}, **device).outcome == "within"
    found = compared({"top1": 56.1, "nll": 0.5}, **device)
    assert (found.outcome, found.worst) == ("off", Difference("top1", 56.1, 50.0, 1.0))


def test_with_other_versions_it_is_another_machine() -> None:
    result = kit.result({"top1": 51.0, "nll": 0.5}) | {"versions": {**kit.VERSIONS, "torch": "2.14.0"}}
    found = compare.run(result, PUBLISHED.by_id["plain-0"], compare.spreads(PUBLISHED))
    assert (found.outcome, found.alike) == ("within", False)


def test_what_differs_most_is_told_in_units_of_its_spread() -> None:
    assert compared({"top1": 52.0, "nll": 0.5029}, **OTHER).worst == Difference("nll", 0.5029, 0.5, 0.0)
    assert compared({"top1": 54.0, "nll": 0.5001}, **OTHER).worst == Difference("top1", 54.0, 50.0, 1.0)


@pytest.mark.parametrize(("nll", "outcome"), [(0.5029, "within"), (0.5031, "off"), (0.4969, "off")])
def test_where_seeds_do_not_differ_a_little_is_allowed(nll: float, outcome: str) -> None:
    assert compared({"top1": 50.0, "nll": nll}, **OTHER).outcome == outcome


@pytest.mark.parametrize("device", [{}, OTHER])
@pytest.mark.parametrize("metrics", [{"top1": 50.0}, {"top1": 50.0, "nll": 0.5, "ece": 1.0}])
def test_a_metric_on_one_side_only_is_off(metrics: dict[str, float], device: dict[str, Any]) -> None:
    assert compared(metrics, **device).outcome == "off"


def test_another_status_is_off_and_the_same_loss_is_identical() -> None:
    found = compared({}, "diverged", **OTHER)
    assert (found.outcome, found.worst) == ("off", Difference("status", "diverged", "ok", 0.0))
    lost = kit.of(kit.line(0, status="failed", top1=""))
    same = compare.run(kit.result({}, "failed"), lost.runs[0], compare.spreads(lost))
    assert same.outcome == "identical"


def test_a_cells_spread_is_at_least_the_typical_one() -> None:
    """Three seeds that agree by chance would have any other machine be off."""
    wide = [kit.line(seed, method, top1=50 + step * seed) for method, step in (("a", 1), ("b", 2)) for seed in range(3)]
    still = [kit.line(seed, "still", top1=50) for seed in range(3)]
    found = compare.spreads(kit.of(*wide, *still, kit.line(0, "once", top1=50, nll=1)))
    spread = {method: value for (_, method, metric), value in found.items() if metric == "top1"}
    assert spread == {"a": 1.5, "b": 2.0, "still": 1.5, "once": 1.5}
    assert found["default", "once", "nll"] == 0.0


def test_of_several_runs_the_worst_counts() -> None:
    assert compare.worst(["identical", "off", "within"]) == "off"
    assert compare.worst(["identical", "within"]) == "within"
