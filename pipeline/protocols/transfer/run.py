"""Attacks by way of surrogates: test images moved towards others of another class, then shown to the black box."""

from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.contract import Bundle, Method
from pipeline.methods.transfer import TransferAttack
from pipeline.ops.probes import knn_predict
from pipeline.training import evidence
from pipeline.training.evidence import finite
from pipeline.training.job import Job, unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole


class Evidence(evidence.Evidence):
    """Every test image is a source; its target is a test image of another class. Draws are of study and seed alone."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, TransferAttack)
        assert isinstance(job.base, Bundle)
        self._method, self._black_box = job.method, job.base["black_box"]
        self._surrogates: list[Method] = [job.base[name] for name in job.method.bases[1:]]

    @cached_property
    def targets(self) -> Tensor:
        """(N,) int64: the test image that each is to be taken for."""
        other = (self.labels[:, None] != self.labels).float().cpu()
        return torch.multinomial(other, 1, generator=self.job.draws.generator("targets")).squeeze(1).to(self.labels)

    @property
    def target_labels(self) -> Tensor:
        """(N,)"""
        return self.labels[self.targets]

    @cached_property
    def seen_labels(self) -> Tensor:
        """(N,) int64: the classes that the black box's nearest neighbours see in the moved images."""
        return self._seen(self._features[1])

    @cached_property
    def seen_before(self) -> Tensor:
        """(N,) int64: those that they see in the images as they are."""
        return self._seen(self._features[0])

    @property
    def approach(self) -> Tensor:
        """(N,) float64: how much nearer the moved image is to its target than the image as it is, in the black box's
        cosines."""
        plain, moved = (F.normalize(each.double()) for each in self._features)
        wanted = plain[self.targets]
        return ((moved - plain) * wanted).sum(1)

    @cached_property
    def _features(self) -> tuple[Tensor, Tensor]:
        """(N, F) of the test images as they are, and moved."""
        views, draws = self.job.views, self.job.draws.generator("attack")
        images = torch.cat(list(views.plain(self.job.data.test_inputs)))
        found = []
        for sources, targets in zip(images.split(250), images[self.targets].split(250), strict=True):
            moved = self._method.attack(self._surrogates, sources, targets, views.facts, draws)
            found.append(self._black_box.features(moved))
        plain = torch.cat([self._black_box.features(each) for each in images.split(250)])
        return plain, finite(torch.cat(found), "features under attack")

    @cached_property
    def _bank(self) -> Tensor:
        """(M, F) of the training images that vote."""
        inputs = self.job.data.labelled_inputs
        return torch.cat([self._black_box.features(views) for views in self.job.views.plain(inputs)])

    def _seen(self, features: Tensor) -> Tensor:
        data, neighbours = self.job.data, self.job.settings["neighbours"]
        return knn_predict(self._bank, data.labelled_labels, features, neighbours, len(data.class_names))

    def arrays(self) -> dict[str, Tensor]:
        return {**super().arrays(), "target_labels": self.target_labels, "seen_labels": self.seen_labels}
