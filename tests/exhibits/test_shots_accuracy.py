"""The figure of accuracy against shots: which tasks make a line, and which variants are of equal and unequal shares."""

from types import SimpleNamespace
from typing import Any

from pipeline.exhibits.figures import _style, shots_accuracy

TASKS = [
    {"name": "five_shots", "ways": 5, "shots": 5},
    {"name": "one_shot", "ways": 5, "shots": 1},
    {"name": "twenty_ways", "ways": 20, "shots": 1},
]
FEWER = {"tasks": TASKS[1:2]}
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "fewer": {**FEWER, "methods": ["nearest_centroid", "baseline_pp"]},
    "unequal": {**FEWER, "query_concentration": 2.0, "methods": ["nearest_centroid", "baseline_pp"]},
    "unmoved": {**FEWER, "query_concentration": 2.0, "methods": ["baseline_pp"], "settings": {"shifted": False}},
}


def estimate(mean: float) -> Any:
    return SimpleNamespace(mean=mean, low=mean - 1, high=mean + 1)


def cell(variant: str, method: str, values: dict[str, float]) -> Any:
    run = SimpleNamespace(settings={"tasks": VARIANTS[variant].get("tasks", TASKS)})
    return SimpleNamespace(runs=[run], estimate=lambda name: estimate(values[name]) if name in values else None)


def made() -> Any:
    cells = {}
    for number, method in enumerate(("nearest_centroid", "baseline_pp", "proto_net")):
        values = {f"episode_top1_{task['name']}": 50.0 + 10 * number + task["shots"] for task in TASKS}
        cells["default", method] = cell("default", method, values)
    for variant, gain in (("fewer", 6.0), ("unequal", -4.0), ("unmoved", 1.0)):
        cells[variant, "nearest_centroid"] = cell(variant, "nearest_centroid", {"over_centroid_one_shot": 0.0})
        cells[variant, "baseline_pp"] = cell(variant, "baseline_pp", {"over_centroid_one_shot": gain})
    del cells["unmoved", "nearest_centroid"]
    return SimpleNamespace(
        cells=cells,
        study=SimpleNamespace(variants=VARIANTS, measured=["episode_top1_one_shot", "over_centroid"]),
        variants=lambda: list(VARIANTS),
        methods=lambda variant: [method for of, method in cells if of == variant],
    )


def test_lines_are_of_one_number_of_classes_and_panels_of_encoders() -> None:
    panels = {title: lines for title, _, lines in shots_accuracy._panels(made())}
    assert {title: list(lines) for title, lines in panels.items()} == {
        "on one encoder": ["nearest_centroid", "baseline_pp"],
        "encoders of their own": ["proto_net"],
        "gain from queries": ["baseline_pp", "baseline_pp, shifted False"],
    }
    assert [(x, e.mean) for x, e in panels["on one encoder"]["baseline_pp"]] == [(1, 61.0), (5, 65.0)]
    gains = panels["gain from queries"]
    assert [(x, e.mean) for x, e in gains["baseline_pp"]] == [("equal", 6.0), ("unequal", -4.0)]
    assert [(x, e.mean) for x, e in gains["baseline_pp, shifted False"]] == [("unequal", 1.0)]


def test_it_is_drawn_and_captioned() -> None:
    results = made()
    with _style.applied("x"):
        figure = shots_accuracy.draw(results)
    assert len(figure.axes) == 3 and all(axis.lines for axis in figure.axes)
    assert [label.get_text() for label in figure.axes[2].get_xticklabels()] == ["equal", "unequal"]
    assert shots_accuracy.applies(results.study) and shots_accuracy.caption(results.study).endswith(".")
    assert not shots_accuracy.applies(SimpleNamespace(measured=["top1"]))


def test_without_runs_it_says_so() -> None:
    nothing = SimpleNamespace(cells={}, variants=list, study=SimpleNamespace(variants={}), methods=lambda _: [])
    assert shots_accuracy.draw(nothing).texts
