"""Numbers as labels: standardised for training, put back into their own unit for what is measured."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.methods.regression import Regressor
from pipeline.training import evidence
from pipeline.training.evidence import answers, finite
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """Give methods targets of mean 0 and deviation 1 on the training set; `hidden` keeps both for the way back.

    Whoever looks at errors sees the targets' own unit.
    """
    data = job.data
    targets = data.train_labels.double()
    centre, scale = targets.mean(), targets.std(correction=0)

    def standardised(labels: Tensor) -> Tensor:
        return ((labels.double() - centre) / scale).float()

    return job.with_data(
        train_labels=standardised(data.train_labels),
        true_labels=standardised(data.true_labels),
        labelled_labels=standardised(data.labelled_labels),
        hidden={**data.hidden, "centre": centre, "scale": scale},
    )


class Evidence(evidence.Evidence):
    """In the targets' own unit."""

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) of the test split."""
        return self._predicted(self.job.data.test_inputs)

    @property
    def targets(self) -> Tensor:
        """(N,) of the test split."""
        return self.labels

    @cached_property
    def deviations(self) -> Tensor | None:
        """(N,) of a normal distribution about each prediction of the test split.

        For methods that predict none it is one number, the root mean square of their errors on the validation
        examples; None where there are no such examples.
        """
        data, scale, method = self.job.data, self.job.data.hidden["scale"], regressor(self.job)
        found = [method.deviation(method.encoder(part)) for part in self.job.views.plain(data.test_inputs)]
        predicted = [part for part in found if part is not None]
        if predicted:
            return finite(scale * torch.cat(predicted), "deviations on the test split")
        if not len(data.valid_inputs):
            return None
        errors = self._predicted(data.valid_inputs) - data.valid_labels
        return torch.full_like(self.predictions, float(errors.double().square().mean().sqrt()))

    def arrays(self) -> dict[str, Tensor]:
        spread = {} if self.deviations is None else {"deviations": self.deviations}
        return {**super().arrays(), "predictions": self.predictions, **spread}

    def _predicted(self, inputs: Tensor) -> Tensor:
        """(N,) in the targets' own unit, of raw inputs."""
        hidden = self.job.data.hidden
        found = predicted(self.job, inputs).double()
        return (hidden["centre"] + hidden["scale"] * found).float()


def predicted(job: Job, inputs: Tensor) -> Tensor:
    """(N,) finite predictions for raw inputs, in the unit that the method was trained in."""
    method = regressor(job)
    return answers(job, inputs, lambda plain: method.predict(method.encoder(plain)), "predictions")


def regressor(job: Job) -> Regressor:
    assert isinstance(job.method, Regressor)
    return job.method
