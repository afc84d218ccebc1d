"""Spectral risks, held against their minimum; test losses of the model."""

from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from pipeline.methods.risk import RiskMinimiser
from pipeline.ops.spectral_risk import Array, Problem, Risk, minimum, output_losses
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Tell the method its risk. Targets that are numbers get mean 0 and deviation 1 by the training set, and those that
    are trained on their noise."""
    assert isinstance(job.method, RiskMinimiser)
    settings, data = job.settings, job.data
    job.method.risk = Risk(**settings["risk"], scale=settings["loss_scale"])
    if not data.numbers:
        return job
    targets = data.train_labels.double()
    centre, scale = targets.mean(), targets.std(correction=0)

    def standardised(labels: Tensor) -> Tensor:
        return ((labels.double() - centre) / scale).float()

    noise = torch.zeros_like(targets)
    if tails := settings["heavy_tails"]:
        noise = tails["scale"] * student(tails["freedom"], len(targets), job.draws.generator("heavy tails"))
    return job.with_data(
        train_labels=(standardised(data.train_labels) + noise.to(targets.device)).float(),
        true_labels=standardised(data.true_labels),
        labelled_labels=standardised(data.labelled_labels),
        valid_labels=standardised(data.valid_labels),
        test_labels=standardised(data.test_labels),
    )


def student(freedom: int, count: int, generator: torch.Generator) -> Tensor:
    """(count,) float64 draws of Student's t: a normal over the root of a mean of so many squares."""
    draws = torch.randn(count, freedom + 1, dtype=torch.float64, generator=generator)
    return draws[:, 0] / draws[:, 1:].square().mean(1).sqrt()


class Evidence(evidence.Evidence):
    @cached_property
    def _method(self) -> RiskMinimiser:
        assert isinstance(self.job.method, RiskMinimiser)
        return self.job.method

    @cached_property
    def _problem(self) -> Problem:
        """That of the training set as training has seen it."""
        data, method = self.job.data, self._method
        rows = torch.cat([method.represent(part) for part in self.job.views.plain(data.train_inputs)])
        targets = data.train_labels.double() if data.numbers else data.train_labels
        return Problem(method.risk, rows.cpu().numpy(), targets.cpu().numpy(), method.outputs)

    @cached_property
    def risk_course(self) -> Array:
        """(E + 1,) the risk before the first epoch and after each."""
        last = self._problem.value(self._method.weights.detach().cpu().numpy())
        return np.append(self._method.get_buffer("course").cpu().numpy(), last)

    @cached_property
    def least_risk(self) -> float:
        """The risk's minimum; of a risk without a penalty on weights, which has kinks, a bound just below it."""
        value, found = minimum(self._problem)
        self.solved("risk_gap", found)
        return value

    @cached_property
    def _outputs(self) -> Tensor:
        """(N, K) of the test split."""
        return finite(
            torch.cat([self._method.score(part) for part in self.job.views.plain(self.job.data.test_inputs)]), "outputs"
        )

    @cached_property
    def test_losses(self) -> Tensor:
        """(N,) float64 of the test split, without `loss_scale`."""
        return torch.from_numpy(output_losses(self._outputs.cpu().numpy(), self.labels.cpu().numpy())[0])

    @property
    def groups(self) -> Tensor | None:
        """(N,) classes of the test split; None where labels are numbers."""
        return None if self.job.data.numbers else self.labels

    @property
    def passes(self) -> float | None:
        """Gradients of examples that training took, for each of an epoch's examples."""
        if not (epochs := self.job.settings["epochs"]):
            return None
        return float(self._method.get_buffer("gradients")) / (epochs * len(self._problem.rows))

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "risk_course": torch.from_numpy(self.risk_course)}
