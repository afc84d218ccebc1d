"""Classifiers whose answer is guaranteed within a radius of the input, which they tell with it."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from pipeline.contract import Inputs, Method, Tensor, torch
from pipeline.methods.classifier import Classifier

ABSTAINED = -1
"""In place of a class."""


class Certificates(NamedTuple):
    """Answers and how far they hold."""

    answers: Tensor
    """(B,) int64 classes; ABSTAINED for none."""
    radii: Tensor
    """(B,) float64, in raw units and the certifier's norm: no input that is nearer has another answer. 0 for none."""
    spread: Tensor | None = None
    """(B,) float64, where an answer is an average over draws: the standard deviation of what is averaged for it."""


@dataclass(frozen=True)
class Sampling:
    """What certificates may cost that are found by drawing, alike for all methods of a study."""

    samples: int = 1000
    """For each input's certificate."""
    selection: int = 100
    """For each input beside these: by them a method chooses what it then certifies."""
    error: float = 0.001
    """The probability, for each input, with which a certificate may be wrong."""
    votes: int = 500
    """For an answer alone, as to an attacked input."""


class Certifier(Method):
    """What answers with a radius. Members override `certify`, and `scores` and `answers` where they smooth.

    A certificate is sound: whatever a method has drawn and chosen, no more than the share `Sampling.error` of inputs
    have one that does not hold, and none where nothing is drawn.
    """

    kind = "certifier"
    norm: ClassVar[str] = "l2"
    """The norm in which radii are, as in `ops.balls.BALLS`."""

    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        """Of plain views (B, C, H, W)."""
        raise NotImplementedError

    def scores(self, views: Tensor, inputs: Inputs, draws: torch.Generator) -> Tensor:
        """(B, K) what an attack lowers for the true class: differentiable, and greatest for the answer."""
        raise NotImplementedError

    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        """(B,) int64 answers to views, ABSTAINED for none."""
        return self.certify(views, inputs, sampling, draws).answers

    def tightness(self, views: Tensor, draws: torch.Generator) -> Tensor | None:
        """(B,) where certificates rest on a Lipschitz constant, the share of it that is found at each view."""
        return None


class CertifiedClassifier(Classifier, Certifier):
    """One that is a classifier of its own, trained by its `objective`, and answers with its greatest logit."""

    kind = "certifier"

    def scores(self, views: Tensor, inputs: Inputs, draws: torch.Generator) -> Tensor:
        return self.logits(self.encoder(views))
