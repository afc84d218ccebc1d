"""Attacks on trained classifiers: nothing is trained; test images are moved and classified again."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.methods.attack import PostHocAttack
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import BALLS
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job, unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole


class Evidence(evidence.Evidence):
    """Draws are seeded by the study and the seed, alike for all attacks."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, PostHocAttack)
        assert isinstance(job.base, Classifier)
        self._method, self._base = job.method, job.base

    @cached_property
    def predictions(self) -> Tensor:
        """(N,) int64 classes of the test images as they are."""
        return torch.cat([self._classify(views).argmax(1) for views in self.job.views.plain(self.job.data.test_inputs)])

    @property
    def attacked_predictions(self) -> Tensor:
        """(N,) int64 classes of the test images as the attack has moved them."""
        return self._attacked[0]

    @property
    def passes(self) -> float:
        """Images that pass the classifier for each image that is attacked, with a gradient or without."""
        return self._attacked[1]

    @cached_property
    def _attacked(self) -> tuple[Tensor, float]:
        settings, draws = self.job.settings, self.job.draws.generator("attack")
        attack: Attack = self._method.attack(BALLS[settings["norm"]](settings["radius"]))
        passed, found, done = 0, [], 0

        def counting(views: Tensor) -> Tensor:
            nonlocal passed
            passed += len(views)
            return self._classify(views)

        for views in self.job.views.plain(self.job.data.test_inputs):
            labels = self.labels[done : done + len(views)]
            done += len(views)
            moved = attack(counting, views, labels, self.job.views.facts, draws)
            found.append(self._classify(moved))
        return finite(torch.cat(found), "logits under attack").argmax(1), passed / done

    def _classify(self, views: Tensor) -> Tensor:
        return self._base.logits(self._base.encoder(views)).float()

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "predictions": self.predictions, "attacked_predictions": self.attacked_predictions}
