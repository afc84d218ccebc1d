"""Classifiers under attack: trained as in `supervised`, then also read off by test images that an attack has moved."""

import copy
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from pipeline.contract import Batch, Inputs
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import PGD, Ascent, Attack, Classify, cross_entropy, fgsm
from pipeline.ops.balls import BALLS, Ball
from pipeline.ops.strongest import strongest
from pipeline.ops.weight_perturbation import matrices
from pipeline.protocols import adversarial
from pipeline.protocols.supervised import run as supervised
from pipeline.training.evidence import finite
from pipeline.training.job import Job

prepare = supervised.prepare
phases = supervised.phases

WATCHED = 400
"""Images of either split that are attacked after an epoch."""


def watch(job: Job) -> dict[str, float]:
    """Accuracy after an epoch: `test_top1`; `test_robust` and `train_robust` of some images under five steps of r/2."""
    row, settings = supervised.watch(job), _settings(job)
    ball = BALLS[settings.norm](settings.radius)
    attack = Ascent(PGD(ball, 5, 0.5 * settings.radius))
    data = job.data
    splits = {"test": (data.test_inputs, data.test_labels), "train": (data.train_inputs, data.train_labels)}
    for name, (inputs, labels) in splits.items():
        found = attacked_logits(job, attack, inputs[:WATCHED], labels[:WATCHED], "watch", name)
        row[f"{name}_robust"] = 100 * float((found.argmax(1) == labels[:WATCHED]).double().mean())
    return row


@runtime_checkable
class Mixing(Protocol):
    """A method that mixes the answers of two classifiers."""

    def robust_share(self, views: Tensor) -> Tensor:
        """(B, 1)"""
        ...


class Evidence(supervised.Evidence):
    """Attacks know the true labels and see the classifier in evaluation mode; their draws are never of the method."""

    @cached_property
    def _attack(self) -> adversarial.Attack:
        return _settings(self.job)

    @property
    def radius(self) -> float:
        """The one that matters most."""
        return self._attack.radius

    @cached_property
    def fgsm_predictions(self) -> dict[float, Tensor]:
        """Radius -> classes (N,) int64 under one step to the ball's edge; (n,) of the first images for curves."""
        return {
            radius: self._predictions(Ascent(fgsm(self._ball(radius))), "fgsm", radius)
            for radius in self._attack.all_radii
        }

    @cached_property
    def pgd_predictions(self) -> dict[float, Tensor]:
        """Radius -> classes under projected gradient ascent from a random start."""
        return {
            radius: self.pgd_logits.argmax(1)
            if radius == self.radius
            else self._predictions(self._pgd(radius), "pgd", radius)
            for radius in self._attack.all_radii
        }

    @cached_property
    def aa_predictions(self) -> dict[float, Tensor]:
        """Radius -> classes under the ensemble of attacks, which leaves alone what is wrong already."""
        return {radius: self._predictions(self._strongest(radius), "aa", radius) for radius in self._attack.all_radii}

    @property
    def aa_classes(self) -> Tensor:
        """(N,) int64: classes under the ensemble of attacks at the radius that matters most."""
        return self.aa_predictions[self.radius]

    @cached_property
    def pgd_logits(self) -> Tensor:
        """(N, K) of the test images as `pgd_predictions` moves them at the radius that matters most."""
        return self._attacked(self._pgd(self.radius), "pgd", self.radius)

    @cached_property
    def pgd_train_logits(self) -> Tensor:
        """(M, K) of the first training images, moved in the same way."""
        with torch.no_grad():
            found = [self.classify(views) for views in self._pgd_train_chunks]
        return finite(torch.cat(found), "logits under attack")

    @property
    def pgd_train_views(self) -> Tensor:
        """(M, C, H, W): those images as they were moved."""
        return torch.cat(self._pgd_train_chunks)

    @cached_property
    def _pgd_train_chunks(self) -> list[Tensor]:
        inputs, labels = self.attacked_training
        return list(attacked_views(self.job, self._pgd(self.radius), inputs, labels, "attack", "train"))

    @property
    def pgd_train_labels(self) -> Tensor:
        """(M,)"""
        return self.attacked_training[1]

    @property
    def attacked_training(self) -> tuple[Tensor, Tensor]:
        """Raw inputs (M, ...) and labels (M,) of the training images that are attacked."""
        data, count = self.job.data, self._attack.training_examples
        return data.train_inputs[:count], data.train_labels[:count]

    @cached_property
    def test_views(self) -> Tensor:
        """(N, C, H, W) plain."""
        return torch.cat(list(self.job.views.plain(self.job.data.test_inputs)))

    @property
    def inputs(self) -> Inputs:
        """What is known of views."""
        facts: Inputs = self.job.views.facts
        return facts

    @property
    def classify(self) -> Classify:
        """Logits (B, K) of views (B, C, H, W)."""
        return classifier(self.job)

    @property
    def weights(self) -> list[Tensor]:
        """The weights of more than one dimension by which `classify` classifies; biases are not among them."""
        return matrices(self.job.method)

    @property
    def robust_share(self) -> Callable[[Tensor], Tensor] | None:
        """(B, 1) shares of the robust one of two classifiers in the answers to views; None where none are mixed."""
        method = self.job.method
        return method.robust_share if isinstance(method, Mixing) else None

    @property
    def watched_robust(self) -> list[float] | None:
        """Robust test accuracy after each epoch; None unless the study watches."""
        return [row["test_robust"] for row in self.history] if self.job.settings["watch"] else None

    @property
    def watched_train_robust(self) -> list[float] | None:
        """The same of training images."""
        return [row["train_robust"] for row in self.history] if self.job.settings["watch"] else None

    @cached_property
    def passes(self) -> float | None:
        """Images that pass the network for each training image, counted in one step; None where nothing is trained."""
        if not self.job.method.trains:
            return None
        method, size = copy.deepcopy(self.job.method).train(), self.job.settings["batch_size"]
        method.phase, method.progress = len(method.phases) - 1, 0.5
        data, counted = self.job.data, [0]
        method.encoder.register_forward_hook(lambda module, given, out: counted.append(len(given[0])))
        views = self.job.views.view(data.train_inputs[:size], "plain")[0]
        batch = Batch([views] * len(method.views), data.train_labels[:size], torch.arange(size, device=views.device))
        with torch.enable_grad():
            method.backward(batch)
        return sum(counted) / size

    def arrays(self) -> dict[str, Tensor]:
        """With pictures of the first test image of each class, in raw units."""
        labels = self.labels
        first = torch.stack([(labels == c).nonzero()[0, 0] for c in labels.unique()])
        views, own, facts = self.test_views[first], labels[first], self.inputs
        draws = self.job.draws.generator("attack", "shown")
        moved = self._strongest(self.radius)(self.classify, views, own, facts, draws)
        with torch.enable_grad():
            at = views.detach().requires_grad_()
            (slopes,) = torch.autograd.grad(cross_entropy(self.classify(at), own).sum(), at)
        scale, mean = facts.scale.to(views), facts.column(facts.mean).to(views)
        return {
            **super().arrays(),
            "shown_labels": own,
            "shown_images": views / scale + mean,
            "shown_attacked": moved / scale + mean,
            "shown_predictions": self.classify(moved).argmax(1),
            "shown_slopes": slopes * scale,
        }

    def _pgd(self, radius: float) -> Attack:
        return Ascent(PGD(self._ball(radius), self._attack.steps, self._attack.step_size * radius))

    def _ball(self, radius: float) -> Ball:
        return BALLS[self._attack.norm](radius)

    def _strongest(self, radius: float) -> Attack:
        by = self._attack
        return strongest(by.norm, radius, by.adaptive_steps, by.targets, by.queries)

    def _attacked(self, attack: Attack, name: str, radius: float) -> Tensor:
        count = len(self.labels) if radius == self.radius else self._attack.curve_examples
        inputs, labels = self.job.data.test_inputs[:count], self.labels[:count]
        return attacked_logits(self.job, attack, inputs, labels, "attack", name, f"{radius:g}")

    def _predictions(self, attack: Attack, name: str, radius: float) -> Tensor:
        return self._attacked(attack, name, radius).argmax(1)


def attacked_logits(job: Job, attack: Attack, inputs: Tensor, labels: Tensor, *purpose: str) -> Tensor:
    """(N, K) finite logits of raw inputs (N, ...) with labels (N,) under attack; `purpose` names the attack's draws."""
    classify, found = classifier(job), []
    for moved in attacked_views(job, attack, inputs, labels, *purpose):
        with torch.no_grad():
            found.append(classify(moved))
    return finite(torch.cat(found), "logits under attack")


def attacked_views(job: Job, attack: Attack, inputs: Tensor, labels: Tensor, *purpose: str) -> Iterator[Tensor]:
    """Chunks of the views of raw inputs (N, ...) under attack, in order."""
    classify, draws, done = classifier(job), job.draws.generator(*purpose), 0
    for views in job.views.plain(inputs):
        own = labels[done : done + len(views)]
        done += len(views)
        yield attack(classify, views, own, job.views.facts, draws)


def classifier(job: Job) -> Classify:
    """Logits (B, K) of views (B, ...), by the job's method."""
    method = job.method
    assert isinstance(method, Classifier)
    return lambda views: method.logits(method.encoder(views)).float()


def _settings(job: Job) -> adversarial.Attack:
    return adversarial.Attack.model_validate(job.settings["attack"])
