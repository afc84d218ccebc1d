"""Every metric's file: what it states of itself, what it may be asked, and that its numbers are what it states."""

import ast
import functools
import importlib
import math
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.exhibits import labels
from pipeline.metrics import check, describe, known, measure
from tests.kit.evidence import PROTOCOLS, ood, self_supervised, supervised

ROOT = Path(metrics.__file__).parents[2]
GOOD, POOR = ({name: made(good) for name, made in PROTOCOLS.items()} for good in (True, False))
EVERYTHING = {need for name in known() for need in describe(name).needs}
ABSENT_WITHOUT_ERRORS = {"error_confidence", "confidence_gap", "distance_correlation", "similar_errors"}
"""The good classifier makes none."""
BETTER_SPREAD_THAN_CLUSTERED = {"uniformity", "effective_rank"}


def places(name):
    """The protocols that have what the metric needs."""
    return [key for key, made in POOR.items() if all(hasattr(made, need) for need in describe(name).needs)]


@pytest.mark.parametrize("name", known())
def test_a_metric_states_what_it_is(name):
    metric, module = describe(name), importlib.import_module(f"pipeline.metrics.{name}")
    assert (metric.name, metric.label, metric.unit) == (name, module.LABEL, module.UNIT)
    assert re.fullmatch(r"[^()]+( \(([^()]+)\))?", metric.label)[2] == (metric.unit or None)
    low, high = metric.bounds
    assert low < high and tuple(None if math.isinf(bound) else bound for bound in metric.bounds) == module.BOUNDS
    if metric.unit == "%":
        assert low == 0 and high in (100, 200)
    assert metric.direction == module.DIRECTION and metric.direction in ("higher", "lower", None)
    first = module.__doc__.split("\n")[0]
    assert first[0].isupper() or first.startswith(("exp", "tr("))
    assert first.endswith(".")
    assert metric.needs
    assert places(name), "no evidence in tests/kit/evidence.py has what it needs"


def test_no_two_metrics_have_one_label_and_one_belongs_to_itself():
    assert len({describe(name).label for name in known()}) == len(known()) >= 37
    assert all(describe(name).name == name for name in known())


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", known())
def test_values_lie_in_the_bounds_and_are_the_means_of_their_examples(name, seed):
    low, high = describe(name).bounds
    for key in places(name):
        for good in (True, False):
            values, examples, absent = measure(PROTOCOLS[key](good, seed), [name])
            assert name in values.keys() | absent.keys() and examples.keys() <= values.keys()
            assert name not in absent or (good and name in ABSENT_WITHOUT_ERRORS)
            for full, value in values.items():
                assert describe(full).name == name  # so that exhibits find it
                assert type(value) is float and low <= value <= high
            for full, of in examples.items():
                assert of.ndim == 1 and of.double().mean().item() == pytest.approx(values[full])


@pytest.mark.parametrize("name", [n for n in known() if describe(n).direction and n not in ABSENT_WITHOUT_ERRORS])
def test_the_direction_is_that_of_the_better_model(name):
    sign = 1 if describe(name).direction == "higher" else -1
    sign *= -1 if name in BETTER_SPREAD_THAN_CLUSTERED else 1
    for key in places(name):
        good, poor = (measure(made[key], [name])[0][name] for made in (GOOD, POOR))
        assert sign * (good - poor) > 0, f"{good} is no better than {poor}"


def test_a_suffix_belongs_to_the_longest_name_that_has_suffixes():
    belongs = {
        "linear_top1_1pct": "linear_top1", "naive_bayes_top1_0_5pct": "naive_bayes_top1", "fpr95_digits": "fpr95",
        "few_top1": "few_top1", "top1_best": "top1_best", "mae_few": "mae", "noise_auroc": "noise_auroc",
    }  # fmt: skip
    assert {name: describe(name).name for name in belongs} == belongs
    for name, nearest in (("top1_bset", "top1_best"), ("linear_top", "linear_top1"), ("nll_x", "nll")):
        with pytest.raises(UserError, match=rf"^unknown metric '{name}'; did you mean '{nearest}'\?$"):
            describe(name)


def test_a_study_is_told_what_it_cannot_measure():
    check({"top1": "higher", "nll": "lower"}, ["few_top1", "suspected"], EVERYTHING, "s.yaml")
    check({"linear_top1_1pct": "higher"}, ["uniformity_projected"], vars(POOR["self_supervised"]), "s.yaml")
    moved = "neither is better; move it to further_metrics"
    wrong = [
        ({"top2": "higher"}, [], "s.yaml: unknown metric 'top2'; did you mean 'top1'?"),
        ({}, ["eece"], "s.yaml: unknown metric 'eece'; did you mean 'ece'?"),
        ({"nll": "higher"}, [], "s.yaml: metrics.nll = 'higher': of 'nll' it is the lower that is better"),
        ({"fpr95_a": "higher"}, [], "s.yaml: metrics.fpr95_a = 'higher': of 'fpr95_a' it is the lower that is better"),
        ({"suspected": "lower"}, [], "s.yaml: metrics.suspected = 'lower': " + moved),
    ]  # fmt: skip
    for columns, further, message in wrong:
        with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
            check(columns, further, EVERYTHING, "s.yaml")
    needs = "metric 'f1' needs logits, positives, which the study's protocol does not have"
    with pytest.raises(UserError, match=f"^s.yaml: {needs}; it can measure solved, top1, worst_class_top1$"):
        check({"top1": "higher"}, ["f1"], ["labels", "predictions"], "s.yaml")


def test_only_what_the_named_metrics_need_is_looked_at():
    class Evidence:
        predictions, labels = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])

        @property
        def confidence(self):
            raise AssertionError("not asked for")

    values, examples, _ = measure(Evidence(), ["top1", "worst_class_top1", "top1"])
    assert values == {"top1": 100 * 2 / 3, "worst_class_top1": 50.0}
    assert examples.keys() == {"top1"} and examples["top1"].tolist() == [100, 100, 0]


def test_a_suffix_measures_the_metric_with_all_of_them():
    values, examples, _ = measure(self_supervised(True), ["linear_top1_10pct"])
    assert values.keys() == examples.keys() == {"linear_top1", "linear_top1_10pct", "linear_top1_projected"}
    values, examples, _ = measure(ood(True), ["auroc_a"])
    assert values.keys() == {"auroc", "auroc_a", "auroc_b"} and not examples


def test_what_does_not_apply_is_absent_with_the_reason():
    made = supervised(True)
    made.wrong_labels = made.suspects = made.watched = None
    names = ["memorised", "noise_auroc", "noise_recall", "suspected", "top1_best"]
    found = measure(made, names)
    assert not found.values and not found.examples and list(found.absent) == names and all(found.absent.values())


def test_a_malformed_file_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "FOLDER", tmp_path)
    for text in ('LABEL = "x"\n', "LABEL = UNIT = DIRECTION = str()\nBOUNDS = (0, 1)\ndef compute(a): ...\n"):
        (tmp_path / "odd.py").write_text(text, encoding="utf-8")
        with pytest.raises(UserError, match=r"odd\.py: a metric needs LABEL, UNIT, BOUNDS and DIRECTION"):
            metrics._read.__wrapped__("odd")


def test_reading_metrics_imports_neither_torch_nor_them():
    code = (
        "import sys; from pipeline import metrics\n"
        "for name in metrics.known(): metrics.describe(name)\n"
        "loaded = [name for name in sys.modules if name == 'torch' or name.startswith('pipeline.metrics.')]\n"
        "assert not loaded, loaded"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_no_metric_hides_a_name_that_reading_them_uses():
    # an imported metric is an attribute of its package, and so a global name there
    names = {
        node.id
        for node in ast.walk(ast.parse(Path(metrics.__file__).read_text(encoding="utf-8")))
        if isinstance(node, ast.Name)
    }
    assert not names & set(known())


def studies():
    paths = sorted((ROOT / "studies").glob("*.yaml"))
    return {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths if "." not in path.stem}


@functools.cache
def claims():
    return list(_claims())


def _claims():
    for path in sorted((ROOT / "papers").glob("*.yaml")):
        for claim in yaml.safe_load(path.read_text(encoding="utf-8")).get("claims", []):
            if test := claim.get("test"):
                yield f"{path.stem}: {claim['id']}", test


@pytest.mark.parametrize("key", studies())
def test_a_study_can_be_measured_and_has_what_claims_test(key):
    study = studies()[key]
    further = study.get("further_metrics", [])
    columns = study.get("metrics", {})
    check(columns, further, EVERYTHING, key)
    measured = {*columns, *further}
    assert len(measured) == len(columns) + len(further)
    for where, test in claims():
        if test["study"] == key:
            tested = {test["metric"], test.get("than_metric") or test["metric"]}
            # where theorems are checked, the files' names stand for whatever is named after them
            measures = measured if columns else {name for name in tested if describe(name).name in measured}
            assert tested <= measures, where
            assert "equals" in test or test.get("direction") or describe(test["metric"]).direction, where


def test_labels_and_bounds_come_from_the_files():
    assert labels.metric("top1") == "Top-1 (%)"
    assert labels.metric("linear_top1_projected") == "Linear probe top-1 (%), projected"
    assert labels.metric("naive_bayes_top1_1pct") == "Naive Bayes top-1 (%), 1% of labels"
    assert labels.metric("linear_top1_0_5pct") == "Linear probe top-1 (%), 0.5% of labels"
    assert labels.metric("fpr95_held_out") == "FPR95 (%), held out"
    assert labels.metric("mean_iou") == "mean iou" and labels.metric("top1_error") == "top1 error"
    assert labels.bounds("auroc_digits") == (0, 100) and labels.bounds("nll") == (0, math.inf)
    assert labels.bounds("uniformity_projected") == (-math.inf, 0)
    assert labels.bounds("mean_iou") == (-math.inf, math.inf)
    assert [labels.direction(name) for name in ("auroc_digits", "mae_few", "suspected", "mean_iou")] == [
        "higher", "lower", None, None]  # fmt: skip
