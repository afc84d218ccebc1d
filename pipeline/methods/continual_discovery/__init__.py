"""Discoverers that see labelled images of old classes first, and then session after session without labels."""

from typing import Any, ClassVar

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.discovery import Parametric, crossed, missing_entropy


class Continual(Parametric):
    """Phase by phase as in Ma et al. (2024), "Happy": SimGCD on the labelled images, and then session after session.

    A session brings K_new classes, as many as every other, and their prototypes are added to those in use. It has
    images of classes seen before too, and nobody says which. Nothing of earlier phases is kept but weights and buffers.
    In the labelled phase L = (1 - lambda) [H(q', p) + log C - H(mean p)] + lambda CE + `contrast`, q' = softmax(cos /
    0.05), over the C old classes; the authors' code has tau_t fall from 0.07 to 0.04 there, and 0.05 in sessions.
    Members override `session_loss`. All K prototypes have their place from the start, and those beyond `used` no part.
    """

    streams = {}
    training_only: ClassVar[tuple[str, ...]] = ("projector",)

    sessions: int = setting(3, low=1)
    first_share: float = setting(0.4, unit="share of training", low=0.01, high=0.99)
    teacher_temperature: float = setting(0.05, unit="cosine", low=1e-3)

    used: Tensor
    """() int64: how many prototypes are in use, those of the old classes and of the sessions so far."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.first_share, *[(1 - self.first_share) / self.sessions] * self.sessions)

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("used", torch.tensor(self.old))

    @property
    def arriving(self) -> int:
        """K_new of each session."""
        each, over = divmod(self.classes - self.old, self.sessions)
        if over:
            raise ValueError(f"{self.classes - self.old} new classes in {self.sessions} sessions")
        return each

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase:
            self.start_session(training)

    def start_session(self, training: TrainingSet) -> None:
        """Take the session's prototypes into use."""
        self.used += self.arriving

    def loss(self, batch: Batch) -> Tensor:
        features = self.encoder(torch.cat(batch.views))
        cosines = self.head(features)[:, : int(self.used)]
        if int(self.used) == self.old:
            return self.total(features, batch.labels, cosines)
        return self.session_loss(batch, features, *cosines.chunk(2)) + self.instance_contrast(
            *self.projector(features).chunk(2)
        )

    def unsupervised(self, first: Tensor, second: Tensor) -> Tensor:
        return self.distillation(first, second) + missing_entropy(torch.cat([first, second]) / self.temperature)

    def distillation(self, first: Tensor, second: Tensor) -> Tensor:
        """H(q', p) of the cosines of two views."""
        targets = [(view.detach() / self.teacher_temperature).softmax(1) for view in (first, second)]
        return crossed(first / self.temperature, second / self.temperature, targets)

    def session_loss(self, batch: Batch, features: Tensor, first: Tensor, second: Tensor) -> Tensor:
        """What is asked, beside InfoNCE, of a session's batch, features (2 N, F) and cosines (N, used) of each view."""
        raise NotImplementedError

    def cluster_of(self, inputs: Tensor) -> Tensor:
        return self.head(self.features(inputs))[:, : int(self.used)].argmax(1)
