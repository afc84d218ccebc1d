"""Small convex problems, and minimisers on them without a loop."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from scipy.optimize import isotonic_regression

from pipeline.contract import Batch
from pipeline.methods.risk import RiskMinimiser
from pipeline.ops.encoder import Encoder
from pipeline.ops.spectral_risk import Problem, Risk, minimum

N, FEATURES, CLASSES = 24, 4, 3
RISK = Risk("superquantile", 0.5, 0.7, 0.05)


class Plain(Encoder):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


def data(classes: int = CLASSES, n: int = N) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    rows = torch.randn(n, FEATURES, dtype=torch.float64, generator=draw)
    if classes:
        return rows, torch.randint(classes, (n,), generator=draw)
    return rows, torch.randn(n, dtype=torch.float64, generator=draw)


def made(kind: type[RiskMinimiser], risk: Risk, classes: int = CLASSES, n: int = N, **settings: Any) -> RiskMinimiser:
    """A method that has begun on `data`."""
    method = kind(**settings)
    method.risk, method.encoder = risk, Plain()
    method.build(SimpleNamespace(train_examples=n, feature_dim=FEATURES, num_classes=classes, epochs=5))  # type: ignore[arg-type]
    rows, targets = data(classes, n)
    training = SimpleNamespace(plain=lambda: iter([rows]), labels=targets)
    method.start_phase(0, training)  # type: ignore[arg-type]
    return method


def problem(method: RiskMinimiser) -> Problem:
    return method.problem(method.opened())


def weights(method: RiskMinimiser) -> np.ndarray:
    found: np.ndarray = method.weights.detach().numpy().copy()
    return found


def step(method: RiskMinimiser, rate: float, size: int = 6, start: int = 0) -> None:
    optimizers: list[Any] = [SimpleNamespace(param_groups=[{"lr": rate}])]
    places = torch.arange(start, start + size) % len(method.get_buffer("rows"))
    method.step(Batch([], places, places), optimizers, 0)


def slow_weights(losses: np.ndarray, sigma: np.ndarray, shift_cost: float) -> np.ndarray:
    """The weights by scipy's isotonic regression."""
    n, order = len(losses), np.argsort(losses, kind="stable")
    wanted = losses[order] / (n * shift_cost) + 1 / n
    found = np.empty(n)
    found[order] = wanted - isotonic_regression(wanted - sigma).x
    return found


def drawn(count: int, size: int, seed: int) -> list[int]:
    """The examples that `count` steps draw, one after the other."""
    torch.manual_seed(seed)
    return [place for _ in range(count) for place in torch.randint(N, (size,)).tolist()]


def gap(kind: type[RiskMinimiser], rate: float, steps: int = 500) -> float:
    """How far above the minimum it is after so many batches of six."""
    method = made(kind, RISK)
    torch.manual_seed(1)
    for number in range(steps):
        step(method, rate, start=6 * number)
    return problem(method).value(weights(method)) - minimum(problem(method))[0]


def resumes(kind: type[RiskMinimiser], risk: Risk = RISK) -> None:
    """Stepped on, stored and stepped on is stepped on twice."""
    straight, first, second = (made(kind, risk) for _ in range(3))
    for method in (straight, first):
        torch.manual_seed(4)
        step(method, 0.5)
    second.load_state_dict(first.state_dict())
    for method in (straight, second):
        torch.manual_seed(6)
        step(method, 0.5, start=6)
    np.testing.assert_array_equal(weights(straight), weights(second))
