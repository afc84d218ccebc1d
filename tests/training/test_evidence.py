"""What an evaluation makes of metrics without a value, of models that put out nonsense, and of solvers."""

import json
import math
import warnings

import pytest
import torch

from pipeline.ops.convergence import not_converged
from pipeline.ops.probes import linear_probe
from pipeline.protocols.self_supervised.run import Evidence
from pipeline.training.evidence import evaluate
from pipeline.training.job import Diverged
from pipeline.training.loop import build
from pipeline.training.warned import unconverged
from tests.kit import jobs

NAMES = ["linear_top1", "knn_top1", "alignment", "uniformity", "tolerance", "effective_rank", "naive_bayes_top1"]


def evidence(test: int = 12, probe: dict | None = None) -> Evidence:
    """Of an untrained encoder."""
    made = jobs.job(jobs.method_of("random_encoder"), "self_supervised", jobs.data(test=test), probe=probe or {})
    build(made, jobs.phases(made))
    return Evidence(made)


@pytest.mark.parametrize(
    ("test", "absent"), [(12, set()), (3, {"tolerance"}), (1, {"uniformity", "tolerance", "effective_rank"})]
)
def test_every_metric_has_a_finite_value_or_a_reason_also_of_one_test_example_a_class(test, absent):
    found = evaluate(evidence(test), NAMES)
    assert found.absent.keys() == absent and all(found.absent.values())
    assert {*NAMES} <= found.metrics.keys() | found.absent.keys() and not found.metrics.keys() & found.absent.keys()
    assert all(math.isfinite(value) for value in found.metrics.values())
    json.dumps([found.metrics, found.absent, found.convergence, found.choices, found.data], allow_nan=False)


def test_how_probes_ended_is_recorded_by_metric_and_warned_of_where_they_did_not_converge():
    made = evidence()
    with unconverged() as warned:
        found = evaluate(made, ["linear_top1"])
    assert not warned and found.convergence.keys() == {"linear_top1", "linear_top1_1pct", "linear_top1_10pct"}
    assert all(ended["converged"] for ended in found.convergence.values())
    known, few = made.bank, made.few_labels["10pct"]
    with torch.no_grad():
        want = linear_probe(known[few], made.bank_labels[few], made.features, 3)
    assert torch.equal(made.further_probe_logits["10pct"], want.logits)
    assert found.convergence["linear_top1_10pct"] == want.solved.record()
    with unconverged() as warned:
        found = evaluate(evidence(probe={"iterations": 1}), ["linear_top1"])
    assert not found.convergence["linear_top1"]["converged"] and found.convergence["linear_top1"]["iterations"] == 1
    assert "the solver behind linear_top1 did not converge: stopped after 1 steps" in warned[0]


def test_a_model_that_puts_out_nonsense_has_diverged():
    made = evidence()
    next(made.job.method.parameters()).data.fill_(math.nan)
    with pytest.raises(Diverged, match="features are not finite"):
        evaluate(made, ["uniformity"])


def test_warnings_of_solvers_are_collected_once_each_and_others_shown():
    with pytest.warns(DeprecationWarning, match="of a library") as shown, unconverged() as found:
        for what in ("k-means", "k-means", "a probe"):
            not_converged(what, 3, "much was left")
        warnings.warn("of a library", DeprecationWarning, stacklevel=1)
    assert found == [
        f"{what} did not converge: stopped after 3 steps, much was left" for what in ("k-means", "a probe")
    ]
    assert len(shown) == 1
