"""Classifiers under attack: trained as in `supervised`, then also read off by test images that an attack has moved."""

from functools import cached_property, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import PGD, fgsm
from pipeline.ops.balls import Linf
from pipeline.protocols.adversarial import Attack
from pipeline.protocols.supervised import run as supervised
from pipeline.training.evidence import finite
from pipeline.training.job import Job

prepare = supervised.prepare
phases = supervised.phases
watch = supervised.watch


class Evidence(supervised.Evidence):
    """Attacks raise the cross-entropy of the true labels, in evaluation mode; their draws are never of the method."""

    @cached_property
    def _attack(self) -> Attack:
        return Attack.model_validate(self.job.settings["attack"])

    @property
    def radius(self) -> float:
        """The one that matters most."""
        return self._attack.radius

    @cached_property
    def fgsm_predictions(self) -> dict[float, Tensor]:
        """Radius -> classes (N,) int64 under the fast gradient sign method."""
        return {radius: self._predictions(fgsm(radius), "fgsm", radius) for radius in self._attack.all_radii}

    @cached_property
    def pgd_predictions(self) -> dict[float, Tensor]:
        """Radius -> classes (N,) int64 under projected gradient ascent from a random start."""
        steps, size = self._attack.steps, self._attack.step_size
        return {
            radius: self._predictions(PGD(Linf(radius), steps, size * radius), "pgd", radius)
            for radius in self._attack.all_radii
        }

    def _predictions(self, attack: PGD, name: str, radius: float) -> Tensor:
        return attacked_logits(self.job, attack, "attack", name, f"{radius:g}").argmax(1)


def attacked_logits(job: Job, attack: PGD, *purpose: str) -> Tensor:
    """(N, K) finite logits of the test inputs as the attack moves them; `purpose` names its draws."""
    method, data, draws = job.method, job.data, job.draws.generator(*purpose)
    assert isinstance(method, Classifier)

    def logits(views: Tensor) -> Tensor:
        return method.logits(method.encoder(views)).float()

    def loss(views: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits(views), labels, reduction="sum")

    found, done = [], 0
    for views in job.views.plain(data.test_inputs):
        labels = data.test_labels[done : done + len(views)]
        done += len(views)
        found.append(logits(attack(partial(loss, labels=labels), views, job.views.facts, draws)))
    return finite(torch.cat(found), "logits under attack")
