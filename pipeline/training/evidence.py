"""What a trained run shows: the quantities that metrics are computed from, each made once and only when asked for."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.ops.lbfgs import Minimum
from pipeline.training.job import Diverged, Evaluation, Job


class Evidence:
    """A protocol's quantities by name, as attributes; a metric asks for those that its arguments name.

    Everything is computed without gradients and in evaluation mode, on plain views.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        job.method.eval()

    @cached_property
    def labels(self) -> Tensor:
        """(N,) of the test split."""
        if not len(self.job.data.test_labels):
            raise UserError("test examples: 0 given, at least 1 needed; check test_examples and held_out_classes")
        return self.job.data.test_labels

    @property
    def history(self) -> list[dict[str, Any]]:
        """The rows of training's epochs."""
        return self.job.history

    @cached_property
    def choices(self) -> dict[str, float]:
        """What was chosen on validation data, for the run's record."""
        return {}

    @cached_property
    def convergence(self) -> dict[str, dict[str, Any]]:
        """Metric -> how the solver that it rests on ended, for the run's record; filled by `solved`."""
        return {}

    def solved(self, metric: str, found: Minimum) -> None:
        """Note how a solver ended, and warn where it did not converge."""
        self.convergence[metric] = found.record()
        found.checked(f"the solver behind {metric}")

    def facts(self) -> dict[str, Any]:
        """What was drawn of the data, for the run's record."""
        return {}

    def arrays(self) -> dict[str, Tensor]:
        """For predictions.npz, beside the metrics' values per example."""
        return {"labels": self.labels}


@torch.no_grad()
def evaluate(evidence: Evidence, names: list[str]) -> Evaluation:
    """The metrics and what is kept with them.

    A metric that has no finite value is absent, with the reason. Raises Diverged where what the model puts out, from
    which metrics are computed, is not finite.
    """
    measured, examples, absent = metrics.measure(evidence, names)
    arrays = evidence.arrays() | metrics.kept(evidence, names)
    arrays |= {f"example_{name}": values for name, values in examples.items()}
    finite(torch.tensor([*evidence.choices.values()]), "choices on validation data")
    return Evaluation(measured, arrays, evidence.choices, evidence.facts(), absent, evidence.convergence)


def answers(job: Job, inputs: Tensor, read: Callable[[Tensor], Tensor], what: str) -> Tensor:
    """(N, ...) float32: what `read` makes of plain views of raw inputs (N, ...), some hundreds at a time.

    Raises Diverged, naming what it is, where the answers are not finite.
    """
    return finite(outputs(job, inputs, read), what)


def outputs(job: Job, inputs: Tensor, read: Callable[[Tensor], Tensor]) -> Tensor:
    """The answers, finite or not."""
    return torch.cat([read(part).float() for part in job.views.plain(inputs)])


def finite(found: Tensor, what: str) -> Tensor:
    """The answers themselves; Diverged where they are not finite."""
    if not found.isfinite().all():
        raise Diverged(f"{what} are not finite")
    return found
