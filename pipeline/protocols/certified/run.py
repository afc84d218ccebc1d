"""Certified classifiers: trained by the loop, then asked for answers and radii, and attacked within these."""

import math
from functools import cached_property, partial

import torch
from torch import Tensor

from pipeline.methods.certified import Certificates, Certifier, Sampling
from pipeline.ops.attacks import PGD, Ascent
from pipeline.ops.balls import BALLS
from pipeline.ops.class_scores import margins
from pipeline.protocols import certified
from pipeline.training import evidence
from pipeline.training.job import Job, unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole

CHUNK = 50
"""Images that are certified at once: each stands for many noisy ones."""
WITHIN = 0.99
"""The share of a certified radius at which it is attacked."""


class Evidence(evidence.Evidence):
    """Of the first test images; draws are the study's and the seed's, alike for all methods."""

    def __init__(self, job: Job) -> None:
        super().__init__(job)
        assert isinstance(job.method, Certifier)
        self._method = job.method
        self._settings = certified.Certificate.model_validate(job.settings["certificate"])
        own = self._settings
        self._sampling = Sampling(own.samples, own.selection, own.error, own.votes)

    @property
    def radius(self) -> float:
        """The one that matters most."""
        return self._settings.radius

    @property
    def all_radii(self) -> list[float]:
        """At which accuracies are told, ascending."""
        return self._settings.all_radii

    @property
    def certified_labels(self) -> Tensor:
        """(M,) of the images that are certified."""
        return self.labels[: self._settings.examples]

    @cached_property
    def _views(self) -> Tensor:
        """(M, C, H, W) plain."""
        return torch.cat(list(self.job.views.plain(self.job.data.test_inputs[: self._settings.examples])))

    @cached_property
    def _certificates(self) -> Certificates:
        found = [
            self._method.certify(views, self.job.views.facts, self._sampling, self._draws("certify", part))
            for part, views in enumerate(self._views.split(CHUNK))
        ]
        spreads = [each.spread for each in found if each.spread is not None]
        return Certificates(
            torch.cat([each.answers for each in found]),
            torch.cat([each.radii for each in found]).double() * self._to_norm,
            torch.cat(spreads) if spreads else None,
        )

    @property
    def _to_norm(self) -> float:
        """What a radius in the method's norm is in the study's: the largest ball of the one in that of the other."""
        pair = (self._method.norm, self._settings.norm)
        return 1 / math.sqrt(self._views[0].numel()) if pair == ("l2", "linf") else 1.0

    @property
    def answers(self) -> Tensor:
        """(M,) int64 classes, -1 where there is none."""
        return self._certificates.answers

    @property
    def certified_radii(self) -> Tensor:
        """(M,) float64: 0 where the answer is wrong or none."""
        right = self.answers == self.certified_labels
        return torch.where(right, self._certificates.radii, torch.zeros_like(self._certificates.radii))

    @property
    def spread(self) -> Tensor | None:
        """(M',) float64 of the images that have a certificate: how far what their answers average scatters."""
        found = self._certificates.spread
        return None if found is None else found[self._certificates.radii > 0]

    @cached_property
    def broken(self) -> Tensor:
        """(M',) bool of the images with a radius above 0: whether an attack within it finds another answer."""
        radii, answers = self._certificates.radii, self.answers
        chosen = (radii > 0).nonzero().squeeze(1)
        if not len(chosen):
            return torch.zeros(0, dtype=torch.bool)
        # of those without an end, as of a constant classifier, as far as all images lie apart
        reach = WITHIN * radii[chosen].clamp_max(math.sqrt(self._views[0].numel()))
        found = self._attacked(chosen, answers[chosen], reach, "break")
        return (found != answers[chosen]) & (found >= 0)

    @cached_property
    def attacked_answers(self) -> dict[float, Tensor]:
        """Radius -> (M,) answers to the images as an attack has moved them that knows the labels; -1 for none."""
        everyone = torch.arange(len(self._views), device=self._views.device)
        return {
            radius: self._attacked(
                everyone,
                self.certified_labels,
                torch.full([len(everyone)], radius, dtype=torch.float64, device=self._views.device),
                f"{radius:g}",
            )
            for radius in self._settings.attacked_radii
        }

    @cached_property
    def tightness(self) -> Tensor | None:
        """(M,) shares of the Lipschitz constant on which certificates rest; None where they rest on none."""
        parts = enumerate(self._views.split(CHUNK))
        found = [self._method.tightness(views, self._draws("tightness", part)) for part, views in parts]
        shares = [each for each in found if each is not None]
        return torch.cat(shares) if shares else None

    def _attacked(self, chosen: Tensor, labels: Tensor, radii: Tensor, name: str) -> Tensor:
        """Answers to the chosen images, moved within radii of their own against the classes given."""
        facts, method, found = self.job.views.facts, self._method, []
        parts = zip(chosen.split(CHUNK), labels.split(CHUNK), radii.float().split(CHUNK), strict=True)
        for part, (places, own, reach) in enumerate(parts):
            draws = self._draws("attack", name, part)
            ball = BALLS[self._settings.norm](reach.view(-1, 1, 1, 1))
            attack = Ascent(PGD(ball, self._settings.steps, 0.25 * reach.view(-1, 1, 1, 1)), _behind)
            scores = partial(method.scores, inputs=facts, draws=draws)
            moved = attack(scores, self._views[places], own, facts, draws)
            found.append(method.answers(moved, facts, self._sampling, draws))
        return torch.cat(found)

    def _draws(self, *purpose: str | int) -> torch.Generator:
        return self.job.draws.generator("certificate", *purpose)

    def arrays(self) -> dict[str, Tensor]:
        kept = {"answers": self.answers, "certified_radii": self.certified_radii}
        return {**super().arrays(), **kept, "certified_labels": self.certified_labels}


def _behind(scores: Tensor, labels: Tensor) -> Tensor:
    """(B,) how far the classes lie behind the best other ones."""
    return -margins(scores, labels)
