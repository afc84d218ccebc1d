"""An image turned is a positive where the image looks right either way up, else a negative."""

import copy
import math

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.kmeans import embedded
from pipeline.ops.similarity import contrast_of_many

MIDDLE = math.log(4) / 2
"""rho, half of the largest entropy of four turns."""


class PNDA(SimCLR):
    """Phase 1: mean over the 2B unturned views i of -1/|P(i)| sum_{p in P(i)} log exp(z_i.z_p/tau) / sum_{a != i}
    exp(z_i.z_a/tau), a over all 4B views, half of them turned. P(i) is the image's other view and, where the image is
    rotation-agnostic, its two turned views. The views 3 and 4 are turned by two different angles a batch.

    Phase 0 trains a predictor, another encoder, of the four turns of each image, mirrored at random: cross-entropy
    for the first `plain_share` of it; then that of the turned images with entropy H < rho - m only, and
    -s t mean max(|H - rho|, m), t growing from 0 to 1: the sure get surer and the unsure less sure. An image is
    agnostic where the mean H of its four turns exceeds rho + m.

    From the authors' code on SimCLR (they also do MoCo v2), which has 10 and 200 epochs for the predictor; a fifth of
    the epochs is this repository's choice, as are plain images made as small as views, and turns after the crop.
    """

    paper = "pnda"
    training_only = ("projector", "predictor", "agnostic")
    views: tuple[str, ...] = ("full",) * 4
    phases: tuple[float, ...] = (0.2, 0.8)
    temperature: float = setting(0.5, unit="cosine", low=1e-3)
    plain_share: float = setting(0.0476, unit="share of the phase", low=0.0, high=1.0)
    entropy_margin: float = setting(0.2, unit="nats", low=0.0)
    separation: float = setting(0.2, low=0.0)

    agnostic: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.predictor = nn.Sequential(copy.deepcopy(self.encoder), nn.Linear(context.feature_dim, 4))
        self.register_buffer("agnostic", torch.zeros(context.train_examples, dtype=torch.bool))
        self.size = context.inputs.view_shape[1:]

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            turned = (self.small(part).rot90(turn, (2, 3)) for turn in range(4) for part in training.plain())
            certainty = entropy(embedded(self.predictor, turned)).view(4, -1).mean(0)
            self.agnostic.copy_(certainty > MIDDLE + self.entropy_margin)

    def start_epoch(self, epoch: int) -> None:
        self.views = type(self).views if self.phase else ("plain",)

    def small(self, images: Tensor) -> Tensor:
        return F.interpolate(images, self.size, mode="area")

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 0:
            return self.prediction(self.small(batch.views[0]))
        first, second, *others = batch.views
        turns = (torch.randperm(3)[:2] + 1).tolist()
        turned = [view.rot90(turn, (2, 3)) for view, turn in zip(others, turns, strict=True)]
        return self.contrast(self.agnostic[batch.indices], *self.embed([first, second, *turned]))

    def prediction(self, images: Tensor) -> Tensor:
        """The predictor's loss on images (B, C, h, w)."""
        mirrored = torch.rand(len(images), 1, 1, 1, device=images.device) < 0.5
        images = torch.where(mirrored, images.flip(3), images)
        logits = self.predictor(torch.cat([images.rot90(turn, (2, 3)) for turn in range(4)])).float()
        turns = torch.arange(4, device=images.device).repeat_interleave(len(images))
        cost, ramp = F.cross_entropy(logits, turns, reduction="none"), self.progress - self.plain_share
        if ramp <= 0:
            return cost.mean()
        uncertain = entropy(logits)
        apart = (uncertain - MIDDLE).abs().clamp_min(self.entropy_margin).mean()
        sure = uncertain.detach() < MIDDLE - self.entropy_margin
        return (cost * sure).mean() - self.separation * ramp / (1 - self.plain_share) * apart

    def contrast(self, agnostic: Tensor, *z: Tensor) -> Tensor:
        """The loss of embeddings z, four times (B, D), the last two turned; agnostic (B,) bool."""
        unit, size = F.normalize(torch.cat(z).float()), len(agnostic)
        image = torch.arange(size, device=unit.device).repeat(4)
        itself = torch.eye(4 * size, dtype=torch.bool, device=unit.device)[: 2 * size]
        turned = torch.arange(4 * size, device=unit.device) >= 2 * size
        positive = (image[: 2 * size, None] == image) & (~turned | agnostic[image]) & ~itself
        cosines = (unit[: 2 * size] @ unit.T).float()
        return contrast_of_many(cosines / self.temperature, positive, itself)


def entropy(logits: Tensor) -> Tensor:
    log_p = logits.log_softmax(1)
    return -(log_p.exp() * log_p).sum(1)
