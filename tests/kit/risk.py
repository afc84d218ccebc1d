"""Small convex problems, and minimisers on them without a loop."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from pipeline.contract import Batch
from pipeline.methods.risk import RiskMinimiser
from pipeline.ops.encoder import Encoder
from pipeline.ops.spectral_risk import Problem, Risk
from tests.kit.jobs import method_of

N, FEATURES, CLASSES = 24, 4, 3


class Plain(Encoder):
    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return inputs


def data(classes: int = CLASSES, n: int = N) -> tuple[torch.Tensor, torch.Tensor]:
    draw = torch.Generator().manual_seed(3)
    rows = torch.randn(n, FEATURES, dtype=torch.float64, generator=draw)
    if classes:
        return rows, torch.randint(classes, (n,), generator=draw)
    return rows, torch.randn(n, dtype=torch.float64, generator=draw)


def made(key: str, risk: Risk, classes: int = CLASSES, n: int = N, **settings: Any) -> RiskMinimiser:
    """A method that has begun on `data`."""
    method = method_of(key, **settings)
    assert isinstance(method, RiskMinimiser)
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
