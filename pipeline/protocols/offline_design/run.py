"""Offline design: trained as regression on standardised values; then searched, and what comes out is scored."""

from functools import cached_property
from typing import cast

import torch
from torch import Tensor

from pipeline import lookup, modalities
from pipeline.methods.surrogate import Surrogate
from pipeline.modalities.tables.black_boxes import BlackBox
from pipeline.protocols.offline_design import Search
from pipeline.protocols.regression import run as regression
from pipeline.training import evidence
from pipeline.training.evidence import answers, finite
from pipeline.training.job import Job

prepare = regression.prepare
phases = regression.phases


class Evidence(evidence.Evidence):
    """Scores are shares: 0 is the worst known design, 1 the best that there is."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        key = job.settings["dataset"]
        assert isinstance(job.method, Surrogate)
        self._method = job.method
        self._value = lookup.module(modalities.module(key).removeprefix("pipeline.")).value
        self._about = cast(BlackBox, modalities.describe(key))
        self._settings = Search.model_validate(job.settings["search"])
        self._known = torch.cat([job.data.train_inputs, job.data.valid_inputs])
        hidden = job.data.hidden
        values = torch.cat([hidden["centre"] + hidden["scale"] * job.data.train_labels.double(), job.data.valid_labels])
        self._values, self._worst = values, values.min()

    @property
    def design_scores(self) -> Tensor:
        """(D,) float64: the true scores of the designs that the search ends at."""
        return self._course[-1][1]

    @property
    def design_predictions(self) -> Tensor | None:
        """(D,) float64: what the surrogate takes them for; None where there is none."""
        return self._course[-1][2]

    @cached_property
    def design_course(self) -> dict[int, tuple[float, float | None]]:
        """Percentage of the search done -> mean true score of its designs then, and mean predicted one."""
        return {
            share: (float(true.mean()), None if predicted is None else float(predicted.mean()))
            for share, true, predicted in self._course
        }

    @cached_property
    def prediction_gradient(self) -> Tensor | None:
        """(P,) of the mean prediction of the test rows, in deviations of the training values, by all weights."""
        if not self._method.trains:
            return None
        weights = [weight for weight in self._method.parameters() if weight.requires_grad]
        with torch.enable_grad():
            found = [self._method.score(part) for part in self.job.views.plain(self.job.data.test_inputs)]
            slopes = torch.autograd.grad(torch.cat(found).mean(), weights, allow_unused=True)
        return finite(torch.cat([slope.flatten() for slope in slopes if slope is not None]), "slopes by weights")

    @cached_property
    def _course(self) -> list[tuple[int, Tensor, Tensor | None]]:
        """Percentage done, true scores (D,) and predicted ones, from the start to the end of the search."""
        by = self._settings
        best = self._values.topk(by.designs).indices
        starts = self.job.views.view(self._known[best], "plain")[0]
        with torch.enable_grad():
            path = self._method.search(starts, by.steps, by.rate, self.job.draws.generator("search"))
        path = [finite(views.detach(), "designs") for views in path]
        looks = sorted({round(by.steps * look / by.looks) for look in range(by.looks + 1)})
        return [(round(100 * at / by.steps), *self._scored(path[min(at, len(path) - 1)])) for at in looks]

    def _scored(self, views: Tensor) -> tuple[Tensor, Tensor | None]:
        """True and predicted scores of the designs that views (D, F) stand for."""
        rows = self._about.feasible(self.job.views.raw(views).double().cpu().numpy())
        true = self._share(torch.from_numpy(self._value(rows)).to(views.device))
        if not self._method.trains:
            return true, None
        hidden = self.job.data.hidden
        designs = torch.from_numpy(rows).float().to(views.device)
        predicted = answers(self.job, designs, self._method.score, "predictions of designs").double()
        return true, self._share(hidden["centre"] + hidden["scale"] * predicted)

    def _share(self, values: Tensor) -> Tensor:
        return (values - self._worst) / (self._about.best - self._worst)

    def arrays(self) -> dict[str, Tensor]:
        predicted = {} if self.design_predictions is None else {"design_predictions": self.design_predictions}
        return {**super().arrays(), "design_scores": self.design_scores, **predicted}
