"""Scores of a trained classifier: some train it on beside wild images first, most only read its checkpoint."""

from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.methods.classifier import Classifier
from pipeline.methods.ood_score import OODScore, Validation
from pipeline.modalities.images.outliers import outliers, shifted
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job
from pipeline.training.loop import whole

phases = whole


def prepare(job: Job) -> Job:
    """The stream "wild" for a method that trains, drawn alike for every method of the study."""
    if job.method.trains and (wild := job.settings["wild"]):
        return job.with_data(streams={"wild": wild_images(job, wild).to(job.device.torch)})
    return job


def wild_images(job: Job, wild: dict[str, Any]) -> Tensor:
    """(examples, C, H, W) uint8 on the CPU: outliers, kinds alike, then spare images under a shift, then clean ones.

    The clean and shifted images are different spare images of the known classes; outliers may be made from any.
    """
    spare, count, draws = job.data.spare_inputs, wild["examples"], job.draws
    strange, moved = round(count * wild["outlier_share"]), round(count * wild["shifted_share"])
    clean = count - strange - moved
    if moved + clean > len(spare):
        raise UserError(
            f"wild.examples = {count}: {moved + clean} of them are known images, but the data set has only "
            f"{len(spare)} beyond train_examples"
        )
    parts = []
    for i, kind in enumerate(wild["outliers"]):
        share = strange * (i + 1) // len(wild["outliers"]) - strange * i // len(wild["outliers"])
        parts.append(outliers(kind, spare, share, draws.generator("outliers", "wild", kind), job.load))
    chosen = spare[torch.randperm(len(spare), generator=draws.generator("wild"))[: moved + clean]]
    parts += [shifted(chosen[:moved], draws.generator("shift", "wild")), chosen[moved:]]
    return torch.cat(parts)


class Evidence(evidence.Evidence):
    """The score is fitted on validation data before anything is scored."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, OODScore)
        assert isinstance(job.base, Classifier)
        self._method = job.method
        self._method.attach(job.base)

    @cached_property
    def choices(self) -> dict[str, float]:
        data, settings = self.job.data, self.job.settings
        made = [self._outliers(name, data.valid_inputs, "validation") for name in settings["validation_outliers"]]
        validation = Validation(
            train_inputs=self._plain(data.train_inputs),
            train_labels=data.train_labels,
            known=self._plain(data.valid_inputs),
            std=torch.tensor(data.std, device=self.job.device.torch),
            unknown=self._plain(torch.cat(made) if made else data.valid_inputs[:0]),
        )
        with torch.enable_grad():
            return self._method.fit(validation)

    @property
    def _fitted(self) -> OODScore:
        """The score, once it has made its choices."""
        _ = self.choices
        return self._method

    @cached_property
    def scores_known(self) -> Tensor:
        """(N,) of the test split."""
        return self._scores(self.job.data.test_inputs)

    @cached_property
    def scores_unknown(self) -> dict[str, Tensor]:
        """Scores (M,) of each set of test outliers, by name."""
        data, settings = self.job.data, self.job.settings
        return {
            name: self._scores(self._outliers(name, data.test_inputs, "test", settings["outlier_examples"]))
            for name in settings["outliers"]
        }

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) int64: the classes predicted of the test split."""
        return self._predictions(self.job.data.test_inputs)

    @property
    def right(self) -> Tensor:
        """(N,) bool: which test inputs are classified rightly."""
        return self.predictions == self.labels

    @cached_property
    def right_shifted(self) -> Tensor:
        """(N,) bool: the same under a shift of appearance."""
        moved = shifted(self.job.data.test_inputs.cpu(), self.job.draws.generator("shift", "test"))
        return self._predictions(moved) == self.labels

    def _plain(self, images: Tensor) -> Tensor:
        return self.job.views.view(images.to(self.job.device.torch), "plain")[0]

    def _scores(self, images: Tensor) -> Tensor:
        return finite(self._fitted.scores(self._plain(images)), "scores")

    def _predictions(self, images: Tensor) -> Tensor:
        return self._fitted.predictions(self._plain(images))

    def _outliers(self, name: str, known: Tensor, purpose: str, count: int | None = None) -> Tensor:
        if name == "held_out":
            return self.job.data.held_out_inputs[:count]
        # drawn on the CPU and brought to the device, so that every device scores the same outliers
        draws = self.job.draws.generator("outliers", purpose, name)
        return outliers(name, known.cpu(), count or len(known), draws, self.job.load)

    def arrays(self) -> dict[str, Tensor]:
        unknown = {f"score_{name}": scores for name, scores in self.scores_unknown.items()}
        return {**super().arrays(), "score_known": self.scores_known, **unknown}
