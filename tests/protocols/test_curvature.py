"""Runs judged by the curvature of their training loss: what is measured of them, and what may not be asked."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.errors import UserError
from pipeline.files import canonical
from pipeline.ops.vectors import flat
from pipeline.planning import code
from pipeline.protocols.curvature import Budget
from pipeline.protocols.curvature.run import Evidence, surface, watch
from pipeline.training import loop
from pipeline.training.evidence import evaluate
from pipeline.training.job import Diverged
from tests.kit import jobs

CURVATURE = {"examples": 30, "steps": 30, "probes": 3}


def job(key="cross_entropy", curvature=(), **budget):
    budget = {"epochs": 3, "encoder": "mlp", "curvature": {**CURVATURE, **dict(curvature)}, **budget}
    return jobs.job(jobs.method_of(key), "curvature", jobs.data(), **budget)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = job()
    jobs.fitted(made, tmp_path_factory.mktemp("job") / "state")
    return made


@pytest.mark.parametrize("loss", ["cross_entropy", "squared_error"])
def test_the_surface_is_the_mean_loss_of_the_first_training_images(trained, loss):
    made = job(curvature={"loss": loss})
    loop.build(made, loop.whole(made)).load_state_dict(trained.method.state_dict())
    found, method, data = surface(made), made.method.eval(), made.data
    logits = method.logits(method.encoder((data.train_inputs[:30].float() / 255 - 0.5) / 0.25)).double()
    labels = data.train_labels[:30]
    ways = {
        "cross_entropy": F.cross_entropy(logits, labels),
        "squared_error": 0.5 * (logits - F.one_hot(labels, 3)).square().sum(1).mean(),
    }
    assert found.value() == pytest.approx(ways[loss].item(), rel=1e-5)
    assert len(found.point) == sum(parameter.numel() for parameter in method.parameters())


def test_measuring_moves_no_weight_and_is_repeated_to_the_last_bit(trained):
    names = ["lambda_max", "lambda_min", "hessian_trace", "sam_sharpness", "random_sharpness", "gradient_flatness"]
    before = flat(trained.method.parameters()).clone()
    first, second = (evaluate(Evidence(trained), names) for _ in range(2))
    assert flat(trained.method.parameters()).equal(before)
    assert first.metrics == second.metrics and first.convergence["lambda_max"]["converged"]
    assert first.metrics["lambda_max"] >= first.metrics["lambda_min"]


def test_the_way_travelled_is_from_the_weights_at_the_start(trained):
    fresh = job()
    start = loop.build(fresh, loop.whole(fresh)).encoder
    moved = flat(
        [now - then for now, then in zip(trained.method.encoder.parameters(), start.parameters(), strict=True)]
    )
    torch.testing.assert_close(Evidence(trained).travelled, moved.detach())


def test_a_step_of_sam_costs_two_and_one_of_an_untrained_network_nothing():
    for key, cost in (("cross_entropy", 1.0), ("sam", 2.0)):
        made = job(key)
        loop.build(made, loop.whole(made))
        assert Evidence(made).step_cost == pytest.approx(cost)
    made = job(epochs=0)
    loop.build(made, loop.whole(made))
    assert "not trained" in evaluate(Evidence(made), ["step_cost"]).absent["step_cost"]


def test_counting_what_a_step_costs_changes_nothing(trained):
    before = {name: value.clone() for name, value in trained.method.state_dict().items()}
    torch.manual_seed(5)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert Evidence(trained).step_cost
    assert torch.rand(3).equal(drawn)
    assert all(value.equal(before[name]) for name, value in trained.method.state_dict().items())


def test_the_eigenvalue_is_tracked_in_the_epochs_that_the_study_names(tmp_path):
    made = job(epochs=5, watch=True, track=2)
    rows = jobs.fitted(made, tmp_path / "state", watch=watch)
    assert [("lambda_max" in row, "test_top1" in row) for row in rows] == [(False, True), (True, True)] * 2 + [
        (False, True)
    ]
    plain = jobs.fitted(job(epochs=5), tmp_path / "other")
    assert [row["loss"] for row in rows] == [row["loss"] for row in plain]


def test_of_an_epoch_that_is_not_finite_nothing_observed_is_kept(tmp_path):
    for told, kept in (({"a": 1.0, "b": 2.0}, {"a", "b"}), ({"a": 1.0, "b": float("inf")}, set())):
        made = job(watch=True)
        made.method.observed = lambda told=told: told
        assert all(row.keys() & {"a", "b"} == kept for row in jobs.fitted(made, tmp_path / f"{len(kept)}", watch=watch))


def test_a_network_that_is_lost_has_no_sharpness_and_says_so(trained):
    made = job(watch=True, track=1)
    method = loop.build(made, loop.whole(made))
    with torch.no_grad():
        method.head.weight.fill_(float("nan"))
    assert watch(made).keys() == {"test_top1"}


def test_shifted_images_are_classified_too(trained):
    found = evaluate(Evidence(trained), ["top1", "top1_shifted", "train_nll", "train_top1", "distance", "weight_norm"])
    assert found.metrics["distance"] > 0 and 0 <= found.metrics["top1_shifted"] <= 100


def test_what_cannot_be_measured_is_refused():
    from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET

    asked = Budget.model_validate({**jobs.PROTOCOL, "track": 3})
    with pytest.raises(UserError, match="track = 3: is measured where a run is watched; set watch to true"):
        asked.check(DATASET, "studies/x.yaml")


STEPPING = ("optimizer", "second_order", "jacobian_descent", "auxiliary", "layer_rates", "averaged", "gradient_norm")


@pytest.mark.parametrize("key", [k for k in sorted(code.method_modules()) if code.method(k).family in STEPPING])
def test_steps_that_are_far_too_long_end_as_a_divergence_or_as_numbers(key, tmp_path):
    """No decomposition of what is not finite stops a run, which is recorded as lost."""
    made = job(key, optimizer={"name": "sgd", "learning_rate": 100.0, "momentum": 0.9}, epochs=8, watch=True)
    try:
        rows = jobs.fitted(made, tmp_path / "state", watch=watch)
    except Diverged as lost:
        rows = lost.args[1]
    assert rows and canonical(rows)
