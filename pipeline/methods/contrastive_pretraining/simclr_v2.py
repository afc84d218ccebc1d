"""SimCLRv2: contrast on all images, fine-tuning from within the projector on the labels, distillation on all images."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.contrastive_pretraining import ContrastivePretraining
from pipeline.ops.ema import follower
from pipeline.ops.heads import mlp


class SimCLRv2(ContrastivePretraining):
    """Phase 0: SimCLR, with a projector of three layers that are normalised each. Phase 1: cross-entropy on labelled
    images of a linear layer on the projector's layer `fine_tune_from` (0 is the encoder's output), everything trained.
    Phase 2: what phase 1 made is the teacher T, and a student S of the same size learns from its start, without labels,

    L = -sum_u sum_k P_T(k | u; tau) log P_S(k | u; tau), P(k | u; tau) = softmax_k(f(u) / tau), times tau^2 as in code.

    Widths are those of the code: inner layers as wide as the encoder's output, the last one of 128, whose normalisation
    has no shift there. Temperature 0.1 is ImageNet's. Teacher and student see the same weak view. What share of the
    steps each phase has is ours, a run having as many in all as FixMatch. The paper's memory of further negatives is
    left out, and its students may be smaller.
    """

    paper = "simclr_v2"

    pretraining: float = setting(0.5, unit="share of training", low=0.01, high=0.99)
    fine_tuning: float = setting(0.1, unit="share of training", low=0.01, high=0.99)
    """What is left is distillation's; nothing where these are all."""
    fine_tune_from: int = setting(1, unit="layers of the projector", low=0, high=2)
    distillation_temperature: float = setting(1.0, unit="logit", low=1e-3)

    taught: Tensor

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        left = 1 - self.pretraining - self.fine_tuning
        self.phases = (self.pretraining, self.fine_tuning, *([left] if left > 1e-3 else []))

    def build(self, context: Context) -> None:
        super().build(context)
        self.start, self.teacher = follower(self.student()), follower(self.student())
        self.register_buffer("taught", torch.zeros((), dtype=torch.bool))

    def make_projector(self, width: int) -> nn.Sequential:
        return mlp([width, width, width, self.projection_dim], batch_norm=True, last_batch_norm=True)

    def student(self) -> nn.ModuleList:
        return nn.ModuleList([self.encoder, self.projector, self.head])

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 2:
            self.teacher.load_state_dict(self.student().state_dict())
            self.student().load_state_dict(self.start.state_dict())
            self.taught.fill_(True)

    def logits(self, features: Tensor) -> Tensor:
        return self.classify(self.projector, self.head, features)

    def classify(self, projector: nn.Module, head: nn.Module, features: Tensor) -> Tensor:
        """The projector has a linear layer, its normalisation and an activation for each of its inner layers."""
        for layer in list(projector.children())[: 3 * self.fine_tune_from]:
            features = layer(features)
        logits: Tensor = head(features)
        return logits

    def later(self, batch: Batch) -> Tensor:
        if self.phase == 1:
            return F.cross_entropy(self.logits(self.encoder(batch.views[0])), batch.labels)
        weak, tau = batch["unlabelled"].views[0], self.distillation_temperature
        with torch.no_grad():
            targets = (self.teacher_logits(weak) / tau).softmax(1)
        return tau**2 * F.cross_entropy(self.logits(self.encoder(weak)) / tau, targets)

    def teacher_logits(self, views: Tensor) -> Tensor:
        encoder, projector, head = self.teacher.eval()
        return self.classify(projector, head, encoder(views))

    def pseudo_labels(self, plain: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """The teacher's classes once there is one; before, nothing is taken for anything."""
        logits = self.teacher_logits(plain) if self.taught else self.logits(self.encoder(plain))
        return logits.argmax(1), self.taught.float().expand(len(plain))
