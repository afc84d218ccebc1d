"""Optimisers and schedules against slow formulas and torch's own."""

import math

import pytest
import torch
from torch import nn

from pipeline.budget import Optimizer, Schedule
from pipeline.training import optim


def settings(name: str, **more: object) -> Optimizer:
    return Optimizer.model_validate({"name": name, "learning_rate": 0.1, **more})


def net() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2)).double()


def losses(model: nn.Module, step: int) -> torch.Tensor:
    images = torch.randn(5, 2, 4, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(step))
    return (model(images) - 1).square().mean()


def test_lars_equals_the_papers_algorithm_in_loops() -> None:
    model = net()
    options = {"momentum": 0.8, "weight_decay": 0.05, "trust": 0.02}
    optimizer = optim.build(settings("lars", **options), model)
    weights = {name: value.detach().clone().flatten().tolist() for name, value in model.named_parameters()}
    speed = {name: [0.0] * len(values) for name, values in weights.items()}
    for step, rate in enumerate((0.1, 0.3, 0.2)):
        optimizer.zero_grad()
        losses(model, step).backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        for name, parameter in model.named_parameters():
            gradient = parameter.grad.flatten().tolist()
            matrix = parameter.ndim > 1
            size, slope = (math.sqrt(sum(x * x for x in values)) for values in (weights[name], gradient))
            decay = options["weight_decay"] if matrix else 0.0
            local = options["trust"] * size / (slope + decay * size) if matrix else 1.0
            for i, g in enumerate(gradient):
                speed[name][i] = options["momentum"] * speed[name][i] + rate * local * (g + decay * weights[name][i])
                weights[name][i] -= speed[name][i]
        optimizer.step()
    for name, parameter in model.named_parameters():
        expected = torch.tensor(weights[name], dtype=torch.float64)
        torch.testing.assert_close(parameter.detach().flatten(), expected, rtol=1e-12, atol=1e-14)


def test_lars_steps_do_not_depend_on_the_gradients_scale() -> None:
    """The trust ratio cancels it, for matrices without weight decay."""

    def moved(scale: float) -> list[torch.Tensor]:
        model = net()
        optimizer = optim.build(settings("lars"), model)
        (scale * losses(model, 0)).backward()
        optimizer.step()
        return [p.detach() for p in model.parameters() if p.ndim > 1]

    for one, other in zip(moved(1.0), moved(1000.0), strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("still", ["weight", "gradient"])
def test_lars_with_a_zero_norm_is_plain_momentum(still: str) -> None:
    model = nn.Linear(3, 2, bias=False).double()
    with torch.no_grad():
        model.weight.fill_(0.0 if still == "weight" else 2.0)
    optimizer = optim.build(settings("lars", weight_decay=0.5 if still == "gradient" else 0.0), model)
    model.weight.grad = torch.full_like(model.weight, 3.0 if still == "weight" else 0.0)
    optimizer.step()
    # 0 - 0.1 * 3, and 2 - 0.1 * (0 + 0.5 * 2)
    torch.testing.assert_close(model.weight.detach(), torch.full_like(model.weight, -0.3 if still == "weight" else 1.9))


@pytest.mark.parametrize("name", ["sgd", "lars", "adamw"])
def test_only_matrices_and_kernels_are_decayed_and_frozen_parameters_are_left_out(name: str) -> None:
    model = net()
    model[3].weight.requires_grad_(False)
    optimizer = optim.build(settings(name, weight_decay=0.3), model)
    decays = {id(p): group["weight_decay"] for group in optimizer.param_groups for p in group["params"]}
    expected = {id(model[0].weight): 0.3, id(model[0].bias): 0.0, id(model[1].weight): 0.0, id(model[1].bias): 0.0}
    assert decays == {**expected, id(model[3].bias): 0.0}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("sgd", {"momentum": 0.0, "weight_decay": 0.1}),
        ("sgd", {"momentum": 0.8, "weight_decay": 0.1}),
        ("sgd", {"momentum": 0.8, "nesterov": True}),
        ("adamw", {"betas": [0.7, 0.8], "weight_decay": 0.3}),
    ],
)
def test_steps_are_torchs_where_gradients_come_and_go_and_after_a_resume(name: str, options: dict) -> None:
    ours, theirs = net().to(memory_format=torch.channels_last), net()
    optimizer = optim.build(settings(name, **options), ours)
    torchs = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    groups = [
        {"params": [p for p in theirs.parameters() if p.ndim > 1]},
        {"params": [p for p in theirs.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    reference = torchs(groups, lr=0.1, **({"weight_decay": 0.0} | options))
    for step in range(6):
        for model, each in ((ours, optimizer), (theirs, reference)):
            each.zero_grad()
            losses(model, step).backward()
            if step in (0, 3):
                model[3].weight.grad = None
            for group in each.param_groups:
                group["lr"] = 0.1 / (step + 1)
            each.step()
        if step == 2:
            state = optimizer.state_dict()
            optimizer = optim.build(settings(name, **options), ours)
            optimizer.load_state_dict(state)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        # a bias before a normalisation has only noise for a gradient
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-8)


def test_sgd_is_momentum_with_nesterovs_look_ahead_in_closed_form() -> None:
    weight = nn.Parameter(torch.tensor([[1.0]]))
    model = nn.Module()
    model.weight = weight
    optimizer = optim.build(settings("sgd", momentum=0.5, nesterov=True, weight_decay=0.1), model)
    value, velocity = 1.0, 0.0
    for gradient in (2.0, -1.0, 0.5):
        weight.grad = torch.tensor([[gradient]])
        optimizer.step()
        slope = gradient + 0.1 * value
        velocity = 0.5 * velocity + slope
        value -= 0.1 * (slope + 0.5 * velocity)
        assert weight.item() == pytest.approx(value, rel=1e-6)


def test_adamw_reads_its_betas_and_decays_decoupled_in_closed_form() -> None:
    weight = nn.Parameter(torch.tensor([[1.0]], dtype=torch.float64))
    model = nn.Module()
    model.weight = weight
    optimizer = optim.build(settings("adamw", betas=[0.6, 0.7], weight_decay=0.2), model)
    value, first, second = 1.0, 0.0, 0.0
    for step, gradient in enumerate((2.0, -1.0, 0.5), 1):
        weight.grad = torch.tensor([[gradient]], dtype=torch.float64)
        optimizer.step()
        first, second = 0.6 * first + 0.4 * gradient, 0.7 * second + 0.3 * gradient**2
        value *= 1 - 0.1 * 0.2
        value -= 0.1 * (first / (1 - 0.6**step)) / (math.sqrt(second / (1 - 0.7**step)) + 1e-8)
        assert weight.item() == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("warmup", [0.0, 0.1, 0.25, 0.3, 0.999])
@pytest.mark.parametrize("steps", [1, 2, 7, 40])
def test_one_cycle_has_torchs_rates(warmup: float, steps: int) -> None:
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.4)
    torchs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.4, total_steps=steps, pct_start=warmup, cycle_momentum=False
    )
    own = Schedule(name="one_cycle", warmup=warmup)
    for step in range(steps):
        expected = optimizer.param_groups[0]["lr"]
        assert optim.learning_rate(settings("sgd", learning_rate=0.4), own, step, steps) == pytest.approx(expected)
        optimizer.step()
        if step + 1 < steps:
            torchs.step()


@pytest.mark.parametrize("name", ["cosine", "constant"])
def test_warm_up_is_linear_and_reaches_the_peak_where_the_shape_starts(name: str) -> None:
    optimizer, schedule = settings("sgd"), Schedule(name=name, warmup=0.2)
    rates = [optim.learning_rate(optimizer, schedule, step, 20) for step in range(20)]
    assert rates[:4] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert rates[4] == pytest.approx(0.1)
    half = 0.1 if name == "constant" else 0.05
    assert rates[12] == pytest.approx(half)  # halfway between 4 and 20


def test_cosine_falls_along_half_a_period_in_closed_form() -> None:
    rates = [optim.learning_rate(settings("sgd"), Schedule(name="cosine"), step, 12) for step in range(12)]
    assert rates == pytest.approx([0.05 + 0.05 * math.cos(math.pi * step / 12) for step in range(12)])
    assert rates[6] == pytest.approx(0.05)


@pytest.mark.parametrize("name", ["cosine", "constant", "one_cycle"])
def test_every_rate_is_positive_and_at_most_the_peak(name: str) -> None:
    for steps in (1, 2, 3, 11):
        for warmup in (0.0, 0.34, 1.0):
            schedule = Schedule(name=name, warmup=warmup)
            rates = [optim.learning_rate(settings("sgd"), schedule, step, steps) for step in range(steps)]
            assert all(0 < rate <= 0.1 + 1e-12 for rate in rates), (steps, warmup, rates)
